"""The tissue rules against slow loops that reason with distances, not with arrays.

A refined position lies between the measured sites whose influence reaches it. On square
lattices that is the square of half-width 1 around a site, on hex the hexagon whose
corners are its neighbours; both are written down here as directions and projections,
while the package counts corners of cells in slices.
"""

from __future__ import annotations

import itertools
from collections import deque
from functools import cache

import numpy as np
import pytest

from napari_stentrans.section.lattice import Lattice, LatticeKind
from napari_stentrans.section.tissue import TissueRule, interior_holes, refined_sites

pytestmark = pytest.mark.oracle

REGULAR = [LatticeKind.SQUARE, LatticeKind.HEX, LatticeKind.QUINCUNX]
HALF = np.sqrt(0.5)
STEP = {
    LatticeKind.SQUARE: (1, 1),
    LatticeKind.HEX: (np.sqrt(3) / 2, 0.5),
    LatticeKind.QUINCUNX: (HALF, HALF),
}
REACH = {
    LatticeKind.SQUARE: ([(1, 0), (0, 1)], 1.0),
    LatticeKind.QUINCUNX: ([(HALF, HALF), (HALF, -HALF)], 1.0),
    LatticeKind.HEX: (
        [(1, 0), (0.5, np.sqrt(3) / 2), (0.5, -np.sqrt(3) / 2)],
        np.sqrt(3) / 2,
    ),
}
"""Directions (row, col), and how far a site's influence reaches along each."""

SHAPES = {
    "one spot": ["#"],
    "two spots across": ["##"],
    "two spots down": ["#", "#"],
    "line": ["#######"],
    "full": ["#####"] * 5,
    "ring": ["#####", "#...#", "#...#", "#...#", "#####"],
    "thin ring": ["####", "#..#", "####"],
    "open ring": ["#####", "#...#", "#....", "#...#", "#####"],
    "concave": ["##..##", "##..##", "##..##", "######"],
    "two pieces": ["##...##", "##...##", "##...##"],
    "two holes": ["########", "#..##..#", "#..##..#", "########"],
    "island in a hole": ["#######", "#.....#", "#..#..#", "#.....#", "#######"],
    "diagonal": ["#...", ".#..", "..#.", "...#"],
    "missing corner": ["##", "#."],
}


def sites_of(kind: LatticeKind, drawing: list[str]) -> np.ndarray:
    """Array coordinates of the ``#`` of a drawing, shape (site, 2)."""
    marks = [
        (row, col)
        for row, line in enumerate(drawing)
        for col, mark in enumerate(line)
        if mark == "#"
    ]
    if kind is LatticeKind.SQUARE:
        return np.array(marks, dtype=float)
    return np.array([(row, 2 * col + row % 2) for row, col in marks], dtype=float)


def key(row: float, col: float) -> tuple[float, float]:
    return round(float(row), 6) + 0.0, round(float(col), 6) + 0.0


@cache
def between(kind: LatticeKind, position: tuple[float, float]) -> list:
    """Sites of the endless lattice that a position lies on or between."""
    directions, reach = REACH[kind]
    around = [range(int(np.floor(x)) - 2, int(np.ceil(x)) + 3) for x in position]
    found = []
    for row, col in itertools.product(*around):
        if kind is not LatticeKind.SQUARE and (row + col) % 2:
            continue
        down = (position[0] - row) * STEP[kind][0]
        across = (position[1] - col) * STEP[kind][1]
        offsets = [abs(down * d + across * a) for d, a in directions]
        if max(offsets) < reach - 1e-6:
            found.append(key(row, col))
    return found


def flooded(kind: LatticeKind, sites: set) -> set:
    """Sites and the empty sites that water from outside cannot reach."""
    rows, cols = [row for row, _ in sites], [col for _, col in sites]
    frame = {
        key(row, col)
        for row in range(int(min(rows)) - 3, int(max(rows)) + 4)
        for col in range(int(min(cols)) - 5, int(max(cols)) + 6)
        if kind is LatticeKind.SQUARE or (row + col) % 2 == 0
    }
    wet, queue = set(), deque(f for f in frame if f[0] == min(rows) - 3)
    while queue:
        site = queue.popleft()
        if site in wet or site in sites:
            continue
        wet.add(site)
        for down, across in itertools.product((-2, -1, 0, 1, 2), repeat=2):
            other = key(site[0] + down, site[1] + across)
            length = np.hypot(down * STEP[kind][0], across * STEP[kind][1])
            if other in frame and abs(length - 1) < 1e-6:
                queue.append(other)
    return frame - wet


def expected_positions(
    kind: LatticeKind, tissue: set, factor: int, marked: set
) -> dict[tuple[float, float], bool]:
    """Kept positions, and whether all the tissue that they lie between is marked."""
    rows, cols = [row for row, _ in tissue], [col for _, col in tissue]
    kept = {}
    for i in range(int(min(rows) - 1) * factor, int(max(rows) + 1) * factor + 1):
        for j in range(int(min(cols) - 1) * factor, int(max(cols) + 1) * factor + 1):
            if kind is not LatticeKind.SQUARE and (i + j) % 2:
                continue
            position = (i / factor, j / factor)
            corners = between(kind, position)
            there = [corner for corner in corners if corner in tissue]
            needed = 3 if len(corners) == 4 else len(corners)
            if len(there) >= needed:
                kept[key(*position)] = all(corner in marked for corner in there)
    return kept


def check(kind, sites, factor, rule, marked=None, outside=()):
    """Compare `refined_sites` with the loops, entry by entry."""
    result = refined_sites(
        Lattice(kind), sites, factor, rule, marked=marked, outside_rc=np.array(outside)
    )
    given = {key(*site) for site in sites}
    tissue = flooded(kind, given) if rule is TissueRule.FILLED else set(given)
    tissue -= {key(*site) for site in outside}
    chosen = np.zeros(len(sites), bool) if marked is None else marked
    marks = {key(*site) for site in sites[chosen]}
    wanted = expected_positions(kind, tissue, factor, marks)
    got = [key(*position) for position in result.array_rc]
    assert len(set(got)) == len(got), "a position occurs twice"
    assert set(got) == set(wanted)
    assert [wanted[position] for position in got] == result.inside.tolist()
    np.testing.assert_array_equal(result.array_rc[: len(sites)], sites)
    np.testing.assert_array_equal(result.parent[: len(sites)], np.arange(len(sites)))
    assert (result.parent[len(sites) :] == -1).all()


@pytest.mark.parametrize("kind", REGULAR)
@pytest.mark.parametrize("rule", TissueRule)
@pytest.mark.parametrize("shape", SHAPES)
def test_shapes(kind: LatticeKind, rule: TissueRule, shape: str) -> None:
    for factor in (1, 2, 3):
        check(kind, sites_of(kind, SHAPES[shape]), factor, rule)


@pytest.mark.parametrize("kind", REGULAR)
@pytest.mark.parametrize("rule", TissueRule)
@pytest.mark.parametrize("factor", [1, 2, 3, 4])
def test_random_tissue(kind, rule, factor, rng) -> None:
    for _ in range(3):
        drawing = ["".join(rng.choice(list("###."), size=6)) for _ in range(6)]
        sites = sites_of(kind, drawing)
        check(kind, sites, factor, rule, marked=rng.random(len(sites)) < 0.7)


@pytest.mark.parametrize("kind", REGULAR)
@pytest.mark.parametrize("factor", [1, 2, 3])
def test_sites_marked_outside_are_never_tissue(kind, factor) -> None:
    sites = sites_of(kind, SHAPES["ring"])
    holes = interior_holes(Lattice(kind), sites)
    check(kind, sites, factor, TissueRule.FILLED, outside=holes[1:5])
    check(kind, sites, factor, TissueRule.FILLED, outside=holes)


@pytest.mark.parametrize("kind", REGULAR)
@pytest.mark.parametrize("shape", SHAPES)
def test_interior_holes(kind: LatticeKind, shape: str) -> None:
    sites = sites_of(kind, SHAPES[shape])
    given = {key(*site) for site in sites}
    holes = [key(*hole) for hole in interior_holes(Lattice(kind), sites)]
    assert sorted(holes) == sorted(flooded(kind, given) - given)


@pytest.mark.parametrize("kind", REGULAR)
@pytest.mark.parametrize("factor", [1, 2, 3, 4])
@pytest.mark.parametrize("rule", TissueRule)
def test_full_parallelogram_in_closed_form(kind, factor, rule) -> None:
    cell = {
        LatticeKind.SQUARE: [(1, 0), (0, 1)],
        LatticeKind.HEX: [(1, 1), (0, 2)],
        LatticeKind.QUINCUNX: [(1, 1), (-1, 1)],
    }[kind]
    n_down, n_across = 5, 7
    uv = np.array(list(itertools.product(range(n_down), range(n_across))))
    result = refined_sites(Lattice(kind), uv @ np.array(cell, float), factor, rule)
    n_expected = ((n_down - 1) * factor + 1) * ((n_across - 1) * factor + 1)
    assert len(result.array_rc) == n_expected
