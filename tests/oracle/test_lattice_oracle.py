"""Lattice geometry against slow loops over pairs of spots."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from napari_stentrans.section.lattice import Lattice, LatticeKind

pytestmark = pytest.mark.oracle

NEIGHBOURS = {LatticeKind.SQUARE: 4, LatticeKind.HEX: 6, LatticeKind.QUINCUNX: 4}
ANGLES = {
    LatticeKind.SQUARE: [0, 90, 180, 270],
    LatticeKind.HEX: [0, 60, 120, 180, 240, 300],
    LatticeKind.QUINCUNX: [45, 135, 225, 315],
}
"""Directions to the neighbours, degrees from across (columns) to down (rows)."""


def full(lattice: Lattice, n_rows: int, n_cols: int) -> np.ndarray:
    """Every site of a rectangle, in array coordinates."""
    sites = [
        (row, col)
        for row in range(n_rows)
        for col in range(n_cols)
        if lattice.kind is LatticeKind.SQUARE or (row + col) % 2 == 0
    ]
    return np.array(
        [
            [
                lattice.origin_rc[0] + row * lattice.step_rc[0],
                lattice.origin_rc[1] + col * lattice.step_rc[1],
            ]
            for row, col in sites
        ]
    )


@pytest.fixture(params=list(NEIGHBOURS))
def lattice(request: pytest.FixtureRequest) -> Lattice:
    return Lattice(request.param, origin_rc=(-3.5, 12.0), step_rc=(0.5, 3.0))


def test_nearest_neighbours_lie_one_pitch_apart_in_the_right_directions(lattice):
    array_rc = full(lattice, 9, 12)
    pitch_rc = lattice.to_pitch(array_rc)
    n_complete = 0
    for here in pitch_rc:
        down, across = (pitch_rc - here).T
        distance = np.hypot(down, across)
        near = np.isclose(distance, distance[distance > 1e-9].min())
        np.testing.assert_allclose(distance[near], 1)
        if near.sum() == NEIGHBOURS[lattice.kind]:
            degrees = np.degrees(np.arctan2(down[near], across[near])) % 360
            np.testing.assert_allclose(
                np.sort(degrees.round(6) % 360), ANGLES[lattice.kind]
            )
            n_complete += 1
    assert n_complete >= 20


def test_neighbours_are_the_pairs_one_pitch_apart(lattice):
    array_rc = full(lattice, 7, 8)
    pitch_rc = lattice.to_pitch(array_rc)
    wanted = [
        (a, b)
        for a, b in itertools.combinations(range(len(pitch_rc)), 2)
        if abs(np.hypot(*(pitch_rc[a] - pitch_rc[b])) - 1) < 1e-6
    ]
    assert lattice.neighbours(array_rc).tolist() == [list(pair) for pair in wanted]


@pytest.mark.parametrize("factor", [1, 2, 3, 4])
def test_refined_sites_are_counted_and_keep_every_parent(lattice, factor):
    parents = full(lattice, 7, 9)
    refined = lattice.refined(factor)
    assert refined.is_site(parents).all()
    grid = refined.to_grid(parents)
    assert (grid % factor == 0).all()
    np.testing.assert_allclose(refined.to_array(grid), parents, atol=1e-12)
    corner, extent = parents.min(axis=0), np.ptp(parents, axis=0)
    fine = [
        corner + np.multiply(refined.step_rc, (row, col))
        for row in range(6 * factor + 1)
        for col in range(8 * factor + 1)
    ]
    assert np.allclose(fine[-1], corner + extent)
    n_all = (6 * factor + 1) * (8 * factor + 1)
    n_expected = n_all if lattice.kind is LatticeKind.SQUARE else (n_all + 1) // 2
    assert refined.is_site(fine).sum() == n_expected
    pitch_rc = refined.to_pitch(np.array(fine)[refined.is_site(fine)])
    apart = np.hypot(*(pitch_rc[1:] - pitch_rc[0]).T)
    assert apart.min() == pytest.approx(1)


def test_irregular_neighbours_share_an_empty_circle(rng):
    lattice = Lattice(LatticeKind.IRREGULAR)
    points = rng.uniform(0, 5, size=(30, 2))
    wanted = set()
    for a, b, c in itertools.combinations(range(len(points)), 3):
        corners = points[[a, b, c]]
        sides = np.linalg.norm(corners - np.roll(corners, 1, axis=0), axis=1)
        centre = np.linalg.solve(
            2 * (corners[1:] - corners[0]),
            (corners[1:] ** 2).sum(axis=1) - (corners[0] ** 2).sum(),
        )
        radius = np.linalg.norm(corners[0] - centre)
        others = np.delete(points, [a, b, c], axis=0)
        empty = (np.linalg.norm(others - centre, axis=1) > radius).all()
        if empty and sides.max() <= 2:
            wanted |= {(a, b), (b, c), (a, c)}
    assert {tuple(pair) for pair in lattice.neighbours(points).tolist()} == wanted
