"""Outlines of painted areas, and which points lie within outlines.

Rings are closed without repeating their first corner. Knows nothing of sections.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from napari_stentrans.section.lattice import FloatArray, IntArray
from napari_stentrans.section.tissue import BoolArray

Polygon: TypeAlias = list[FloatArray]
"""Rings, shape (corner, 2) each: the outer one, then the holes."""

_Corner: TypeAlias = tuple[int, int]


def outlines(mask: BoolArray) -> list[Polygon]:
    """Trace the areas of a mask along the sides of its pixels.

    Parameters
    ----------
    mask : ndarray of bool, shape (row, col)
        What to go around.

    Returns
    -------
    list
        One polygon for each area connected by sides; corners are (row, col), a pixel's
        centre being whole numbers and its corners halves.
    """
    rings = [_straightened(ring) for ring in _rings(np.pad(mask, 1))]
    areas = np.array([_area(ring) for ring in rings])
    outer = [ring for ring, area in zip(rings, areas, strict=True) if area > 0]
    holes = [ring for ring, area in zip(rings, areas, strict=True) if area < 0]
    polygons: list[Polygon] = [[ring - 1.5] for ring in outer]
    if holes:
        around = _smallest_around(holes, outer, areas[areas > 0])
        for hole, number in zip(holes, around.tolist(), strict=True):
            polygons[number].append(hole - 1.5)
    return polygons


def inside(points: FloatArray, rings: Iterable[FloatArray]) -> BoolArray:
    """Which points lie within rings, holes being within twice: shape (point,).

    Parameters
    ----------
    points : ndarray, shape (point, 2)
        Where to look.
    rings
        Each of shape (corner, 2), in the same coordinates; closed or not.
    """
    return SortedPoints(points).inside(rings)


class SortedPoints:
    """Points made ready to be looked for in many rings.

    In their order along v, those that a side can pass are next to one another.

    Parameters
    ----------
    points : ndarray, shape (point, 2)
        Where to look: (u, v).
    """

    def __init__(self, points: FloatArray) -> None:
        self._order = np.argsort(points[:, 1], kind="stable")
        self._u, self._v = np.ascontiguousarray(points[self._order].T)

    def inside(self, rings: Iterable[FloatArray]) -> BoolArray:
        """Which points lie within rings, holes being within twice: shape (point,)."""
        within = np.zeros(len(self._order), dtype=bool)
        for ring in rings:
            at = self._near(ring)
            if len(at):
                crossed = _crossed(self._u[at], self._v[at], ring)
                within[self._order[at]] ^= crossed
        return within

    def _near(self, ring: FloatArray) -> IntArray:
        """Places, in order, of the points in the box around a ring."""
        (low_u, low_v), (high_u, high_v) = ring.min(axis=0), ring.max(axis=0)
        first = np.searchsorted(self._v, low_v, side="left")
        last = np.searchsorted(self._v, high_v, side="right")
        u = self._u[first:last]
        near: IntArray = first + np.flatnonzero((u >= low_u) & (u <= high_u))
        return near


def _crossed(u: FloatArray, v: FloatArray, ring: FloatArray) -> BoolArray:
    """Whether a ray from each point, in order of v, crosses a ring oddly: (point,)."""
    ends = np.roll(ring, -1, axis=0)
    low, high = np.sort([ring[:, 1], ends[:, 1]], axis=0)
    first, last = np.searchsorted(v, low), np.searchsorted(v, high)
    crossed = np.zeros(len(u), dtype=bool)
    for side in np.flatnonzero(first < last).tolist():
        (u0, v0), (u1, v1) = ring[side], ends[side]
        beside = slice(first[side], last[side])
        crossed[beside] ^= u[beside] < u0 + (v[beside] - v0) * (u1 - u0) / (v1 - v0)
    return crossed


def _smallest_around(
    holes: list[FloatArray], outer: list[FloatArray], areas: FloatArray
) -> IntArray:
    """Number of the ring that each hole lies in: shape (hole,)."""
    inner = SortedPoints(np.concatenate([_point_left_of(hole) for hole in holes]))
    around = np.full(len(holes), -1)
    for number in np.argsort(areas, kind="stable")[::-1].tolist():
        around[inner.inside([outer[number]])] = number
    return around


def _rings(mask: BoolArray) -> list[list[_Corner]]:
    """Chains of pixel sides with the area on their right, in (row, col) of corners."""
    heads: dict[_Corner, list[_Corner]] = {}

    def add(pixels: NDArray[np.int64], start: _Corner, end: _Corner) -> None:
        for row, col in pixels.tolist():
            corner = (row + start[0], col + start[1])
            heads.setdefault(corner, []).append((row + end[0], col + end[1]))

    here = mask[1:-1, 1:-1]
    for (down, right), start, end in (
        ((-1, 0), (0, 0), (0, 1)),
        ((0, 1), (0, 1), (1, 1)),
        ((1, 0), (1, 1), (1, 0)),
        ((0, -1), (1, 0), (0, 0)),
    ):
        rows = slice(1 + down, mask.shape[0] - 1 + down)
        cols = slice(1 + right, mask.shape[1] - 1 + right)
        add(np.argwhere(here & ~mask[rows, cols]) + 1, start, end)
    rings = []
    while heads:
        first = next(iter(heads))
        ring, at, came = [first], first, (0, 0)
        while True:
            at, came = _step(heads, at, came)
            if at == first:
                break
            ring.append(at)
        rings.append(ring)
    return rings


def _step(
    heads: dict[_Corner, list[_Corner]], at: _Corner, came: _Corner
) -> tuple[_Corner, _Corner]:
    """Follow a side; where two areas touch at a corner, stay with the same one."""
    ends = heads[at]
    ways = [(end[0] - at[0], end[1] - at[1]) for end in ends]
    right = (came[1], -came[0])
    chosen = ways.index(right) if right in ways else 0
    end, way = ends.pop(chosen), ways[chosen]
    if not ends:
        del heads[at]
    return end, way


def _straightened(ring: Sequence[_Corner]) -> FloatArray:
    """Keep the corners at which the ring turns."""
    corners = np.asarray(ring, dtype=np.float64)
    before, after = np.roll(corners, 1, axis=0), np.roll(corners, -1, axis=0)
    turns = ((corners - before) != (after - corners)).any(axis=1)
    kept: FloatArray = corners[turns]
    return kept


def _area(ring: FloatArray) -> float:
    """Area of a ring of (row, col): positive if what it holds is on its right."""
    row, col = ring.T
    return float(np.sum(col * np.roll(row, -1) - np.roll(col, -1) * row)) / 2


def _point_left_of(hole: FloatArray) -> FloatArray:
    """A point just within a hole, whose ring has the area on its right."""
    start, way = hole[0], np.sign(hole[1] - hole[0])
    point: FloatArray = (start + way / 4 + np.array([-way[1], way[0]]) / 4)[None]
    return point
