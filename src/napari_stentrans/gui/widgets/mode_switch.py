"""The one switch between the ways of comparing, and what each of them needs."""

from __future__ import annotations

from functools import partial

from qtpy.QtCore import Qt, QTimer
from qtpy.QtWidgets import (
    QButtonGroup,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSlider,
    QVBoxLayout,
    QWidget,
)
from superqt.utils import signals_blocked

from napari_stentrans.gui.control.view import FLIP_KEY, NEXT_KEY
from napari_stentrans.gui.state.view import ViewMode
from napari_stentrans.gui.widgets.panel import SessionWidget

_MODES = {
    ViewMode.OVERLAY: (
        "Overlay",
        "Enhanced drawn over measured; napari's layer list shows and hides them",
    ),
    ViewMode.SIDE_BY_SIDE: (
        "Side by side",
        "Both beside one another, moving together and in the same colours",
    ),
    ViewMode.BLINK: (
        "Blink",
        f"One after the other at the same place; {FLIP_KEY} on the canvas flips",
    ),
    ViewMode.SWIPE: (
        "Swipe",
        "One left of a divider, the other right of it; drag the divider",
    ),
    ViewMode.DIFFERENCE: (
        "Difference",
        "Enhanced minus measured at the spots: red is more, blue is less",
    ),
}
_COLUMNS = 3
_SLIDER = 1000
_BLINK_MS = (200, 2000)
_BLINK_AT_FIRST_MS = 700


class ModeSwitch(SessionWidget):
    """Chooses among the ways of comparing; blinks and swipes."""

    def build(self) -> None:
        """Make the controls."""
        self.modes = {mode: QPushButton(text) for mode, (text, _) in _MODES.items()}
        self._group = QButtonGroup(self)
        buttons = QGridLayout()
        buttons.setSpacing(3)
        for number, (mode, made) in enumerate(self.modes.items()):
            made.setCheckable(True)
            made.setToolTip(f"{_MODES[mode][1]}\n({NEXT_KEY} on the canvas: next way)")
            made.clicked.connect(partial(self._choose, mode))
            self._group.addButton(made)
            buttons.addWidget(made, number // _COLUMNS, number % _COLUMNS)
        self.divider = self._slider(
            (0, _SLIDER), "Where the divider is; it can be dragged on the canvas too"
        )
        self.pace = self._slider(
            _BLINK_MS, "How long each of the two is shown, shorter to the left"
        )
        self.pace.setValue(_BLINK_AT_FIRST_MS)
        self.pause = QPushButton("Pause")
        self.pause.setCheckable(True)
        self.pause.setToolTip(f"Stop blinking; {FLIP_KEY} on the canvas still flips")
        self.controls = (*self.modes.values(), self.divider, self.pace, self.pause)
        self.timer = QTimer(self)
        self._swiping = _row(QLabel("Divider"), self.divider)
        self._blinking = _row(QLabel("Pace"), self.pace, self.pause)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(buttons)
        layout.addWidget(self._swiping)
        layout.addWidget(self._blinking)

        self.divider.valueChanged.connect(self._move_divider)
        self.pace.valueChanged.connect(self.timer.setInterval)
        self.pause.toggled.connect(self._show)
        self.timer.timeout.connect(self._flip)
        self.session.view.events.mode.connect(self._show)
        self.session.view.events.divider.connect(self._show)
        self.session.events.enhanced.connect(self._show)
        self._show()

    def _slider(self, limits: tuple[int, int], help_text: str) -> QSlider:
        slider = QSlider(Qt.Orientation.Horizontal)
        slider.setRange(*limits)
        slider.setToolTip(help_text)
        return slider

    def _choose(self, mode: ViewMode, _checked: object = None) -> None:
        self.controller.view.set_mode(mode)
        self._show()

    def _move_divider(self, value: int) -> None:
        self.controller.view.move_divider(value / _SLIDER)

    def _flip(self) -> None:
        if self.session.view.mode is ViewMode.BLINK:
            self.controller.view.flip()

    def _show(self) -> None:
        view = self.session.view
        self.modes[view.mode].setChecked(True)
        with signals_blocked(self.divider):
            self.divider.setValue(round(view.divider * _SLIDER))
        self._swiping.setVisible(view.mode is ViewMode.SWIPE)
        is_blinking = view.mode is ViewMode.BLINK
        self._blinking.setVisible(is_blinking)
        self.pause.setText("Blink on" if self.pause.isChecked() else "Pause")
        moves = is_blinking and not self.pause.isChecked()
        if moves and self.session.enhanced is not None:
            self.timer.start(self.pace.value())
        else:
            self.timer.stop()


def _row(*widgets: QWidget) -> QWidget:
    """Put widgets beside one another, as one that can be hidden."""
    row = QWidget()
    layout = QHBoxLayout(row)
    layout.setContentsMargins(0, 0, 0, 0)
    for widget in widgets:
        layout.addWidget(widget)
    return row
