"""Choose how thorough, start a run, watch it, stop or cancel it: always in sight."""

from __future__ import annotations

from qtpy.QtCore import QEvent, Qt
from qtpy.QtGui import QKeySequence
from qtpy.QtWidgets import QComboBox, QHBoxLayout

from napari_stentrans.config import preset_of
from napari_stentrans.gui.state.session import JobStatus
from napari_stentrans.gui.widgets import colours
from napari_stentrans.gui.widgets.activity_bar import ActivityBar
from napari_stentrans.gui.widgets.bits import BUSY, allow, button, note, tip
from napari_stentrans.gui.widgets.details import DetailsWindow
from napari_stentrans.gui.widgets.panel import SessionWidget
from napari_stentrans.gui.widgets.wording import (
    CUSTOM,
    PRESETS,
    cost_in_words,
    device_in_words,
)
from napari_stentrans.wording import time_in_words

_ENHANCE_HELP = (
    "Predict what is missing, between the spots and under what is painted (Ctrl+Enter)"
)
_ENHANCE_KEY = "Ctrl+Return"
_STOP_HELP = "End early and keep the best so far"
_NO_RUN = "No enhancement is running"
_CANCEL_RUN = "End, and put back what was shown before"
_CANCEL_HELP = {
    JobStatus.IDLE: "End what runs",
    JobStatus.OPENING: "End; what is open stays as it is",
    JobStatus.ENHANCING: _CANCEL_RUN,
    JobStatus.STOPPING: _CANCEL_RUN,
    JobStatus.SAVING: "End; a file that is nearly written may still appear",
    JobStatus.TESTING: "End the test; nothing else changes",
}
_RESTYLED = (QEvent.Type.StyleChange, QEvent.Type.PaletteChange)


class RunBar(SessionWidget):
    """Runs an enhancement."""

    def build(self) -> None:
        """Make the controls."""
        self._make_controls()
        self._lay_out()
        self._listen()
        self._show_ways()
        self._show_message()
        self._enable()

    def _make_controls(self) -> None:
        runs = self.controller.runs
        self.preset = QComboBox()
        self.preset.setToolTip("How thorough to be; more choices are in the tab Run")
        self.cost = note()
        self.cost.setToolTip(
            "Time and memory that a run needs; it learns from runs on this computer"
        )
        self.enhance = button("Enhance", _ENHANCE_HELP, lambda: runs.enhance())
        self.enhance.setShortcut(QKeySequence(_ENHANCE_KEY))
        self.stop = button("Stop", _STOP_HELP, lambda: runs.stop())
        self.cancel = button("Cancel", "", lambda: runs.cancel())
        self.bar = ActivityBar()
        self.status = note()
        self.status.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse
        )
        self.details = button("Details", "What exactly went wrong", self._show_details)
        self.details.setFlat(True)

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        for each in (self.enhance, self.stop, self.cancel):
            row.addWidget(each)
        last = QHBoxLayout()
        last.addWidget(self.status, stretch=1)
        last.addWidget(self.details, alignment=Qt.AlignmentFlag.AlignTop)
        layout = self.column
        layout.addWidget(self.preset)
        layout.addWidget(self.cost)
        layout.addLayout(row)
        layout.addWidget(self.bar)
        layout.addLayout(last)

    def _listen(self) -> None:
        session = self.session
        self.preset.activated.connect(self._choose)
        for changed in (
            session.run.events.config,
            session.run.events.estimates,
            session.run.events.devices,
        ):
            changed.connect(self._show_ways)
        session.events.section.connect(self._enable)
        session.events.status.connect(self._enable)
        session.events.message.connect(self._show_message)
        session.progressed.connect(self.bar.take)

    def _choose(self, number: int) -> None:
        name = self.preset.itemData(number)
        if name:
            self.controller.runs.use_preset(name)

    def _show_ways(self) -> None:
        """Offer the presets, each with its time; own settings where there are some."""
        run = self.session.run
        current = preset_of(run.config) or ""
        ways = dict(PRESETS) if current else {**PRESETS, "": CUSTOM}
        self.preset.clear()
        for name, (title, help_text) in ways.items():
            cost = run.estimates.get(name)
            time = "" if cost is None else f" · about {time_in_words(cost.seconds)}"
            self.preset.addItem(title + time, name)
            place = self.preset.count() - 1
            known = "" if cost is None else f"{cost_in_words(cost, self._device())}."
            told = f"{help_text}. {known}".strip()
            self.preset.setItemData(place, told, Qt.ItemDataRole.ToolTipRole)
        self.preset.setCurrentIndex(self.preset.findData(current))
        cost = run.estimates.get("")
        self.cost.setText("" if cost is None else cost_in_words(cost, self._device()))
        self.cost.setVisible(cost is not None)

    def _device(self) -> str:
        run = self.session.run
        asked = run.config.device
        for number, device in enumerate(run.devices):
            if device.choice == asked or (asked == "auto" and number == 0):
                is_gpu = device.choice != "cpu"
                return device_in_words(device) if is_gpu else "this computer's CPU"
        return "this computer"

    def _enable(self) -> None:
        status = self.session.status
        closed = "" if self.session.section is not None else "Open a section first"
        running = "Something is running; wait for it, or cancel it"
        allow(self.enhance, running if status.is_busy else closed)
        stops = status is JobStatus.ENHANCING
        stopping = "It is stopping" if status is JobStatus.STOPPING else _NO_RUN
        allow(self.stop, "" if stops else stopping)
        idle = "" if status.is_busy else "Nothing is running"
        allow(self.cancel, idle, _CANCEL_HELP[status])
        allow(self.preset, BUSY if status.is_busy else "")
        self.bar.setVisible(status.is_busy)
        self.bar.restart()

    def _show_message(self) -> None:
        message = self.session.message
        self.status.setText(message.text)
        self.status.setToolTip(tip(message.text))  # a long name may be cut off
        self.details.setVisible(bool(message.details))
        self._colour_message()

    def _colour_message(self) -> None:
        colour = colours.of_error(self.palette())
        style = f"color: {colour};" if self.session.message.is_error else ""
        if style != self.status.styleSheet():  # to set it at all is slow
            self.status.setStyleSheet(style)

    def changeEvent(self, event: QEvent | None) -> None:
        """Let an error be read in another theme, too."""
        super().changeEvent(event)
        if event is not None and event.type() in _RESTYLED:
            self._colour_message()

    def _show_details(self) -> None:
        window = DetailsWindow(self.session.message.details, self)
        window.show()
