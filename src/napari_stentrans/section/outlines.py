"""Outlines of painted areas, and which points lie within outlines.

Rings are closed without repeating their first corner. Knows nothing of sections.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from napari_stentrans.section.lattice import FloatArray
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
    outer = [ring for ring in rings if _area(ring) > 0]
    polygons: list[Polygon] = [[ring - 1.5] for ring in outer]
    for hole in (ring for ring in rings if _area(ring) < 0):
        inner = _point_left_of(hole)
        around = [
            (abs(_area(ring)), number)
            for number, ring in enumerate(outer)
            if inside(inner, [ring])[0]
        ]
        polygons[min(around)[1]].append(hole - 1.5)
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
    within = np.zeros(len(points), dtype=bool)
    for ring in rings:
        low, high = ring.min(axis=0), ring.max(axis=0)
        near = np.flatnonzero(((points >= low) & (points <= high)).all(axis=1))
        u, v = points[near].T
        crossed = np.zeros(len(near), dtype=bool)
        for (u0, v0), (u1, v1) in zip(ring, np.roll(ring, -1, axis=0), strict=True):
            if v0 != v1:
                beside = (v0 > v) != (v1 > v)
                crossed ^= beside & (u < u0 + (v - v0) * (u1 - u0) / (v1 - v0))
        within[near] ^= crossed
    return within


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
