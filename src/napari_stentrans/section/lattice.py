"""Where spots lie: the lattice of an array. The only place that knows the hex shift.

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
from scipy.spatial import KDTree

from napari_stentrans.section.triangles import short_triangles, sides

FloatArray = NDArray[np.float64]
Float32Array = NDArray[np.float32]
IntArray = NDArray[np.int64]

_TOUCH = 1.0 + 1e-6
_SITES_A_SPOT = 200
_SITES_OF_A_SLIDE = 16_000_000
"""Visium HD at 2 µm has 11 million; a few of its bins may be all that is left."""


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
        arrangement: of the median distance to the nearest neighbour.
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
        array_rc: FloatArray = np.asarray(self.origin_rc) + steps * self.step_rc
        return array_rc

    def to_pitch(self, array_rc: ArrayLike) -> FloatArray:
        """Distances from the origin in units of the pitch, shape (position, 2)."""
        pitch_rc: FloatArray = self._steps(array_rc) * _STEP_IN_PITCH[self.kind]
        return pitch_rc

    def from_pitch(self, pitch_rc: ArrayLike) -> FloatArray:
        """Array coordinates of pitch coordinates: the inverse of `to_pitch`."""
        pitch = np.asarray(pitch_rc, dtype=np.float64).reshape(-1, 2)
        return self.to_array(pitch / np.asarray(_STEP_IN_PITCH[self.kind]))

    def is_site(
        self, array_rc: ArrayLike, tolerance: float = 0.05
    ) -> NDArray[np.bool_]:
        """Which positions lie on a site, within ``tolerance`` grid steps."""
        steps = self._steps(array_rc)
        if not self.is_regular:
            return np.ones(len(steps), dtype=bool)
        nearest = np.rint(steps)
        on_grid: NDArray[np.bool_] = np.all(
            np.abs(steps - nearest) <= tolerance, axis=1
        )
        if self.is_checkerboard:
            on_grid &= nearest.sum(axis=1) % 2 == 0
        return on_grid

    def is_overstretched(self, array_rc: ArrayLike) -> bool:
        """Whether so few positions span more grid steps than any array has.

        Pictures and masks have a pixel for each of them.
        """
        steps = self._steps(array_rc)
        n_steps = float(np.prod(np.ptp(steps, axis=0) + 1))
        return n_steps > max(_SITES_A_SPOT * len(steps), _SITES_OF_A_SLIDE)

    def refined(self, factor: int) -> Lattice:
        """Return the lattice with ``factor`` times as many sites along each direction.

        Every site of this lattice is a site of the refined one.
        """
        if factor < 1:
            msg = f"a lattice is refined by 1 or more, not by {factor}"
            raise ValueError(msg)
        row, col = self.step_rc
        return replace(self, step_rc=(row / factor, col / factor))

    def without_sites(self) -> Lattice:
        """Return the irregular arrangement of the same origin and pitch."""
        row, col = (self.from_pitch([[1.0, 1.0]]) - self.to_array([[0, 0]]))[0]
        return Lattice(LatticeKind.IRREGULAR, self.origin_rc, (float(row), float(col)))

    def pitch_in(self, other: Lattice) -> float:
        """Return the pitch in units of that of another lattice of the same array."""
        ends = other.to_pitch(self.from_pitch([[0.0, 0.0], [1.0, 0.0]]))
        return float(np.linalg.norm(ends[1] - ends[0]))

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
        if not self.is_regular:
            return sides(short_triangles(pitch_rc))
        pairs = KDTree(pitch_rc).query_pairs(_TOUCH, output_type="ndarray")
        ordered = np.sort(pairs.reshape(-1, 2).astype(np.int64), axis=1)
        once: IntArray = np.unique(ordered, axis=0)
        return once

    def _steps(self, array_rc: ArrayLike) -> FloatArray:
        array = np.asarray(array_rc, dtype=np.float64).reshape(-1, 2)
        steps: FloatArray = (array - self.origin_rc) / self.step_rc
        return steps
