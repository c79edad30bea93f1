"""Large sections in windows, so that cost grows linearly with the number of spots."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import KDTree

from napari_stentrans.section.lattice import FloatArray, IntArray

_CORE = 0.45
"""Largest share of a window that is its core."""
_AWAY = 0.72
"""Pitches to the nearest spot beyond which several windows may answer together: more
than from the middle of four spots of a square lattice."""


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


def largest(windows: list[Window]) -> int:
    """Spots of the largest window."""
    return max(len(window.spots) for window in windows)


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


@dataclass(frozen=True, eq=False)
class Answered:
    """Queries that a window answers for, alone or together with others.

    Attributes
    ----------
    rows : ndarray, shape (n,)
        Which queries.
    share : ndarray, shape (n,)
        How much the window counts there; over all windows these sum to one.
    """

    rows: IntArray
    share: FloatArray


def answered_by(
    windows: list[Window], pitch_rc: FloatArray, query_rc: FloatArray
) -> list[Answered]:
    """Queries that each window answers for: those whose nearest spot is in its core.

    In a hole the nearest spot changes from one side to the other, and windows know
    their own side best: away from all spots those on the other sides count as well,
    the more the less they are farther off, so that no seams are left.
    """
    if len(windows) == 1:
        return [Answered(np.arange(len(query_rc)), np.ones(len(query_rc)))]
    nearest, spot = map(np.asarray, KDTree(pitch_rc).query(query_rc))
    owner = np.empty(len(pitch_rc), dtype=np.int64)
    for number, window in enumerate(windows):
        owner[window.core] = number
    away = np.flatnonzero(nearest > _AWAY)
    alone = np.where(nearest > _AWAY, -1, owner[spot])
    total, found = np.ones(len(query_rc)), []
    total[away] = 0.0
    for number, window in enumerate(windows):
        weight = _weight(pitch_rc[window.core], query_rc[away], nearest[away])
        total[away] += weight
        mine, counts = np.flatnonzero(alone == number), weight > 0
        rows = np.concatenate([mine, away[counts]])
        found.append((rows, np.concatenate([np.ones(len(mine)), weight[counts]])))
    return [Answered(rows, weight / total[rows]) for rows, weight in found]


def _weight(core: FloatArray, query_rc: FloatArray, nearest: FloatArray) -> FloatArray:
    """Weight of a window at queries away from all spots, shape (query,).

    One where its core has the nearest spot; none where that is farther off by as much
    as the nearest spot is beyond the neighbourhood.
    """
    room = nearest - _AWAY
    outside = np.maximum(core.min(axis=0) - query_rc, query_rc - core.max(axis=0))
    to_box = np.sqrt((np.maximum(outside, 0) ** 2).sum(axis=1))
    weight = np.zeros(len(query_rc))
    some = np.flatnonzero(to_box < nearest + room)
    if len(some):
        distance = np.asarray(KDTree(core).query(query_rc[some])[0])
        farther = distance - nearest[some]
        weight[some] = np.maximum(1 - farther / room[some], 0) ** 2
    return weight


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
