"""A small drawing of how a run learns: training loss, and held-out error by kriging's.

Drawn by hand: a plotting library would keep the window waiting for a second.
"""

from __future__ import annotations

from qtpy.QtCore import QPointF, QRectF, QSize, Qt
from qtpy.QtGui import QColor, QPainter, QPaintEvent, QPalette, QPen, QPolygonF
from qtpy.QtWidgets import QSizePolicy, QWidget

from napari_stentrans.gui.state.curves import KRIGING, Curves, Points
from napari_stentrans.gui.widgets import colours
from napari_stentrans.progress import Progress

_HEIGHT = 130
_MARGINS = (34, 6, 8, 32)
"""Left, top, right and bottom, in pixels: room for numbers and the legend."""
_LOSS, _HELD_OUT, _KRIGING = (
    QColor(name) for name in (colours.LOSS, colours.HELD_OUT, colours.KRIGING)
)
_DOT = 2.5


class LearningCurve(QWidget):
    """Draws the curves of the run that goes on, or of the last one."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.curves = Curves()
        self.setToolTip(
            "Error at spots that were hidden, as a share of kriging's: below the "
            "dashed line the network predicts them better than kriging"
        )
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        """Return a height that tells a trend."""
        return QSize(200, _HEIGHT)

    def clear(self) -> None:
        """Forget the run before."""
        self.curves = Curves()
        self.update()

    def add(self, progress: Progress) -> None:
        """Take in a sign of life."""
        if self.curves.add(progress):
            self.update()

    def paintEvent(self, _event: QPaintEvent | None) -> None:
        """Draw everything."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        font = painter.font()
        font.setPointSizeF(max(7.0, font.pointSizeF() * 0.85))
        painter.setFont(font)
        left, top, right, bottom = _MARGINS
        frame = QRectF(self.rect()).adjusted(left, top, -right, -bottom)
        text = self.palette().color(QPalette.ColorRole.WindowText)
        if self.curves.is_empty:
            painter.setPen(text)
            hint = "How well a run predicts hidden spots appears here"
            painter.drawText(
                QRectF(self.rect()),
                Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap,
                hint,
            )
        else:
            self._draw_axes(painter, frame, text)
            self._draw_curves(painter, frame)
            self._draw_legend(painter, text)
        painter.end()

    def _draw_axes(self, painter: QPainter, frame: QRectF, text: QColor) -> None:
        low, high = self.curves.limits()
        painter.setPen(QPen(text, 0.6))
        painter.drawLine(frame.topLeft(), frame.bottomLeft())
        painter.drawLine(frame.bottomLeft(), frame.bottomRight())
        for value, y in ((high, frame.top()), (low, frame.bottom())):
            box = QRectF(0, y - 7, frame.left() - 4, 14)
            right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(box, right, f"{value:.{2 if value < 100 else 0}f}")
        below = QRectF(frame.left(), frame.bottom() + 2, frame.width(), 13)
        steps = f"{self.curves.phase.lower()}, step {self.curves.n_steps}"
        painter.drawText(below, Qt.AlignmentFlag.AlignRight, steps)

    def _draw_curves(self, painter: QPainter, frame: QRectF) -> None:
        if self.curves.held_out:
            self._draw_line(
                painter,
                frame,
                [(0, KRIGING), (self.curves.n_steps, KRIGING)],
                QPen(_KRIGING, 1.2, Qt.PenStyle.DashLine),
            )
        smooth = self.curves.smooth_loss()
        self._draw_line(painter, frame, smooth, QPen(_LOSS, 1.4))
        points = self._draw_line(
            painter, frame, self.curves.held_out, QPen(_HELD_OUT, 2.0)
        )
        painter.setBrush(_HELD_OUT)
        for point in points:
            painter.drawEllipse(point, _DOT, _DOT)

    def _draw_line(
        self, painter: QPainter, frame: QRectF, points: Points, pen: QPen
    ) -> list[QPointF]:
        """Draw a line and return where its points are."""
        low, high = self.curves.limits()
        n_steps = max(self.curves.n_steps, 1)
        drawn = []
        for step, value in points:
            x = frame.left() + frame.width() * step / n_steps
            part = (min(value, high) - low) / (high - low)
            drawn.append(QPointF(x, frame.bottom() - frame.height() * part))
        painter.setPen(pen)
        painter.drawPolyline(QPolygonF(drawn))
        return drawn

    def _draw_legend(self, painter: QPainter, text: QColor) -> None:
        entries = [(_LOSS, "training", self.curves.loss)]
        entries.append((_HELD_OUT, "hidden spots", self.curves.held_out))
        entries.append((_KRIGING, "kriging", self.curves.held_out))
        x, y = float(_MARGINS[0]), self.height() - 8.0
        for colour, name, points in entries:
            if points:
                painter.setPen(QPen(colour, 2.5))
                painter.drawLine(QPointF(x, y), QPointF(x + 12, y))
                painter.setPen(text)
                painter.drawText(QPointF(x + 16, y + 4), name)
                x += 28 + painter.fontMetrics().horizontalAdvance(name)
