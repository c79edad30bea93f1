"""Rules that weigh the spots around a position: nearest spot, Gaussian kernel.

A rule is geometry alone, in pitch coordinates; the counts come later. The spots are
put into one canonical order first, so that ties do not depend on how a file lists them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy import sparse
from scipy.spatial import KDTree

from napari_stentrans.section.lattice import FloatArray, IntArray

TRUNCATE = 3.0
"""Widths of a Gaussian kernel at which it is cut off."""
_SAME_PLACE = 1e-6
_MOST_TIED = 8
"""A spot, the six around it, and one more to be sure."""
_FAR = 1e12
_PAIRS_AT_ONCE = 4_000_000
"""Pairs of a position and a spot that are held in full while weights are made."""


class Rule(Protocol):
    """How much each spot counts at each position."""

    def __call__(
        self, spots_rc: FloatArray, positions_rc: FloatArray
    ) -> sparse.csr_matrix:
        """Return float32 weights, shape (position, spot), that sum to 1 a position.

        Both coordinates are in pitches.
        """
        ...


def nearest(spots_rc: FloatArray, positions_rc: FloatArray) -> sparse.csr_matrix:
    """Take the nearest spot; of several equally near, the first by row and column."""
    n_positions = len(positions_rc)
    spot = nearest_spot(spots_rc, positions_rc)
    entries = (np.ones(n_positions, np.float32), (np.arange(n_positions), spot))
    return sparse.csr_matrix(entries, shape=(n_positions, len(spots_rc)))


def nearest_spot(
    spots_rc: FloatArray, positions_rc: FloatArray, *, own: bool = True
) -> IntArray:
    """Index of the spot nearest to each position, shape (position,).

    Without ``own``, a spot exactly at the position does not count, unless it is alone.
    """
    order = canonical_order(spots_rc)
    ranks = list(range(1, min(_MOST_TIED, len(spots_rc)) + 1))
    found = KDTree(spots_rc[order]).query(positions_rc, k=ranks)
    distance, near = np.asarray(found[0]), np.asarray(found[1])
    if not own:
        distance = np.where(distance <= _SAME_PLACE, _FAR, distance)
    tied = distance <= distance.min(axis=1, keepdims=True) + _SAME_PLACE
    first: IntArray = np.where(tied, near, len(spots_rc)).min(axis=1)
    return order[first]


def canonical_order(spots_rc: FloatArray) -> IntArray:
    """Return the order of spots by row, then column, rounding aside."""
    row, col = np.round(spots_rc, 6).T
    return np.lexsort((col, row))


@dataclass(frozen=True)
class GaussianKernel:
    """Rule that averages spots with weights falling off like a bell.

    The bell is never narrower than half the distance to the nearest spot: inside a
    hole it reaches across, instead of copying the one spot that is nearest.

    Attributes
    ----------
    width
        Standard deviation of the bell, in pitches.
    own
        Whether a spot exactly at a position counts as well.
    """

    width: float
    own: bool = False

    def __call__(
        self, spots_rc: FloatArray, positions_rc: FloatArray
    ) -> sparse.csr_matrix:
        """Weigh the spots within three widths, some positions at a time."""
        n_near = np.pi * (TRUNCATE * self.width) ** 2 + 1
        step = max(1, int(_PAIRS_AT_ONCE / n_near))
        parts = [
            self._weigh(spots_rc, positions_rc[start : start + step])
            for start in range(0, max(len(positions_rc), 1), step)
        ]
        return sparse.csr_matrix(sparse.vstack(parts, format="csr"))

    def _weigh(
        self, spots_rc: FloatArray, positions_rc: FloatArray
    ) -> sparse.csr_matrix:
        spot = nearest_spot(spots_rc, positions_rc, own=self.own)
        gap = np.linalg.norm(spots_rc[spot] - positions_rc, axis=1)
        width = np.maximum(self.width, gap / 2)
        row, column, distance = _within_reach(spots_rc, positions_rc, TRUNCATE * width)
        if not self.own:
            others = (distance > _SAME_PLACE) | (gap <= _SAME_PLACE)[row]
            row, column, distance = row[others], column[others], distance[others]
        weight = np.exp(-0.5 * (distance / width[row]) ** 2)
        total = np.bincount(row, weight, minlength=len(positions_rc))
        share = (weight / total[row]).astype(np.float32)
        shape = (len(positions_rc), len(spots_rc))
        return sparse.csr_matrix((share, (row, column)), shape=shape)


def _within_reach(
    spots_rc: FloatArray, positions_rc: FloatArray, reach: FloatArray
) -> tuple[IntArray, IntArray, FloatArray]:
    """Pairs (position, spot) within the reach of the position, and their distance."""
    tree = KDTree(spots_rc)
    nothing = np.empty(0, dtype=np.int64)
    found = [(nothing, nothing, np.empty(0))]
    for radius in np.unique(reach):  # on a lattice there are few different gaps
        some = np.flatnonzero(reach == radius)
        pairs = KDTree(positions_rc[some]).sparse_distance_matrix(
            tree, radius, output_type="ndarray"
        )
        found.append((some[pairs["i"]], pairs["j"], pairs["v"]))
    rows, columns, distances = zip(*found, strict=True)
    return np.concatenate(rows), np.concatenate(columns), np.concatenate(distances)
