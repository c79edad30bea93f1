"""A picture that was moved with napari's own tools, told as an alignment."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from napari.layers import Layer

from napari_stentrans.section.alignment import Alignment
from napari_stentrans.section.image import TissueImage
from napari_stentrans.section.lattice import FloatArray

_FLIP = np.diag([-1.0, 1.0])
_CLOSE = 1e-3
"""Share of a picture by which corners may be off: less is no stretching."""


def to_world(layer: Layer) -> FloatArray:
    """Affine matrix from a layer's coordinates, last but one axis y, to the world."""
    corners = np.vstack([np.eye(layer.ndim), np.zeros(layer.ndim)])
    world = np.array([layer.data_to_world(corner) for corner in corners])
    affine = np.eye(layer.ndim + 1)
    affine[:-1, :-1] = (world[:-1] - world[-1]).T
    affine[:-1, -1] = world[-1]
    return affine


def lies_like(image: TissueImage, affine: FloatArray, within: float = 1e-9) -> bool:
    """Whether a picture lies like this, but for so large a share of its size."""
    rows, cols = image.data.shape[:2] if image.full is None else image.full.shape
    corners = np.array([[0, 0, 1], [0, cols, 1], [rows, 0, 1], [rows, cols, 1]]).T
    now, wanted = (image.shown_affine @ corners)[:2], (affine @ corners)[:2]
    size = np.ptp(now, axis=1).max()
    return bool(np.abs(now - wanted).max() <= within * size)


def alignment_shown(image: TissueImage, affine: FloatArray) -> Alignment | None:
    """Alignment with which a picture lies like this; None if it is stretched.

    Parameters
    ----------
    image
        The picture, however it lies.
    affine : ndarray, shape (3, 3)
        Map of (row, col, 1) of what is shown to full-resolution (y, x, 1).
    """
    in_file = image.aligned(Alignment()).shown_affine
    linear = (affine @ np.linalg.inv(in_file))[1::-1, 1::-1]  # of (x, y)
    area = float(np.linalg.det(linear))
    if not np.isfinite(area) or area == 0:
        return None
    turned = linear @ _FLIP if area < 0 else linear
    turn = float(np.degrees(np.arctan2(turned[1, 0], turned[0, 0])))
    scale = round(float(np.sqrt(abs(area))), 9)
    found = Alignment(area < 0, 0.0, scale).turned(round(turn, 6))
    down, right = (affine - image.aligned(found).shown_affine)[:2, 2]
    found = replace(found, shift_xy=(round(float(right), 6), round(float(down), 6)))
    return found if lies_like(image.aligned(found), affine, _CLOSE) else None
