"""How painted colour bars and names come onto the canvas: one texture each.

Needs Qt, so it is imported only where there is a window.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from napari._vispy.overlays.base import LayerOverlayMixin, VispyCanvasOverlay
from napari._vispy.utils.visual import overlay_to_visual
from qtpy.QtCore import QPoint, QPointF, QRectF, QSize, Qt
from qtpy.QtGui import (
    QColor,
    QFont,
    QFontMetricsF,
    QImage,
    QPainter,
    QPen,
)

from napari_stentrans.gui.canvas.layers import tag_of
from napari_stentrans.gui.canvas.names import OF_SECTION
from napari_stentrans.gui.canvas.painted import PaintedColorBar, PaintedName, ticks
from napari_stentrans.gui.canvas.picture_drawn import Picture, blank, colour_of
from napari_stentrans.gui.canvas.swipe import SIDES

_GAP = 4
_BESIDE = 90
"""Pixels of a panel that its colour bar takes, beside the name."""
_FEWEST = 1e-12
_USUAL = "0.000"
"""A colour bar has room for so much text: it stays in its place for other values.

(napari moves what is on the canvas while it draws it, and so draws it twice.)
"""
_OF_PADDING, _OPACITY = 0.4, 0.8
"""How far a box reaches into the space around, and its opacity: as napari has it."""


class _Painted(LayerOverlayMixin, VispyCanvasOverlay):  # type: ignore[misc]
    """Paints anew whatever changes of a layer or of an overlay.

    Parameters
    ----------
    watched
        Events of the layer that change what is painted.
    settings
        Names of settings of the overlay that do.
    parts
        What napari gives to an overlay.
    """

    def __init__(
        self, watched: tuple[Any, ...], settings: tuple[str, ...], **parts: Any
    ) -> None:
        super().__init__(node=Picture(), **parts)
        self._settings = [getattr(self.overlay.events, name) for name in settings]
        canvas = self.viewer.canvas
        around = canvas.events.background_color, canvas.overlay_tiling.events.padding
        for signal in (*watched, *self._settings, *around):
            signal.connect(self._paint)
        self.reset()

    def close(self) -> None:
        """Follow nothing more."""
        for signal in self._settings:
            signal.disconnect(self._paint)
        super().close()

    def reset(self) -> None:
        """Show it as it is now."""
        super().reset()
        self._paint()

    def _on_visible_change(self) -> None:
        super()._on_visible_change()
        self._paint()

    def _on_opacity_change(self) -> None:
        self._paint()

    def _on_box_change(self) -> None:
        """Leave out napari's box, a mesh that is built anew for each other size."""

    def _paint(self) -> None:
        if not self._should_be_visible():
            return  # painted once it is seen
        font = QFont()
        font.setPointSizeF(self.overlay.font_size)
        size, draw = self._drawing(QFontMetricsF(font))
        self.x_size, self.y_size = size.width(), size.height()
        box, margin = self._box()
        image = blank(size + QSize(2 * margin.x(), 2 * margin.y()), box)
        painter = QPainter(image)
        painter.translate(margin)
        painter.setRenderHint(QPainter.RenderHint.TextAntialiasing)
        painter.setOpacity(self.overlay.opacity)
        painter.setFont(font)
        painter.setPen(QPen(self._ink(), 1))
        draw(painter)
        painter.end()
        self.node.show(image, margin)
        self._on_position_change()

    def _box(self) -> tuple[QColor, QPoint]:
        """Return the colour behind it, and the width and height of its margin."""
        if not self.overlay.box:
            return QColor(0, 0, 0, 0), QPoint(0, 0)
        wide, high = self.viewer.canvas.overlay_tiling.padding
        margin = QPoint(round(wide * _OF_PADDING), round(high * _OF_PADDING))
        colour = self.overlay.box_color
        if colour is not None:
            return colour_of(colour), margin
        red, green, blue, alpha = self.viewer.canvas.background_color
        return colour_of((red, green, blue, alpha * _OPACITY)), margin

    def _ink(self) -> QColor:
        own = self.overlay.color
        return colour_of(self._get_fgcolor() if own is None else own)

    def _drawing(
        self, metrics: QFontMetricsF
    ) -> tuple[QSize, Callable[[QPainter], None]]:
        """Return the size of what is to be painted, and what paints it."""
        raise NotImplementedError


class VispyPaintedName(_Painted):
    """Shows the name of a layer."""

    def __init__(self, **parts: Any) -> None:
        settings = ("font_size", "color", "box", "box_color")
        super().__init__((parts["layer"].events.name,), settings, **parts)
        canvas = self.viewer.canvas
        for signal in (canvas.events.size, canvas.grid.events):  # how much room it has
            signal.connect(self._paint)
            self._settings.append(signal)

    def _drawing(
        self, metrics: QFontMetricsF
    ) -> tuple[QSize, Callable[[QPainter], None]]:
        room = self.viewer.canvas.viewbox_size(self.viewer.layers)[1] - _BESIDE
        tag = tag_of(self.layer.metadata)
        if tag is not None and tag.role in SIDES:  # two names beside one another
            room = room // 2 - _GAP
        name = _cut(self.layer.name, max(room, _BESIDE), metrics)
        size = QSize(int(metrics.horizontalAdvance(name)) + 2, int(metrics.height()))
        at = QPointF(0, metrics.ascent())
        return size, lambda painter: painter.drawText(at, name)


class VispyPaintedColorBar(_Painted):
    """Shows the colours of a layer and what they stand for."""

    def __init__(self, **parts: Any) -> None:
        events = parts["layer"].events
        watched = (events.colormap, events.contrast_limits, events.gamma)
        settings = ("size", "tick_length", "font_size", "color", "box", "box_color")
        super().__init__(watched, settings, **parts)

    def _drawing(
        self, metrics: QFontMetricsF
    ) -> tuple[QSize, Callable[[QPainter], None]]:
        low, high = (float(limit) for limit in self.layer.contrast_limits)
        texts = {value: f"{value:.6g}" for value in ticks(low, high)}
        widest = max(map(metrics.horizontalAdvance, (_USUAL, *texts.values())))
        wide, tall = self.overlay.size
        line, tick = metrics.height(), self.overlay.tick_length
        size = QSize(int(wide + tick + _GAP + widest) + 2, int(tall + line) + 1)
        bar = QRectF(0.5, line / 2, wide, tall)
        colours = _colours(self.layer, round(tall))

        def draw(painter: QPainter) -> None:
            painter.drawImage(bar, colours)
            painter.drawRect(bar)
            for value, text in texts.items():
                share = (value - low) / max(high - low, _FEWEST)
                y = bar.bottom() - share * tall
                painter.drawLine(
                    QPointF(bar.right(), y), QPointF(bar.right() + tick, y)
                )
                place = QRectF(
                    bar.right() + tick + _GAP, y - line / 2, widest + 1, line
                )
                painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, text)

        return size, draw


def _cut(name: str, room: float, metrics: QFontMetricsF) -> str:
    """Cut a name that is too long: its section is said elsewhere, then its middle."""
    short = name.rpartition(OF_SECTION)[0] or name
    kept = name if metrics.horizontalAdvance(name) <= room else short
    middle = Qt.TextElideMode.ElideMiddle  # what it shows stands at the end
    return metrics.elidedText(kept, middle, room)


def _colours(layer: Any, n: int) -> QImage:
    """One column of pixels, from the highest value down to the lowest."""
    values = np.linspace(1, 0, max(n, 2)) ** layer.gamma
    rgba = np.ascontiguousarray(np.round(layer.colormap.map(values) * 255), np.uint8)
    image = QImage(rgba.tobytes(), 1, len(rgba), 4, QImage.Format.Format_RGBA8888)
    return image.copy()  # its own memory


_DRAWN: Mapping[type, type] = {
    PaintedColorBar: VispyPaintedColorBar,
    PaintedName: VispyPaintedName,
}


def draw_painted() -> None:
    """Let napari draw what is painted as such."""
    overlay_to_visual.update(_DRAWN)
