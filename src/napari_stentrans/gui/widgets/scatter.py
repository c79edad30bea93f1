"""Two values at each spot as a cloud of points. Drawn by Qt alone, so at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import QPointF, QRectF, QSize, Qt
from qtpy.QtGui import QColor, QFont, QPainter, QPaintEvent, QPen, QPolygonF
from qtpy.QtWidgets import QSizePolicy, QWidget

from napari_stentrans.gui.state.view import SpotPairs
from napari_stentrans.gui.widgets import colours

_SIZE = QSize(260, 190)
_LEFT, _TOP, _RIGHT, _BOTTOM = 38.0, 8.0, 10.0, 30.0
_GAP = 4
_MOST_POINTS = 4000
"""More than these are drawn as a sample; the correlation is of all."""
_OPACITY = 0.6
_POINT_PIXELS = 4.0
_FONT_POINTS = 8


class Scatter(QWidget):
    """Points on two axes from zero, and the line on which both values are equal."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pairs: SpotPairs | None = None
        self._points = np.empty((0, 2))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        """Return a size that fits the dock."""
        return _SIZE

    def show_pairs(self, pairs: SpotPairs | None) -> None:
        """Draw other values."""
        self._pairs = pairs
        self._points = np.empty((0, 2)) if pairs is None else _sample(pairs)
        self.update()

    def paintEvent(self, _event: QPaintEvent | None) -> None:
        """Draw axes, the line of equality, and points."""
        pairs = self._pairs
        if pairs is None or len(self._points) == 0:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        font = QFont(self.font())
        font.setPointSize(_FONT_POINTS)
        painter.setFont(font)
        top = np.maximum(self._points.max(axis=0), 1e-9)
        number = painter.fontMetrics().horizontalAdvance(_short(top[1]))
        left = max(_LEFT, number + 2 * _GAP)
        plot = QRectF(self.rect()).adjusted(left, _TOP, -_RIGHT, -_BOTTOM)
        self._draw_axes(painter, plot, top, pairs.names)
        ink = QColor(colours.POINTS)
        ink.setAlphaF(_OPACITY)
        painter.setPen(_pen(ink, _POINT_PIXELS))
        x = plot.left() + self._points[:, 0] / top[0] * plot.width()
        y = plot.bottom() - self._points[:, 1] / top[1] * plot.height()
        painter.drawPoints(QPolygonF([QPointF(*at) for at in zip(x, y, strict=True)]))
        painter.end()

    def _draw_axes(
        self,
        painter: QPainter,
        plot: QRectF,
        top: NDArray[np.float64],
        names: tuple[str, str],
    ) -> None:
        ink = self.palette().text().color()
        painter.setPen(_pen(ink, 1.0))
        painter.drawLine(plot.bottomLeft(), plot.bottomRight())
        painter.drawLine(plot.bottomLeft(), plot.topLeft())
        equal = float(min(top))
        end = QPointF(
            plot.left() + equal / top[0] * plot.width(),
            plot.bottom() - equal / top[1] * plot.height(),
        )
        painter.setPen(QPen(ink, 1.0, Qt.PenStyle.DotLine))
        painter.drawLine(plot.bottomLeft(), end)
        painter.setPen(ink)
        below = QRectF(plot.left(), plot.bottom() + 2, plot.width(), 14)
        _write(painter, below, Qt.AlignmentFlag.AlignLeft, "0")
        _write(painter, below, Qt.AlignmentFlag.AlignRight, _short(top[0]))
        _write(painter, below, Qt.AlignmentFlag.AlignHCenter, names[0])
        beside = QRectF(0, plot.top() - 4, plot.left() - _GAP, 14)
        _write(painter, beside, Qt.AlignmentFlag.AlignRight, _short(top[1]))
        painter.save()
        painter.translate(2, plot.bottom())
        painter.rotate(-90)
        along = QRectF(0, 0, plot.height(), 14)
        _write(painter, along, Qt.AlignmentFlag.AlignHCenter, names[1])
        painter.restore()


def describe_pairs(pairs: SpotPairs) -> str:
    """Say how much two values agree, and what that does not mean."""
    n = len(pairs.left)
    varies = n > 1 and np.ptp(pairs.left) > 0 and np.ptp(pairs.right) > 0
    agreement = (
        f", r = {np.corrcoef(pairs.left, pairs.right)[0, 1]:.2f}" if varies else ""
    )
    depth = ", depth-normalised" if pairs.even else ""
    both = f"{pairs.names[1]} against {pairs.names[0]}"
    said = f"{both} at {n:,} spots{depth}{agreement}."
    if pairs.names[0] == "measured":
        said += " No score: the method has seen these counts."
    return said[0].upper() + said[1:]


def _sample(pairs: SpotPairs) -> NDArray[np.float64]:
    points = np.column_stack([pairs.left, pairs.right]).astype(np.float64)
    if len(points) > _MOST_POINTS:
        points = np.random.default_rng(0).permutation(points)[:_MOST_POINTS]
    return points


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _pen(colour: QColor, width: float) -> QPen:
    pen = QPen(colour, width)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    return pen


def _write(painter: QPainter, where: QRectF, side: Qt.AlignmentFlag, text: str) -> None:
    painter.drawText(where, side | Qt.AlignmentFlag.AlignTop, text)
