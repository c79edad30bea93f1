"""How well the current gene is predicted, and how that was measured."""

from __future__ import annotations

from html import escape

from qtpy.QtCore import QPointF, QRectF, QSize, Qt
from qtpy.QtGui import QColor, QPainter, QPaintEvent, QPen
from qtpy.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from napari_stentrans.gui.state.view import GeneScore
from napari_stentrans.gui.widgets import colours
from napari_stentrans.gui.widgets.bits import note

_BAR_HEIGHT = 16
_GOOD, _DOUBTFUL = QColor(colours.GOOD), QColor(colours.DOUBTFUL)


class GeneScoreCard(QWidget):
    """A line of numbers, a bar, and a sentence on what they mean."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.numbers, self.bar, self.how = note(is_html=True), ScoreBar(), note()
        self.how.setStyleSheet("font-size: 8pt;")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        for widget in (self.numbers, self.bar, self.how):
            layout.addWidget(widget)

    def show_score(self, score: GeneScore | None, reason: str) -> None:
        """Show a score, or the reason why there is none."""
        self.bar.set_score(score)
        self.bar.setVisible(score is not None)
        self.how.setVisible(score is not None)
        self.numbers.setText(reason if score is None else _numbers(score))
        self.how.setText("" if score is None else _how(score))


class ScoreBar(QWidget):
    """The score from 0 to 1, with marks for kriging and for the highest possible."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._score: GeneScore | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setToolTip(
            "Filled: the score. Thin line: kriging alone. Thick line: the highest "
            "score that counting noise allows"
        )

    def sizeHint(self) -> QSize:
        """Return the size of a thin bar."""
        return QSize(100, _BAR_HEIGHT)

    def set_score(self, score: GeneScore | None) -> None:
        """Draw another score."""
        self._score = score
        self.update()

    def paintEvent(self, _event: QPaintEvent | None) -> None:
        """Draw the bar."""
        score = self._score
        if score is None:
            return
        painter = QPainter(self)
        ink = self.palette().text().color()
        frame = QRectF(self.rect()).adjusted(1, 4, -1, -4)
        painter.setPen(Qt.PenStyle.NoPen)
        faint = QColor(ink)
        faint.setAlphaF(0.15)
        painter.fillRect(frame, faint)
        filled = QRectF(frame)
        filled.setWidth(frame.width() * max(score.heldout, 0.0))
        painter.fillRect(filled, _DOUBTFUL if score.has_signal is False else _GOOD)
        for mark, width in ((score.kriging, 1.5), (score.ceiling, 3.0)):
            if mark is not None:
                x = frame.left() + frame.width() * min(max(mark, 0.0), 1.0)
                painter.setPen(QPen(ink, width))
                painter.drawLine(
                    QPointF(x, frame.top() - 3), QPointF(x, frame.bottom() + 3)
                )
        painter.end()


def _numbers(score: GeneScore) -> str:
    said = [f"<b>{escape(score.gene)}</b>: held-out r <b>{score.heldout:.2f}</b>"]
    if score.kriging is not None:
        said.append(f"kriging {score.kriging:.2f}")
    if score.ceiling is not None:
        said.append(f"ceiling {score.ceiling:.2f}")
    lines = [" · ".join(said)]
    told = []
    if score.rank is not None:
        told.append(f"rank {score.rank:,} of {score.n_genes:,} genes")
    if score.has_signal is not None:
        confirmed = "own pattern" if score.has_signal else "no clear own pattern"
        told.append(confirmed)
    return "<br>".join([*lines, " · ".join(told)] if told else lines)


def _how(score: GeneScore) -> str:
    said = (
        f"Each of {score.n_spots:,} spots was predicted from all the others, and the "
        "predictions compared with the counts (Pearson's r)."
    )
    if score.ceiling is not None:
        said += " Counting noise allows no more than the ceiling."
    if score.has_signal is False:
        said += (
            " Beyond the total counts of the spots, which all genes follow, left-out "
            "spots do not clearly bear a pattern of this gene out."
        )
    return said
