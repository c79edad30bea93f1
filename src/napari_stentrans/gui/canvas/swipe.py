"""Two pictures of a gene with a divider between them: one to its left, one right.

The pictures are copies, enlarged so that the divider moves smoothly; the layers that
they are taken from stay as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Layer
from numpy.typing import NDArray

from napari_stentrans import keys
from napari_stentrans.gui.canvas.layers import LayerData, LayerTag, Role
from napari_stentrans.section.lattice import FloatArray
from napari_stentrans.section.raster import raster_of
from napari_stentrans.section.section import Section

if TYPE_CHECKING:
    from napari.components import ViewerModel

_REACH = 10
"""Screen pixels beside the divider within which the mouse takes hold of it."""
_PIXELS = 700
"""Least length of the longer side of an enlarged picture."""
_NAME = {Role.SWIPE_LEFT: "{} (left)", Role.SWIPE_RIGHT: "{} (right)"}
SIDES = (Role.SWIPE_LEFT, Role.SWIPE_RIGHT)


def divider_x(section: Section, fraction: float) -> float:
    """World x of a divider at a fraction of the width of a section."""
    left, right = _width(section)
    return left + fraction * (right - left)


def divider_fraction(section: Section, x: float) -> float:
    """Inverse of `divider_x`, within 0 and 1."""
    left, right = _width(section)
    return float(np.clip((x - left) / (right - left), 0, 1))


def swipe_layer(
    section: Section, role: Role, source: Layer, x: float, name: str | None = None
) -> LayerData:
    """One side of the swipe: a copy of a layer, empty beyond the divider.

    Parameters
    ----------
    section
        What the layer shows.
    role
        Which side.
    source
        The layer; scalar, or RGBA.
    x
        World x of the divider.
    name
        What the picture is called; by default as the layer.
    """
    times = max(1, -(-_PIXELS // max(source.data.shape[:2])))
    picture = np.repeat(np.repeat(source.data, times, axis=0), times, axis=1)
    affine = enlarged(np.asarray(source.affine.affine_matrix), times)
    beyond = _world_x(affine, picture.shape[:2]) >= x
    if role is Role.SWIPE_RIGHT:
        beyond = ~beyond
    if source.rgb:
        picture[beyond, 3] = 0
    else:
        picture[beyond] = np.nan
    options: dict[str, Any] = {
        "name": _NAME[role].format(name or source.name),
        "affine": affine,
        "interpolation2d": "nearest",
        "opacity": source.opacity,
        "metadata": {keys.LAYER_TAG: LayerTag(section, role)},
    }
    if source.rgb:
        return picture, options | {"rgb": True}, "image"
    limits = tuple(source.contrast_limits)
    options |= {"contrast_limits": limits, "colormap": source.colormap}
    return picture, options, "image"


def enlarged(affine: FloatArray, times: int) -> FloatArray:
    """Affine of a picture each pixel of which became ``times`` by ``times`` pixels.

    Coordinates are of pixel middles, so the first one moves by less than a pixel.
    """
    inner = np.diag([1 / times, 1 / times, 1.0])
    inner[:2, 2] = (1 / times - 1) / 2
    return np.asarray(affine @ inner, dtype=np.float64)


def _world_x(affine: FloatArray, shape: tuple[int, int]) -> NDArray[np.float64]:
    rows, cols = np.arange(shape[0])[:, None], np.arange(shape[1])[None, :]
    return np.asarray(affine[1, 0] * rows + affine[1, 1] * cols + affine[1, 2])


def _width(section: Section) -> tuple[float, float]:
    """World x of the left and right end of a section, and of what is predicted beyond.

    All that can be painted lies in the raster of its spots.
    """
    raster = raster_of(section)
    bottom, right = np.subtract(raster.shape, 1)
    corners = [(0, 0, 1), (0, right, 1), (bottom, 0, 1), (bottom, right, 1)]
    x = np.array(corners) @ raster.affine[1]
    half = np.abs(raster.affine[1, :2]).sum() / 2
    return float(x.min() - half), float(x.max() + half)


class SwipeHandle:
    """Lets the mouse drag the divider.

    Parameters
    ----------
    viewer
        Where the mouse is.
    divider_x
        Says where the divider is, as a world x; None where there is none.
    drag
        Called with the world x that it is dragged to.
    """

    def __init__(
        self,
        viewer: ViewerModel,
        divider_x: Callable[[], float | None],
        drag: Callable[[float], None],
    ) -> None:
        self._viewer, self._divider_x, self._drag_to = viewer, divider_x, drag
        self._is_on = False

    def enable(self, *, on: bool) -> None:
        """Listen to the mouse, or not."""
        if on is self._is_on:
            return
        self._is_on = on
        callbacks = self._viewer.mouse_drag_callbacks
        if on:
            callbacks.append(self._drag)
        elif self._drag in callbacks:
            callbacks.remove(self._drag)

    def close(self) -> None:
        """Listen no more."""
        self.enable(on=False)

    def _drag(self, _viewer: object, event: Any) -> Iterator[None]:
        """Take hold of the divider where it is within reach; else leave the drag be."""
        divider = self._divider_x()
        if divider is None:
            return
        distance = abs(event.position[-1] - divider) * self._viewer.scene.camera.zoom
        if distance > _REACH:
            return
        event.handled = True
        yield
        while event.type == "mouse_move":
            event.handled = True
            self._drag_to(float(event.position[-1]))
            yield
