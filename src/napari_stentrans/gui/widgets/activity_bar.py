"""A bar that says what a job does and how far it is, and moves seldom."""

from __future__ import annotations

from qtpy.QtCore import Qt, QTimer
from qtpy.QtGui import QHideEvent, QShowEvent
from qtpy.QtWidgets import QProgressBar, QWidget

from napari_stentrans.gui.jobs.remaining import RemainingTime, progress_text
from napari_stentrans.progress import Progress

_STEPS = 1000
_PACE_MS = 250
_PART = _STEPS // 5
"""How far it moves at a time for a job that cannot say how far it is."""
_MARGIN = 4


class ActivityBar(QProgressBar):
    """Shows the last sign of life of a job, a few times a second.

    Whatever changes in a window with an OpenGL canvas lets Qt compose the whole window
    anew: without a graphics card that keeps all cores busy for 20 ms. Qt's own busy bar
    moves 35 times a second, and a label beside it is laid out anew with each text,
    which together doubled the time of a run. So the text is within the bar, both change
    in one go, and a job that cannot say how far it is fills and empties it in a few
    moves.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMaximum(_STEPS)
        policy = self.sizePolicy()
        policy.setRetainSizeWhenHidden(True)  # so that nothing jumps
        self.setSizePolicy(policy)
        self._remaining = RemainingTime()
        self._timer = QTimer(self)
        self._timer.setInterval(_PACE_MS)
        self._timer.timeout.connect(self._move)
        self.restart()

    def restart(self) -> None:
        """Forget the job before."""
        self._remaining.restart()
        self._text, self._fraction, self._empties = "", -1.0, False
        self.setInvertedAppearance(False)
        self.setFormat("")
        self.setValue(0)

    def take(self, progress: Progress) -> None:
        """Take in a sign of life; it is shown before long."""
        # One step says nothing about how far it is.
        self._fraction = progress.fraction if progress.n_steps > 1 else -1.0
        self._text = progress_text(progress, self._remaining.after(progress))

    def showEvent(self, event: QShowEvent | None) -> None:
        """Move while there is something to be seen."""
        super().showEvent(event)
        self._timer.start()

    def hideEvent(self, event: QHideEvent | None) -> None:
        """Rest."""
        super().hideEvent(event)
        self._timer.stop()

    def _move(self) -> None:
        self.setUpdatesEnabled(False)  # drawn once, below
        room = self.width() - 2 * _MARGIN
        elide = Qt.TextElideMode.ElideRight
        text = self.fontMetrics().elidedText(self._text, elide, room)
        self.setFormat(text)
        self.setToolTip(self._text)
        if self._fraction < 0:
            self._sweep()
        else:
            self._turn_round(empties=False)
            self.setValue(round(self._fraction * _STEPS))
        self.setUpdatesEnabled(True)

    def _sweep(self) -> None:
        """Fill a part more; once full, empty from where it began."""
        value = self.value() + (-_PART if self._empties else _PART)
        if 0 <= value <= _STEPS:
            self.setValue(value)
        else:
            self._turn_round(empties=not self._empties)

    def _turn_round(self, *, empties: bool) -> None:
        self._empties = empties
        self.setInvertedAppearance(empties)
