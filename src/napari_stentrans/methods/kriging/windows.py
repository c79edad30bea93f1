"""Large sections in windows, so that cost grows linearly with the number of spots."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import KDTree

from napari_stentrans.section.lattice import FloatArray, IntArray

_CORE = 0.45
"""Largest share of a window that is its core."""


@dataclass(frozen=True, eq=False)
class Window:
    """Spots that are solved together, and the part of them it answers for.

    Attributes
    ----------
    spots : ndarray, shape (spot,)
        Indices of the spots solved together.
    core : ndarray, shape (core spot,)
        Indices of the spots this window answers for; cores partition the section.
    """

    spots: IntArray
    core: IntArray


def split_windows(pitch_rc: FloatArray, size: int) -> list[Window]:
    """Split spots into windows of about ``size`` spots that overlap.

    A section of up to ``1.5 * size`` spots is one window. Otherwise even cores of at
    most ``0.45 * size`` spots are cut across their longer sides, and each takes the
    nearest spots around it: several pitches of context on each side.
    """
    everything = np.arange(len(pitch_rc))
    if len(pitch_rc) <= 1.5 * size:
        return [Window(everything, everything)]
    n_parts = int(np.ceil(len(pitch_rc) / (_CORE * size)))
    return [
        Window(_around(pitch_rc, core, size), core)
        for core in _cut(pitch_rc, everything, n_parts)
    ]


def assign_queries(
    windows: list[Window], pitch_rc: FloatArray, query_rc: FloatArray
) -> IntArray:
    """Window that answers for each query: that of its nearest spot, shape (query,)."""
    owner = np.empty(len(pitch_rc), dtype=np.int64)
    for number, window in enumerate(windows):
        owner[window.core] = number
    if len(windows) == 1:
        return np.zeros(len(query_rc), dtype=np.int64)
    return owner[KDTree(pitch_rc).query(query_rc)[1]]


def _cut(pitch_rc: FloatArray, spots: IntArray, n_parts: int) -> list[IntArray]:
    """Cut spots into even parts, each time across the longer side."""
    if n_parts == 1:
        return [spots]
    extent = np.ptp(pitch_rc[spots], axis=0)
    order = spots[np.argsort(pitch_rc[spots, int(np.argmax(extent))], kind="stable")]
    n_first = n_parts // 2
    cut = len(order) * n_first // n_parts
    return _cut(pitch_rc, order[:cut], n_first) + _cut(
        pitch_rc, order[cut:], n_parts - n_first
    )


def _around(pitch_rc: FloatArray, core: IntArray, size: int) -> IntArray:
    """Return a core and the spots nearest to the box around it, ``size`` together."""
    low, high = pitch_rc[core].min(axis=0), pitch_rc[core].max(axis=0)
    outside = np.maximum(np.maximum(low - pitch_rc, pitch_rc - high), 0)
    distance = np.linalg.norm(outside, axis=1)
    distance[core] = -1.0  # before others that lie in its box
    return np.sort(np.argpartition(distance, size - 1)[:size]).astype(np.int64)
