"""Set up a run, start it, watch it, stop or cancel it."""

from __future__ import annotations

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QHBoxLayout, QProgressBar

from napari_stentrans.gui.jobs.remaining import RemainingTime, progress_text
from napari_stentrans.gui.state.session import JobStatus
from napari_stentrans.gui.widgets.bits import button, note
from napari_stentrans.gui.widgets.forms import form_for, show_in_form
from napari_stentrans.gui.widgets.panel import Panel
from napari_stentrans.progress import Progress

_FIELDS = ("refine", "method", "device", "seed")
_BAR_STEPS = 1000


class RunBar(Panel):
    """Runs an enhancement."""

    title = "Enhance"
    help_text = "Enhance the section"

    def build(self) -> None:
        """Make the controls."""
        session, controller = self.session, self.controller
        self._remaining = RemainingTime()
        self.form = form_for(
            session.run.config,
            _FIELDS,
            choices={
                "refine": [(_refinement(factor), factor) for factor in (1, 2, 3, 4)],
                "method": [(name, name) for name in session.run.methods],
            },
        )
        self.form.margins = (0, 0, 0, 0)
        self.summary = note()
        self.enhance = button(
            "Enhance", "Predict what is missing", lambda: controller.runs.enhance()
        )
        self.stop = button(
            "Stop",
            "End early and keep the result so far",
            lambda: controller.runs.stop(),
        )
        self.cancel = button(
            "Cancel",
            "End and put the previous result back",
            lambda: controller.runs.cancel(),
        )
        self.bar = QProgressBar()
        self.bar.setMaximum(_BAR_STEPS)
        self.bar.setTextVisible(False)
        policy = self.bar.sizePolicy()
        policy.setRetainSizeWhenHidden(True)  # so that nothing jumps
        self.bar.setSizePolicy(policy)
        self.status = note()
        self.status.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse
        )
        row = QHBoxLayout()
        for each in (self.enhance, self.stop, self.cancel):
            row.addWidget(each)
        layout = self.column
        layout.addWidget(self.form.native)
        layout.addWidget(self.summary)
        layout.addLayout(row)
        layout.addWidget(self.bar)
        layout.addWidget(self.status)

        self.form.changed.connect(self._configure)
        session.run.events.config.connect(self._show_config)
        session.run.events.summaries.connect(self._show_config)
        session.events.section.connect(self._enable)
        session.events.status.connect(self._enable)
        session.events.message.connect(self._show_message)
        session.progressed.connect(self._show_progress)
        self._show_config()
        self._show_message()
        self._enable()

    def _configure(self) -> None:
        self.controller.runs.configure(**{row.name: row.value for row in self.form})

    def _show_config(self) -> None:
        show_in_form(self.form, self.session.run.config)
        self.summary.setText(self.session.run.summaries.get(self.form.method.value, ""))

    def _enable(self) -> None:
        status = self.session.status
        self.enhance.setEnabled(self.session.section is not None and not status.is_busy)
        self.stop.setEnabled(status is JobStatus.ENHANCING)
        self.cancel.setEnabled(status.is_busy)
        self.form.enabled = not status.is_busy
        self.bar.setVisible(status.is_busy)
        self.bar.setValue(0)
        self._remaining.restart()

    def _show_progress(self, progress: Progress) -> None:
        # One step says nothing about how far it is: Qt then shows a busy bar.
        self.bar.setMaximum(_BAR_STEPS if progress.n_steps > 1 else 0)
        self.bar.setValue(round(progress.fraction * _BAR_STEPS))
        if self.session.status is not JobStatus.STOPPING:
            seconds = self._remaining.after(progress)
            self.status.setText(progress_text(progress, seconds))

    def _show_message(self) -> None:
        message = self.session.message
        self.status.setText(message.text)
        self.status.setStyleSheet("color: #ff7b72;" if message.is_error else "")


def _refinement(factor: int) -> str:
    return "1x (only fill)" if factor == 1 else f"{factor}x finer"
