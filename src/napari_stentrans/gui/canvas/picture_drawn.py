"""A picture that Qt paints, as one texture on the canvas.

Needs Qt, so it is imported only where there is a window.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import QPoint, QSize
from qtpy.QtGui import QColor, QGuiApplication, QImage
from vispy.scene import Image, Node, STTransform


class Picture(Node):  # type: ignore[misc]
    """A picture around its place, at whose upper left corner a margin of it ends."""

    def __init__(self) -> None:
        super().__init__()
        self._image = Image(parent=self)
        self._image.transform = STTransform()

    def show(self, painted: QImage, margin: QPoint) -> None:
        """Show what was painted, as large as it is on this screen."""
        ratio = painted.devicePixelRatio()
        self._image.set_data(_pixels(painted))
        self._image.transform.scale = (1 / ratio, 1 / ratio)
        # A panel of a grid may begin at half a pixel, where either of two would do.
        self._image.transform.translate = (0.1 - margin.x(), 0.1 - margin.y())

    def set_gl_state(self, *args: Any, **options: Any) -> None:
        """Blend as told; a canvas asks that of what it shows."""
        self._image.set_gl_state(*args, **options)

    def _set_clipper(self, node: Node, clipper: Any) -> None:
        """Clip the picture; vispy asks visuals alone, which a node is not."""
        self._image._set_clipper(node, clipper)


def colour_of(rgba: Iterable[float]) -> QColor:
    """Colour of red, green, blue and opacity, each from 0 to 1."""
    return QColor.fromRgbF(*map(float, rgba))


def blank(size: QSize, colour: QColor) -> QImage:
    """Make a picture of one colour, as fine as the screen shows it."""
    ratio = max(screen.devicePixelRatio() for screen in QGuiApplication.screens())
    image = QImage(size * ratio, QImage.Format.Format_RGBA8888)
    image.setDevicePixelRatio(ratio)
    image.fill(colour)
    return image


def _pixels(image: QImage) -> NDArray[np.uint8]:
    """Pixels of an RGBA image, shape (row, column, 4)."""
    height, width = image.height(), image.width()
    bits: Any = image.constBits()
    if hasattr(bits, "setsize"):  # PyQt gives a pointer, PySide a view
        bits.setsize(image.sizeInBytes())
    rows = np.frombuffer(bits, np.uint8).reshape(height, image.bytesPerLine())
    return rows[:, : 4 * width].reshape(height, width, 4).copy()
