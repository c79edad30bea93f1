"""Where spots lie: the lattice of an array, and the only place that knows the hex shift.

Three coordinate systems, each with its order in its name:

- ``array_rc``: (row, col) as the file gives them, e.g. Visium's array_row, array_col;
- ``grid_ij``: integer (row, col) steps of the lattice, origin at (0, 0);
- ``pitch_rc``: (row, col) distances in units of the spot pitch, so that the nearest
  neighbours of a spot of any regular lattice lie at distance exactly 1.

Hex and quincunx arrays are checkerboards: only sites with ``i + j`` even exist. They
differ in the shape of one grid step alone (`_STEP_IN_PITCH`). Dividing a step by ``n``
divides the lattice, whatever its kind, and every old site stays a site.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial import Delaunay, KDTree

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

_TOUCH = 1.0 + 1e-6
_IRREGULAR_EDGE = 2.0
"""Longest Delaunay edge, in pitches, that still joins neighbours off a lattice."""


class LatticeKind(StrEnum):
    """The arrangements of spots that occur."""

    SQUARE = "square"
    HEX = "hex"
    QUINCUNX = "quincunx"
    IRREGULAR = "irregular"


_STEP_IN_PITCH: dict[LatticeKind, tuple[float, float]] = {
    LatticeKind.SQUARE: (1.0, 1.0),
    LatticeKind.HEX: (np.sqrt(3) / 2, 0.5),
    LatticeKind.QUINCUNX: (np.sqrt(0.5), np.sqrt(0.5)),
    LatticeKind.IRREGULAR: (1.0, 1.0),
}
"""(row, col) size of one grid step in units of the spot pitch."""


@dataclass(frozen=True)
class Lattice:
    """A lattice of spot positions.

    Attributes
    ----------
    kind
        The arrangement.
    origin_rc
        Array coordinates of grid site (0, 0).
    step_rc
        Array units of one grid step along rows and columns. For an irregular
        arrangement both are the median distance to the nearest neighbour.
    """

    kind: LatticeKind
    origin_rc: tuple[float, float] = (0.0, 0.0)
    step_rc: tuple[float, float] = (1.0, 1.0)

    @property
    def is_regular(self) -> bool:
        """Whether positions are sites of a lattice at all."""
        return self.kind is not LatticeKind.IRREGULAR

    @property
    def is_checkerboard(self) -> bool:
        """Whether only every second grid step, ``i + j`` even, is a site."""
        return self.kind in (LatticeKind.HEX, LatticeKind.QUINCUNX)

    def to_grid(self, array_rc: ArrayLike) -> IntArray:
        """Round array coordinates, shape (position, 2), to grid steps."""
        return np.rint(self._steps(array_rc)).astype(np.int64)

    def to_array(self, grid_ij: ArrayLike) -> FloatArray:
        """Array coordinates of grid steps, shape (position, 2), fractions allowed."""
        steps = np.asarray(grid_ij, dtype=np.float64).reshape(-1, 2)
        return np.asarray(self.origin_rc) + steps * np.asarray(self.step_rc)

    def to_pitch(self, array_rc: ArrayLike) -> FloatArray:
        """Distances from the origin in units of the pitch, shape (position, 2)."""
        return self._steps(array_rc) * np.asarray(_STEP_IN_PITCH[self.kind])

    def from_pitch(self, pitch_rc: ArrayLike) -> FloatArray:
        """Array coordinates of pitch coordinates: the inverse of `to_pitch`."""
        pitch = np.asarray(pitch_rc, dtype=np.float64).reshape(-1, 2)
        return self.to_array(pitch / np.asarray(_STEP_IN_PITCH[self.kind]))

    def is_site(self, array_rc: ArrayLike, tolerance: float = 0.05) -> NDArray[np.bool_]:
        """Which positions lie on a site, within ``tolerance`` grid steps."""
        steps = self._steps(array_rc)
        if not self.is_regular:
            return np.ones(len(steps), dtype=bool)
        nearest = np.rint(steps)
        on_grid = np.abs(steps - nearest).max(axis=1, initial=0.0) <= tolerance
        if self.is_checkerboard:
            on_grid &= nearest.sum(axis=1) % 2 == 0
        return on_grid

    def refined(self, factor: int) -> Lattice:
        """Return the lattice with ``factor`` times as many sites along each direction.

        Every site of this lattice is a site of the refined one.
        """
        if factor < 1:
            msg = f"a lattice is refined by 1 or more, not by {factor}"
            raise ValueError(msg)
        row, col = self.step_rc
        return replace(self, step_rc=(row / factor, col / factor))

    def neighbours(self, array_rc: ArrayLike) -> IntArray:
        """Pairs of positions that are nearest neighbours.

        Returns
        -------
        ndarray, shape (pair, 2)
            Indices into ``array_rc``, the smaller first, in ascending order. On a
            lattice: positions one pitch apart (4 on square and quincunx, 6 on hex).
            Irregular: Delaunay edges of at most 2 pitches.
        """
        pitch_rc = self.to_pitch(array_rc)
        if self.is_regular:
            pairs = KDTree(pitch_rc).query_pairs(_TOUCH, output_type="ndarray")
        else:
            pairs = _short_delaunay_edges(pitch_rc)
        ordered = np.sort(pairs.reshape(-1, 2).astype(np.int64), axis=1)
        return np.unique(ordered, axis=0)

    def _steps(self, array_rc: ArrayLike) -> FloatArray:
        array = np.asarray(array_rc, dtype=np.float64).reshape(-1, 2)
        return (array - np.asarray(self.origin_rc)) / np.asarray(self.step_rc)


def short_triangles(pitch_rc: FloatArray) -> IntArray:
    """Delaunay triangles with no edge over 2 pitches, shape (triangle, 3)."""
    if len(pitch_rc) < 3 or np.linalg.matrix_rank(pitch_rc - pitch_rc[0]) < 2:
        return np.empty((0, 3), dtype=np.int64)
    triangles = Delaunay(pitch_rc).simplices.astype(np.int64)
    corners = pitch_rc[triangles]
    edges = np.linalg.norm(corners - np.roll(corners, 1, axis=1), axis=2)
    return triangles[edges.max(axis=1) <= _IRREGULAR_EDGE]


def _short_delaunay_edges(pitch_rc: FloatArray) -> IntArray:
    triangles = short_triangles(pitch_rc)
    return np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [0, 2]]])
