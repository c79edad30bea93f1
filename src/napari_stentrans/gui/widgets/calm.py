"""Controls that leave the wheel to what scrolls, so that none changes by the way."""

from __future__ import annotations

from qtpy.QtCore import QEvent, QObject, Qt
from qtpy.QtWidgets import (
    QAbstractSlider,
    QAbstractSpinBox,
    QComboBox,
    QScrollBar,
    QWidget,
)

_TURNED = (QComboBox, QAbstractSpinBox, QAbstractSlider)
"""What the wheel would change."""


class Calm(QObject):
    """Keeps the wheel from changing what it only passes over while scrolling.

    A list never takes the wheel: it has the focus, and the mouse over it, just after a
    choice. A number takes it while it has the focus.
    """

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Leave the wheel to whatever scrolls, unless it is meant for the control."""
        if event is None or event.type() != QEvent.Type.Wheel:
            return False
        is_number = isinstance(watched, QWidget) and not isinstance(watched, QComboBox)
        if is_number and watched.hasFocus():  # type: ignore[union-attr]
            return False
        event.ignore()
        return True


def turned_by_wheel(widget: QWidget) -> list[QWidget]:
    """Controls inside a widget that the wheel would change."""
    found = [each for kind in _TURNED for each in widget.findChildren(kind)]
    return [each for each in found if not isinstance(each, QScrollBar)]


def calm(widget: QWidget) -> None:
    """Let no control inside a widget take the wheel that scrolls, nor focus by it."""
    keeper = Calm(widget)
    for control in turned_by_wheel(widget):
        if control.focusPolicy() == Qt.FocusPolicy.WheelFocus:
            control.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        control.installEventFilter(keeper)
