"""Every setting of a run, made from the configuration model."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from qtpy.QtWidgets import QFileDialog, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from napari_stentrans.config import StrictModel
from napari_stentrans.gui.widgets.bits import BUSY, allow, button, note
from napari_stentrans.gui.widgets.fold import Fold
from napari_stentrans.gui.widgets.forms import form_for, show_in_form
from napari_stentrans.gui.widgets.panel import SessionWidget
from napari_stentrans.gui.widgets.wording import device_in_words

_FIELDS = ("refine", "tissue", "method", "device", "seed")
_GROUPS = {
    "kriging": ("kriging", "stentrans"),
    "transformer": ("stentrans",),
    "published": ("published",),
    "dist": ("dist",),
}
"""Groups of advanced settings, and the methods that look at each."""
_TISSUE = {"Close holes in it": "filled", "Between spots only": "adjacent"}
_MODEL_HELP = (
    "File of a fit to another section of the same tissue, whose gene programmes and "
    "network are used. Keep one with 'Keep model…' after a run"
)


class RunSettings(SessionWidget):
    """Sets up the next run; what is set is remembered between launches."""

    def build(self) -> None:
        """Make the controls."""
        self.column.setContentsMargins(0, 0, 0, 0)
        run = self.session.run
        self.form = form_for(
            run.config,
            _FIELDS,
            choices={
                "refine": [(_refinement(factor), factor) for factor in (1, 2, 3, 4)],
                "tissue": list(_TISSUE.items()),
                "method": [(name, name) for name in run.methods],
                "device": self._devices(),
            },
        )
        self.form.margins = (0, 0, 0, 0)
        self.summary = note()
        self.groups = {name: self._group(name) for name in _GROUPS}
        self.defaults = button(
            "Restore defaults",
            "Forget every setting that was changed here, also in earlier launches",
            lambda: self.controller.runs.restore_defaults(),
        )
        self._lay_out()

        for row in self.form:
            row.changed.connect(partial(self._configure, row.name))
        for name, form in self.groups.items():
            for row in form:
                row.changed.connect(partial(self._refine, name, row.name))
        run.events.config.connect(self._show)
        run.events.summaries.connect(self._show)
        run.events.devices.connect(self._show_devices)
        self.session.events.status.connect(self._enable)
        self._show()

    def _group(self, name: str) -> Any:
        model: StrictModel = getattr(self.session.run.config, name)
        form = form_for(model, type(model).model_fields)
        form.margins = (0, 0, 0, 0)
        return form

    def _lay_out(self) -> None:
        self.model = QLabel()
        self.model.setToolTip(_MODEL_HELP)
        self.choose_model = button("Model…", _MODEL_HELP, self._ask_model)
        self.no_model = button(
            "None",
            "Use no model of another section",
            lambda: self.controller.runs.configure(model=""),
        )
        row = QHBoxLayout()
        row.addWidget(self.choose_model)
        row.addWidget(self.model, stretch=1)
        row.addWidget(self.no_model)
        self.nothing_more = note("This method has no settings of its own.")
        more = QWidget()
        column = QVBoxLayout(more)
        column.setContentsMargins(0, 0, 0, 0)
        for each in (
            *(form.native for form in self.groups.values()),
            self.nothing_more,
        ):
            column.addWidget(each)
        help_text = "Settings of the chosen method; rarely needed"
        self.advanced = Fold("Advanced", help_text, more)
        layout = self.column
        layout.addWidget(self.form.native)
        layout.addWidget(self.summary)
        layout.addLayout(row)
        layout.addWidget(self.advanced)
        layout.addWidget(self.defaults)

    def _devices(self) -> list[tuple[str, str]]:
        """Devices to choose from, by the names of the hardware once they are known."""
        run = self.session.run
        names = {device.choice: device_in_words(device) for device in run.devices}
        best = f" ({device_in_words(run.devices[0])})" if run.devices else ""
        offered = [(f"Automatic{best}", "auto")]
        offered += [(name, str(choice)) for choice, name in names.items()]
        asked = run.config.device
        if asked not in {"auto", *names}:
            known = " (not on this computer)" if run.devices else ""
            offered.append((f"{asked.upper()}{known}", asked))
        return offered

    def _configure(self, name: str, value: Any) -> None:
        self.controller.runs.configure(**{name: value})

    def _refine(self, group: str, name: str, value: Any) -> None:
        """Change one advanced setting; the others stay, however they are shown."""
        before: StrictModel = getattr(self.session.run.config, group)
        self.controller.runs.configure(**{group: before.model_dump() | {name: value}})

    def _ask_model(self) -> None:
        path, _ = QFileDialog.getOpenFileName(
            self, "Use what was learnt on another section", filter="Models (*.npz)"
        )
        if path:
            self.controller.runs.configure(model=path)

    def _show_devices(self) -> None:
        with self.form.device.changed.blocked():
            self.form.device.choices = self._devices()
        self._show()

    def _show(self) -> None:
        config = self.session.run.config
        if config.device not in self.form.device.choices:
            self._show_devices()
            return
        show_in_form(self.form, config)
        self.summary.setText(self.session.run.summaries.get(config.method, ""))
        for name, form in self.groups.items():
            show_in_form(form, getattr(config, name))
            form.native.setVisible(config.method in _GROUPS[name])
        has_more = any(config.method in methods for methods in _GROUPS.values())
        self.nothing_more.setVisible(not has_more)
        self.model.setText(Path(config.model).name or "no model of another section")
        self._enable()

    def _enable(self) -> None:
        config, busy = self.session.run.config, self.session.status.is_busy
        self.form.enabled = not busy
        why = BUSY if busy else ""
        settings = (*self.form, *(row for form in self.groups.values() for row in form))
        for row in settings:
            allow(row.native, why)
        allow(self.defaults, why)
        can_use = config.method == "stentrans"
        only = "" if can_use else "Only the method stentrans can use a model"
        allow(self.choose_model, why or only)
        self.no_model.setVisible(bool(config.model))
        allow(self.no_model, why)


def _refinement(factor: int) -> str:
    return "1x (denoise and fill)" if factor == 1 else f"{factor}x finer"
