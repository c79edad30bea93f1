"""Neighbours off a lattice: triangles between positions, and points inside them."""

from __future__ import annotations

from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import Delaunay, QhullError

_LONGEST_EDGE = 2.0
"""Longest edge, in pitches, that still joins neighbours."""
_SIDES = [[0, 1], [1, 2], [0, 2]]


def short_triangles(pitch_rc: NDArray[np.float64]) -> NDArray[np.int64]:
    """Delaunay triangles with no edge over 2 pitches, shape (triangle, 3).

    None where the positions lie on one line.
    """
    nothing = np.empty((0, 3), dtype=np.int64)
    if len(pitch_rc) < 3:
        return nothing
    centred = pitch_rc - pitch_rc.mean(axis=0)
    try:
        triangles = Delaunay(centred).simplices.astype(np.int64)
    except QhullError:  # all on one line
        return nothing
    corners = pitch_rc[triangles]
    edges = np.linalg.norm(corners - np.roll(corners, 1, axis=1), axis=2)
    short: NDArray[np.int64] = triangles[edges.max(axis=1) <= _LONGEST_EDGE]
    return short


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
