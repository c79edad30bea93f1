"""What the camera looks at."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from napari.layers import Layer
from numpy.typing import NDArray

from napari_stentrans.errors import InvalidRequestError
from napari_stentrans.section.lattice import FloatArray

if TYPE_CHECKING:
    from napari.components import ViewerModel

_FILLED = 0.95
"""Share of the canvas, as of napari's own."""
_FLAT = 2
"""Dimensions that are displayed where what is in view is a rectangle of the world."""


def look_at(viewer: ViewerModel, layers: Sequence[Layer]) -> None:
    """Let layers fill the view; without any, nothing changes.

    napari's own way fails for pictures in a viewer that has a slider, be it of a stack
    of somebody else: it looks for the slider among the axes of the pictures.
    """
    if not layers:
        return
    if max(layer.ndim for layer in layers) == viewer.dims.ndim:
        viewer.fit_to_view(layers=layers)
        return
    extents = np.array([layer.extent.world[:, -2:] for layer in layers])
    low, high = extents[:, 0].min(axis=0), extents[:, 1].max(axis=0)
    size = np.maximum(high - low, 1e-9)
    canvas = np.array(viewer.canvas.viewbox_size(viewer.layers))[-2:]
    depth = viewer.scene.camera.center[:-2]
    viewer.scene.camera.center = (*depth, *((low + high) / 2))
    viewer.scene.camera.zoom = _FILLED * float(np.min(canvas / size))


def are_in_view(viewer: ViewerModel, world_xy: FloatArray) -> NDArray[np.bool_]:
    """Whether each position (x, y) can be seen; in a grid, in its panels.

    Positions are of the world, shape (position, 2).

    Raises
    ------
    InvalidRequestError
        If the view is in 3D, where it may be turned.
    """
    if viewer.dims.ndisplay != _FLAT:
        msg = (
            "what is in view can only be told in 2D, but the view is in 3D: press the "
            "button 'Toggle 2D/3D view' below the layer list, and try again"
        )
        raise InvalidRequestError(msg)
    size = np.array(viewer.canvas.viewbox_size(viewer.layers))[-2:]
    middle = np.array(viewer.scene.camera.center[-2:])
    reach = size / viewer.scene.camera.zoom / 2
    seen: NDArray[np.bool_] = (np.abs(world_xy[:, ::-1] - middle) <= reach).all(axis=1)
    return seen
