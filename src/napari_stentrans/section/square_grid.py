"""Rasters of any lattice redrawn on square upright pixels, as image programs want them.

A hex raster has pixels half as wide as a spot and is turned with its slide: that is
right for a viewer that knows affine maps, and wrong for a plain picture file.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_stentrans.section.lattice import IntArray
from napari_stentrans.section.raster import SpotRaster

_LONGEST_SIDE = 4096


@dataclass(frozen=True)
class SquareGrid:
    """Square pixels over a part of the world.

    Attributes
    ----------
    origin_xy
        World position of the middle of the first pixel.
    pixel
        Size of a pixel in world units (full-resolution pixels).
    shape
        (row, col).
    """

    origin_xy: tuple[float, float]
    pixel: float
    shape: tuple[int, int]

    @classmethod
    def over(cls, rasters: Sequence[SpotRaster], pixel: float) -> SquareGrid:
        """Cover every position of some rasters, with pixels of this size or larger."""
        reaches = np.vstack([_reach(raster) for raster in rasters])
        least, greatest = reaches.min(axis=0), reaches.max(axis=0)
        pixel = max(pixel, float((greatest - least).max()) / _LONGEST_SIDE)
        cols, rows = np.ceil((greatest - least) / pixel).astype(int) + 1
        return cls((float(least[0]), float(least[1])), pixel, (int(rows), int(cols)))

    def index(self, raster: SpotRaster) -> IntArray:
        """Position that a raster shows at each pixel, -1 for none, shape (row, col)."""
        rows, cols = self.shape
        y = self.origin_xy[1] + np.arange(rows) * self.pixel
        x = self.origin_xy[0] + np.arange(cols) * self.pixel
        from_world = raster.world_to_pixel
        found = np.full(self.shape, -1, dtype=np.int64)
        for number, at in enumerate(y):
            pixels = from_world[:2, :1] * at + np.outer(from_world[:2, 1], x)
            row, col = np.rint(pixels + from_world[:2, 2:]).astype(np.int64)
            inside = (row >= 0) & (row < raster.shape[0])
            inside &= (col >= 0) & (col < raster.shape[1])
            found[number, inside] = raster.index[row[inside], col[inside]]
        return found


def drawn(values: NDArray[np.floating], index: IntArray) -> NDArray[np.float32]:
    """Picture of one value a position, NaN for none: ndarray, shape (row, col)."""
    padded = np.append(np.asarray(values, dtype=np.float32), np.float32(np.nan))
    return padded[index]


def _reach(raster: SpotRaster) -> NDArray[np.float64]:
    """Least and greatest world (x, y) of the pixels that show a position."""
    pixels = np.argwhere(raster.index >= 0)
    first, last = pixels.min(axis=0) - 0.5, pixels.max(axis=0) + 0.5
    corners = [
        (row, col, 1) for row in (first[0], last[0]) for col in (first[1], last[1])
    ]
    yx = np.array(corners) @ raster.affine[:2].T
    reach: NDArray[np.float64] = np.array([yx.min(axis=0), yx.max(axis=0)])[:, ::-1]
    return reach
