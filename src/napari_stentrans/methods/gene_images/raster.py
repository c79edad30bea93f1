"""Which pixel shows which spot, and where the pixels of a doubled raster lie.

Both follow the released stEnTrans code, which has them from DIST: a square array is a
picture as it stands; the rows of a checkerboard (hex, quincunx) are pushed together to
a square one. Its odd rows are pushed to the left where the network predicts and to the
right where it learns, so that the two see different neighbours: kept, as published.
Knows nothing about networks.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.spatial import KDTree

from napari_stentrans.errors import InvalidRequestError
from napari_stentrans.section.lattice import FloatArray, IntArray, Lattice
from napari_stentrans.section.section import Section

Images = NDArray[np.float32]

_SHIFT = np.array([0.0, -0.5, 1.0, 0.5])
"""Columns by which a row of the doubled checkerboard is displaced, by its number."""
_MOST_PIXELS_A_SPOT = 100


@dataclass(frozen=True, eq=False)
class Placement:
    """Spots in a raster.

    Attributes
    ----------
    spot : ndarray, shape (placed spot,)
        Number of each spot in its section; a raster may have no place for some.
    pixel_rc : ndarray of int, shape (placed spot, 2)
        Pixel (row, col) that shows it.
    shape
        (row, col) of the raster.
    """

    spot: IntArray
    pixel_rc: IntArray
    shape: tuple[int, int]

    @property
    def pixel(self) -> IntArray:
        """Number of each placed spot's pixel, row by row, shape (placed spot,)."""
        number: IntArray = self.pixel_rc @ (self.shape[1], 1)
        return number

    @property
    def occupied(self) -> NDArray[np.bool_]:
        """Pixels that show a spot, shape (row, col)."""
        found = np.zeros(self.shape, dtype=bool)
        found[tuple(self.pixel_rc.T)] = True
        return found

    def images(self, counts: sparse.csc_matrix) -> Images:
        """Draw genes; spots on one pixel are averaged, empty pixels are zero.

        Parameters
        ----------
        counts : csc_matrix, shape (spot, gene)
            Of all spots of the section.

        Returns
        -------
        ndarray of float32, shape (gene, row, col)
        """
        n_pixels = self.shape[0] * self.shape[1]
        crowd = np.bincount(self.pixel, minlength=n_pixels)
        share = (1 / crowd[self.pixel]).astype(np.float32)
        draw = sparse.csr_matrix(
            (share, (self.pixel, self.spot)), shape=(n_pixels, counts.shape[0])
        )
        drawn = (draw @ counts).toarray().T
        return np.ascontiguousarray(drawn, np.float32).reshape(-1, *self.shape)


@dataclass(frozen=True, eq=False)
class Raster:
    """A section as a picture, and the places of the picture of twice its resolution.

    Attributes
    ----------
    spots
        The visible spots in it.
    refined_rc : ndarray, shape (4 * row * col, 2)
        Pitch coordinates, of the section's lattice, of the doubled raster's pixels.
    """

    spots: Placement
    refined_rc: FloatArray

    def nearest(self, pitch_rc: FloatArray) -> IntArray:
        """Doubled raster's pixel nearest to each position, shape (position,)."""
        return np.asarray(KDTree(self.refined_rc).query(pitch_rc)[1], dtype=np.int64)

    @property
    def pixel_of_spot(self) -> IntArray:
        """Doubled raster's pixel of each spot, in their order."""
        number: IntArray = self.spots.pixel_rc @ (4 * self.spots.shape[1], 2)
        return number

    @property
    def is_site(self) -> NDArray[np.bool_]:
        """Which pixels of the doubled raster are pixels of the raster itself."""
        rows, cols = self.spots.shape
        found = np.zeros((2 * rows, 2 * cols), dtype=bool)
        found[::2, ::2] = True
        return found.ravel()


def full_raster(section: Section) -> Raster:
    """Draw all spots: what a trained network is given.

    Raises
    ------
    InvalidRequestError
        If the spots are so scattered that the picture would be nearly empty.
    """
    lattice = coarsest_lattice(section)
    grid = lattice.to_grid(section.array_rc)
    first = grid.min(axis=0)
    if lattice.is_checkerboard:
        first = first - first % 2
        rows, cols = grid.max(axis=0) - first + 1
        shape = (int(rows), int(-(-(cols + 1) // 2)))
        pixel = (grid - first) // (1, 2)
    else:
        pixel = grid - first
        shape = (int(pixel[:, 0].max()) + 1, int(pixel[:, 1].max()) + 1)
    _check_filled(section, shape)
    spots = Placement(np.arange(section.n_spots), pixel, shape)
    refined = lattice.to_array(_refined_grid(lattice, shape, first))
    return Raster(spots, section.lattice.to_pitch(refined))


def training_placement(section: Section) -> Placement:
    """Draw the spots for training: an even number of rows and columns.

    Every second row and column of it is the input, all of it the target.
    """
    lattice = coarsest_lattice(section)
    grid = lattice.to_grid(section.array_rc)
    first = grid.min(axis=0)
    if lattice.is_checkerboard:
        first = first + first % 2
        rows, cols = grid.max(axis=0) - first
        shape = (2 * (int(rows) // 2 + 1), 2 * max(int(-(-cols // 4)), 0))
        pixel = (grid - first + (0, 1)) // (1, 2)
    else:
        rows, cols = grid.max(axis=0) - first + 1
        shape = (int(rows) // 2 * 2, int(cols) // 2 * 2)
        pixel = grid - first
    inside = ((pixel >= 0) & (pixel < shape)).all(axis=1)
    return Placement(np.flatnonzero(inside), pixel[inside], shape)


def coarsest_lattice(section: Section) -> Lattice:
    """Return the widest lattice of the same kind that all spots are sites of.

    A section reduced to every second row and column is a full picture of fewer pixels,
    not one with three empty pixels in four. Off a lattice, a pixel is as wide as the
    median distance to the nearest spot.
    """
    lattice = section.lattice
    if not lattice.is_regular:
        return replace(lattice, step_rc=_widened(lattice, _median_gap(section)))
    grid = lattice.to_grid(section.array_rc)
    anchor = grid[np.lexsort(grid.T[::-1])[0]]
    apart = grid - anchor
    for factor in range(int(np.gcd.reduce(apart, axis=None)), 1, -1):
        steps, left = np.divmod(apart, factor)
        off_site = lattice.is_checkerboard and (steps.sum(axis=1) % 2).any()
        if not left.any() and not off_site:
            row, col = lattice.to_array(anchor)[0]
            origin = (float(row), float(col))
            step = _widened(lattice, factor)
            return replace(lattice, origin_rc=origin, step_rc=step)
    return lattice


def _widened(lattice: Lattice, factor: float) -> tuple[float, float]:
    row, col = lattice.step_rc
    return row * factor, col * factor


def _median_gap(section: Section) -> float:
    """Median distance to the nearest other spot in pitches, at least 1."""
    if section.n_spots < 2:
        return 1.0
    distance = KDTree(section.pitch_rc).query(section.pitch_rc, k=[2])[0]
    return max(1.0, float(np.median(distance)))


def _refined_grid(
    lattice: Lattice, shape: tuple[int, int], first: IntArray
) -> FloatArray:
    """Grid steps of the doubled raster's pixels, row by row."""
    rows, cols = shape
    place = np.indices((2 * rows, 2 * cols)).reshape(2, -1).T.astype(np.float64)
    if lattice.is_checkerboard:
        place[:, 1] += _SHIFT[place[:, 0].astype(int) % 4]
        place[:, 0] /= 2
    else:
        place /= 2
    return place + first


def _check_filled(section: Section, shape: tuple[int, int]) -> None:
    n_pixels = shape[0] * shape[1]
    if n_pixels > _MOST_PIXELS_A_SPOT * section.n_spots:
        msg = (
            f"{section.name} would be a picture of {shape[0]} x {shape[1]} pixels for "
            f"{section.n_spots} spots: too scattered for a method that takes genes for "
            "images. Choose another method, or split the section."
        )
        raise InvalidRequestError(msg)
