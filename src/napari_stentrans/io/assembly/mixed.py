"""Whether parts of a table lie among one another, as sections never do. No format.

Cells of two sections that were laid on one another share no position, as spots of an
array do: but their neighbours are of the other section as often as of their own.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from napari_stentrans.section.lattice import FloatArray, IntArray

_NEIGHBOURS = 6
_FEWEST = 50
"""A part of fewer spots is not judged: chance and its border are too much of it."""
_MOST_PARTS = 500
"""A column with more values than this names cells or beads, not sections."""
_ASKED = 2000
"""So many spots of each part tell its share well enough."""
_SHARE = 0.1
_BORDER = 2.0
"""Share of neighbours of other parts above which a part of n spots lies among them is
``_SHARE + _BORDER / sqrt(n)``. Where parts touch, those at the border have such
neighbours, too: at most 1.8 / sqrt(n), for a square with others at all four sides. Two
sections of one size in one frame have a half; where their frames overlap in part, half
of the part that does."""


def lie_among_one_another(xy: FloatArray, part: Any) -> bool:
    """Whether some part lies among others, rather than beside them.

    Parameters
    ----------
    xy : ndarray, shape (spot, 2)
        Positions; spots without a finite one do not count.
    part : array-like, shape (spot,)
        Name of the part of each spot; those without one do not count.
    """
    part = np.asarray(part, dtype=object)
    known = np.isfinite(xy).all(axis=1) & ~pd.isna(part)
    code, names = pd.factorize(part[known])
    size = np.bincount(code, minlength=len(names))
    judged = np.flatnonzero(size >= _FEWEST)
    if not 1 < len(names) <= _MOST_PARTS or not len(judged):
        return False
    asked = [_some_of(np.flatnonzero(code == number)) for number in judged]
    near = _nearest(xy[known], np.concatenate(asked))
    is_other = code[near] != np.repeat(judged, [len(each) for each in asked])[:, None]
    ends = np.cumsum([len(each) for each in asked])[:-1]
    share = np.array([each.mean() for each in np.split(is_other, ends)])
    return bool((share > _SHARE + _BORDER / np.sqrt(size[judged])).any())


def _some_of(own: IntArray) -> IntArray:
    """Spots of a part: all, or some from its first to its last."""
    at = np.linspace(0, len(own) - 1, min(len(own), _ASKED))
    some: IntArray = own[at.astype(np.int64)]
    return some


def _nearest(xy: FloatArray, asked: IntArray) -> IntArray:
    """Nearest other spots of some, shape (asked, neighbour)."""
    from scipy.spatial import cKDTree

    _, near = cKDTree(xy).query(xy[asked], k=_NEIGHBOURS + 1)
    found: IntArray = np.asarray(near, dtype=np.int64)[:, 1:]
    return found
