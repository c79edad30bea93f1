"""A panel that may be higher than the screen, but is never cut off at its side."""

from __future__ import annotations

from qtpy.QtCore import QEvent, QObject, Qt
from qtpy.QtWidgets import QFrame, QScrollArea, QWidget


class Scrolling(QScrollArea):
    """Lets a panel scroll up and down, and makes the dock wide enough for it.

    How wide that is depends on the font, which is chosen in napari's preferences.
    """

    def __init__(self, panel: QWidget) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # nothing would show that it has it
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWidget(panel)
        self._widen()

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Follow the panel when it is laid out anew, as Qt's own filter here does."""
        if event is not None and event.type() == QEvent.Type.LayoutRequest:
            self._widen()
        return super().eventFilter(watched, event)

    def _widen(self) -> None:
        panel, bar = self.widget(), self.verticalScrollBar()
        if panel is not None and bar is not None:
            needed = panel.minimumSizeHint().width() + bar.sizeHint().width()
            self.setMinimumWidth(needed)
