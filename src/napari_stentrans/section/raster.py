"""Positions drawn as pixels, and pixels mapped back to positions.

A raster is an array of spot numbers. The image of a gene is one lookup in it, and
painting on it names spots and empty sites. A site of a checkerboard lattice (hex,
quincunx) is drawn two pixels wide, which fills the plane like bricks. Spots off a
lattice are drawn as the area nearest to them. Knows nothing about napari.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

from napari_stentrans.section.lattice import FloatArray, IntArray, Lattice
from napari_stentrans.section.section import Section

_PIXELS_PER_PITCH = 3
"""Pixels a pitch for positions that lie on no lattice."""
_MAX_PIXELS = 4_000_000
_MOST_SITES = 100_000_000
"""Pixels of a lattice: more than a slide has, fewer than memory."""
_REACH = 0.75
"""Off a lattice a pixel belongs to the nearest position within this many pitches of the
section, refined or not: smaller dots would leave gaps where the section has none."""


@dataclass(frozen=True, eq=False)
class SpotRaster:
    """A picture grid whose pixels know the position that they show.

    Attributes
    ----------
    index : ndarray of int32, shape (row, col)
        Number of the position drawn at each pixel, -1 where there is none.
    lattice
        Lattice of the positions.
    array_rc : ndarray, shape (position, 2)
    grid_origin
        Grid steps (row, col) of the first pixel.
    grid_per_pixel
        Grid steps a pixel covers.
    affine : ndarray, shape (3, 3)
        Pixel (row, col, 1) to world (y, x, 1): full-resolution image pixels where they
        are known, else 100 units a pitch.
    """

    index: NDArray[np.int32]
    lattice: Lattice
    array_rc: FloatArray
    grid_origin: tuple[float, float]
    grid_per_pixel: float
    affine: FloatArray

    @classmethod
    def from_section(cls, section: Section, margin: int = 2) -> SpotRaster:
        """Draw the spots of a section, with a margin (in grid steps) to paint on."""
        return cls.from_positions(section, section.lattice, section.array_rc, margin)

    @classmethod
    def from_positions(
        cls, section: Section, lattice: Lattice, array_rc: FloatArray, margin: int = 2
    ) -> SpotRaster:
        """Draw any positions, in the world coordinates of ``section``.

        Sites of a lattice that lie too far apart for a pixel each are drawn coarser.
        """
        if lattice.is_regular:
            extent = np.ptp(lattice.to_grid(array_rc), axis=0).astype(np.float64)
            if extent.prod() <= _MOST_SITES:
                return _regular_raster(section, lattice, array_rc, margin)
            lattice = lattice.without_sites()
        return _irregular_raster(section, lattice, array_rc, margin)

    @property
    def shape(self) -> tuple[int, int]:
        """(row, col) of the picture."""
        return self.index.shape[0], self.index.shape[1]

    def image(self, values: NDArray[np.generic]) -> NDArray[np.float32]:
        """Draw one value a position, NaN for none: ndarray, shape (row, col)."""
        padded = np.append(np.asarray(values, dtype=np.float32), np.float32(np.nan))
        return padded[self.index]

    def paint(self, labels: NDArray[np.integer]) -> NDArray[np.uint8]:
        """Draw one label a position, 0 outside: the inverse of `spot_labels`."""
        padded = np.append(np.asarray(labels, dtype=np.uint8), np.uint8(0))
        return padded[self.index]

    def spot_labels(self, labels: NDArray[np.integer]) -> NDArray[np.uint8]:
        """Label of each position in a painted picture, shape (position,).

        On a lattice a position is painted when any of its pixels is; off it, when the
        pixel at its centre is.
        """
        self._check_fits(labels)
        found = np.zeros(len(self.array_rc), dtype=np.uint8)
        if self.lattice.is_regular:
            shown = self.index >= 0
            np.maximum.at(found, self.index[shown], labels[shown].astype(np.uint8))
        else:
            found[:] = labels[tuple(self.pixel_of(self.array_rc).T)]
        return found

    def empty_sites(self, painted: NDArray[np.bool_]) -> FloatArray:
        """Array coordinates of sites without a position that a picture paints.

        Returns
        -------
        ndarray, shape (site, 2)
            By row, then column. Off a lattice: every pitch or so.
        """
        self._check_fits(painted)
        pixels = np.argwhere(painted.astype(bool) & (self.index < 0))
        if not self.lattice.is_regular:
            is_middle = pixels % _PIXELS_PER_PITCH == _PIXELS_PER_PITCH // 2
            pixels = pixels[is_middle.all(axis=1)]
        if self.lattice.is_checkerboard:
            # The right half of a brick belongs to its left; half a brick is no site.
            pixels[:, 1] -= pixels.sum(axis=1) % 2
            whole = (pixels[:, 1] >= 0) & (pixels[:, 1] + 1 < self.shape[1])
            pixels = pixels[whole]
        is_first = np.zeros(self.shape, dtype=bool)  # quicker than to sort them
        is_first[tuple(pixels.T)] = True
        sites = np.argwhere(is_first) * self.grid_per_pixel + self.grid_origin
        return self.lattice.to_array(sites)

    def empty_pixels(self, sites_rc: FloatArray) -> IntArray:
        """Pixels that show sites without a position, shape (pixel, 2); none outside.

        The inverse of `empty_sites`.
        """
        pixels = self.site_pixels(sites_rc).reshape(-1, 2)
        pixels = pixels[((pixels >= 0) & (pixels < self.shape)).all(axis=1)]
        empty: IntArray = pixels[self.index[tuple(pixels.T)] < 0]
        return empty

    def site_pixels(self, sites_rc: FloatArray) -> IntArray:
        """Pixels that a site without a position covers, shape (site, part, 2).

        A pixel, a brick, or off a lattice a square of about a pitch; parts of it may
        lie outside the picture, or show a position.
        """
        if not self.lattice.is_regular:
            parts = np.indices((_PIXELS_PER_PITCH, _PIXELS_PER_PITCH)).reshape(2, -1).T
            parts = parts - _PIXELS_PER_PITCH // 2
        else:
            parts = np.array([[0, 0], [0, 1]][: 1 + self.lattice.is_checkerboard])
        covered: IntArray = self.pixel_of(sites_rc)[:, None] + parts
        return covered

    def pixel_of(self, array_rc: FloatArray) -> IntArray:
        """Pixel (row, col) of array coordinates, the left one of a brick."""
        steps = (array_rc - self.lattice.to_array([[0, 0]])) / self.lattice.step_rc
        pixels = (steps - np.asarray(self.grid_origin)) / self.grid_per_pixel
        whole: IntArray = np.rint(pixels).astype(np.int64)
        return whole

    @cached_property
    def world_to_pixel(self) -> FloatArray:
        """Inverse of ``affine``."""
        return np.asarray(np.linalg.inv(self.affine), dtype=np.float64)

    def position_at(self, world_yx: tuple[float, float]) -> int | None:
        """Number of the position shown at a world point, or None."""
        row, col = np.rint(self.world_to_pixel @ (*world_yx, 1.0))[:2].astype(int)
        if not (0 <= row < self.shape[0] and 0 <= col < self.shape[1]):
            return None
        found = int(self.index[row, col])
        return found if found >= 0 else None

    def _check_fits(self, picture: NDArray[Any]) -> None:
        if picture.shape != self.shape:
            msg = f"a picture of {picture.shape} does not fit a raster of {self.shape}"
            raise ValueError(msg)


def _regular_raster(
    section: Section, lattice: Lattice, array_rc: FloatArray, margin: int
) -> SpotRaster:
    grid = lattice.to_grid(array_rc)
    first = grid.min(axis=0) - margin
    first[1] -= first.sum() % 2  # keep bricks whole at the left edge
    brick = 1 if lattice.is_checkerboard else 0
    rows, cols = grid.max(axis=0) - first + margin + 1
    index = np.full((rows, cols + brick), -1, dtype=np.int32)
    row, col = (grid - first).T
    for part in range(brick + 1):
        index[row, col + part] = np.arange(len(grid))
    origin = (float(first[0]), float(first[1]))
    affine = _pixel_to_world(section, lattice, origin, 1.0, brick / 2)
    return SpotRaster(index, lattice, array_rc, origin, 1.0, affine)


def _irregular_raster(
    section: Section, lattice: Lattice, array_rc: FloatArray, margin: int
) -> SpotRaster:
    pitch_rc = lattice.to_pitch(array_rc)
    reach = _REACH * max(section.lattice.pitch_in(lattice), 1.0)
    margin = max(margin, math.ceil(reach))  # no dot is cut off at the edge
    first = pitch_rc.min(axis=0) - margin
    extent = pitch_rc.max(axis=0) + margin - first
    longest = 4 * extent.max() / _MAX_PIXELS  # a strip has pixels along it alone
    size = max(1 / _PIXELS_PER_PITCH, np.sqrt(extent.prod() / _MAX_PIXELS), longest)
    rows, cols = np.ceil(extent / size).astype(int) + 1
    pixel_rc = np.indices((rows, cols)).reshape(2, -1).T * size + first
    reach = max(reach, size)  # coarse pixels still show what lies in them
    distance, nearest = KDTree(pitch_rc).query(pixel_rc, distance_upper_bound=reach)
    index = np.where(np.isfinite(distance), nearest, -1).astype(np.int32)
    origin = (float(first[0]), float(first[1]))
    affine = _pixel_to_world(section, lattice, origin, size, 0.0)
    picture = index.reshape(rows, cols)
    return SpotRaster(picture, lattice, array_rc, origin, size, affine)


def _pixel_to_world(
    section: Section,
    lattice: Lattice,
    grid_origin: tuple[float, float],
    grid_per_pixel: float,
    half_brick: float,
) -> FloatArray:
    """Affine map of raster (row, col) to world (y, x); a brick's middle is its site."""
    corners = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    grid = np.asarray(grid_origin) + (corners - (0.0, half_brick)) * grid_per_pixel
    xy = section.to_pixel(lattice.to_array(grid))
    affine = np.eye(3)
    affine[:2, 2] = xy[0, ::-1]
    affine[:2, 0] = (xy[1] - xy[0])[::-1]
    affine[:2, 1] = (xy[2] - xy[0])[::-1]
    return affine


_rasters: WeakKeyDictionary[Section, SpotRaster] = WeakKeyDictionary()


def raster_of(section: Section) -> SpotRaster:
    """Where each spot is drawn; computed once a section."""
    if section not in _rasters:
        _rasters[section] = SpotRaster.from_section(section)
    return _rasters[section]
