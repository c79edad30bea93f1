"""Neighbours off a lattice: triangles between positions, and points inside them."""

from __future__ import annotations

from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import Delaunay, QhullError

_LONGEST_EDGE = 2.0
"""Longest edge, in pitches, that still joins neighbours."""
_WITHIN_TISSUE = 2.5
_LONELY = 0.05
"""Longest edge within tissue, in distances to the nearest neighbour that all but this
share of the cells keep. At 2.25 a quarter of an intact section of cells placed by
chance is left out; at 2.5 rows 3 pitches apart are still rows."""
_NARROWEST_GAP = 6.0
"""So many pitches apart is never the same tissue, whatever lonely cells say."""
_SIDES = [[0, 1], [1, 2], [0, 2]]


def short_triangles(pitch_rc: NDArray[np.float64]) -> NDArray[np.int64]:
    """Delaunay triangles with no edge over 2 pitches, shape (triangle, 3).

    None where the positions lie on one line.
    """
    triangles, edges = _delaunay(pitch_rc)
    return _up_to(_LONGEST_EDGE, triangles, edges)


def tissue_triangles(pitch_rc: NDArray[np.float64]) -> NDArray[np.int64]:
    """Delaunay triangles that intact tissue is made of, shape (triangle, 3).

    Off a lattice the pitch, a *median* distance, says little of the cells that happen
    to lie loosely: how loosely is seen from their distances to the nearest neighbour,
    which gaps and holes between them do not lengthen, as they do most edges. None where
    the positions lie on one line.
    """
    triangles, edges = _delaunay(pitch_rc)
    if len(triangles) == 0:
        return triangles
    nearest = np.full(len(pitch_rc), np.inf)  # a nearest neighbour shares an edge
    for ends in (triangles, np.roll(triangles, 1, axis=1)):
        np.minimum.at(nearest, ends, edges)
    loosest = np.quantile(nearest[np.isfinite(nearest)], 1 - _LONELY)
    longest = np.clip(_WITHIN_TISSUE * loosest, _LONGEST_EDGE, _NARROWEST_GAP)
    return _up_to(float(longest), triangles, edges)


def _delaunay(
    pitch_rc: NDArray[np.float64],
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Every triangle, and the lengths of its edges in pitches, shape (triangle, 3)."""
    nothing = np.empty((0, 3), dtype=np.int64), np.empty((0, 3))
    if len(pitch_rc) < 3:
        return nothing
    centred = pitch_rc - pitch_rc.mean(axis=0)
    try:
        triangles = Delaunay(centred).simplices.astype(np.int64)
    except QhullError:  # all on one line
        return nothing
    corners = pitch_rc[triangles]
    edges = np.linalg.norm(corners - np.roll(corners, 1, axis=1), axis=2)
    return triangles, edges


def _up_to(
    longest: float, triangles: NDArray[np.int64], edges: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Keep the triangles with no edge over so many pitches."""
    kept: NDArray[np.int64] = triangles[edges.max(axis=1) <= longest]
    return kept


def sides(triangles: NDArray[np.int64]) -> NDArray[np.int64]:
    """Each side of the triangles once, the smaller index first, shape (side, 2)."""
    ends = np.sort(triangles[:, _SIDES].reshape(-1, 2), axis=1)
    once: NDArray[np.int64] = np.unique(ends, axis=0)
    return once


def inner_weights(n_corners: int, factor: int) -> NDArray[np.float64]:
    """Weights of the points that divide a side (2) or triangle (3) into ``factor``.

    Returns
    -------
    ndarray, shape (point, corner)
        Barycentric, multiples of ``1 / factor``; points on the border are left out.
    """
    shares = [
        share
        for share in product(range(1, factor), repeat=n_corners)
        if sum(share) == factor
    ]
    return np.array(shares, dtype=np.float64).reshape(-1, n_corners) / factor
