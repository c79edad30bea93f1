"""Lattices under translation, refinement and any order of the spots."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from napari_stentrans.section.detection import detect_lattice
from napari_stentrans.section.lattice import Lattice, LatticeKind

REGULAR = [kind for kind in LatticeKind if kind is not LatticeKind.IRREGULAR]

steps = st.sampled_from([0.25, 0.5, 1.0, 2.0, 3.0, 100.0])
origins = st.integers(-1000, 1000).map(lambda whole: whole / 4)
kinds = st.sampled_from(REGULAR)
seeds = st.integers(0, 2**32 - 1)


@st.composite
def lattices(draw) -> Lattice:
    return Lattice(
        draw(kinds), (draw(origins), draw(origins)), (draw(steps), draw(steps))
    )


@st.composite
def grids(draw, kind: LatticeKind, most: int = 40) -> np.ndarray:
    """Distinct grid sites, in any order."""
    whole = st.integers(-50, 50)
    sites = draw(st.sets(st.tuples(whole, whole), min_size=1, max_size=most))
    grid = np.array(draw(st.permutations(sorted(sites))))
    if kind is not LatticeKind.SQUARE:
        grid[:, 1] = 2 * grid[:, 1] + grid[:, 0] % 2
    return grid


@given(st.data(), lattices(), st.integers(1, 4))
def test_grid_array_grid(data, lattice, factor):
    grid = data.draw(grids(lattice.kind))
    for at in (lattice, lattice.refined(factor)):
        array_rc = at.to_array(grid)
        np.testing.assert_array_equal(at.to_grid(array_rc), grid)
        np.testing.assert_allclose(at.from_pitch(at.to_pitch(array_rc)), array_rc)
        assert at.is_site(array_rc).all()


@given(st.data(), lattices(), st.integers(1, 4), st.integers(1, 4))
def test_parents_stay_sites_however_often_refined(data, lattice, first, second):
    array_rc = lattice.to_array(data.draw(grids(lattice.kind)))
    twice = lattice.refined(first).refined(second)
    assert twice.is_site(array_rc).all()
    np.testing.assert_allclose(twice.step_rc, lattice.refined(first * second).step_rc)
    grid = lattice.to_grid(array_rc)
    np.testing.assert_array_equal(twice.to_grid(array_rc), grid * first * second)
    np.testing.assert_allclose(
        twice.to_pitch(array_rc), lattice.to_pitch(array_rc) * first * second
    )


@given(st.data(), lattices())
def test_neighbours_are_symmetric_irreflexive_and_ordered(data, lattice):
    array_rc = lattice.to_array(data.draw(grids(lattice.kind)))
    pairs = lattice.neighbours(array_rc)
    assert (pairs[:, 0] < pairs[:, 1]).all()
    assert len(np.unique(pairs, axis=0)) == len(pairs)
    np.testing.assert_array_equal(pairs, pairs[np.lexsort(pairs.T[::-1])])
    most = 6 if lattice.kind is LatticeKind.HEX else 4
    assert np.bincount(pairs.ravel(), minlength=1).max() <= most


@given(st.data(), lattices(), seeds)
def test_neighbours_do_not_depend_on_spot_order(data, lattice, seed):
    array_rc = lattice.to_array(data.draw(grids(lattice.kind)))
    order = np.random.default_rng(seed).permutation(len(array_rc))
    shuffled = {
        frozenset(order[pair].tolist()) for pair in lattice.neighbours(array_rc[order])
    }
    assert shuffled == {frozenset(p) for p in lattice.neighbours(array_rc).tolist()}


@given(seeds)
def test_irregular_neighbours_do_not_depend_on_spot_order(seed):
    rng = np.random.default_rng(seed)
    points, order = rng.normal(size=(25, 2)), rng.permutation(25)
    lattice = Lattice(LatticeKind.IRREGULAR)
    shuffled = {
        frozenset(order[pair].tolist()) for pair in lattice.neighbours(points[order])
    }
    assert shuffled == {frozenset(p) for p in lattice.neighbours(points).tolist()}


def some_of(kind: LatticeKind, rng: np.random.Generator, kept: float) -> np.ndarray:
    """Array coordinates of a random part of a 14 x 14 array, in random order."""
    row, col = np.mgrid[:14, :14].reshape(2, -1)
    if kind is not LatticeKind.SQUARE:
        col = 2 * col + row % 2
    sites = np.column_stack([row, col]).astype(float)
    return rng.permutation(sites)[: round(kept * len(sites))]


@given(kinds, seeds, st.sampled_from([1.0, 0.7, 0.5, 0.3]), origins, origins)
def test_the_kind_is_recognised_with_spots_missing(kind, seed, kept, row, col):
    sites = some_of(kind, np.random.default_rng(seed), kept)
    step = {LatticeKind.HEX: (np.sqrt(3), 1), LatticeKind.SQUARE: (1, 1)}.get(
        kind, (1, 1)
    )
    pixel_xy = (sites * step)[:, ::-1] * 60
    found = detect_lattice(sites + (row, col) * np.ones(2), pixel_xy)
    assert found.lattice.kind is kind
    assert found.lattice.step_rc == (1.0, 1.0)
    assert found.lattice.is_site(found.array_rc).all()


@given(kinds, seeds, origins, origins)
def test_detection_does_not_depend_on_translation_or_order(kind, seed, row, col):
    rng = np.random.default_rng(seed)
    sites = some_of(kind, rng, 0.6)
    moved = rng.permutation(sites) + np.array([row, col])
    here, there = detect_lattice(sites).lattice, detect_lattice(moved).lattice
    assert here.kind is there.kind
    assert here.step_rc == there.step_rc
    offset = np.subtract(there.origin_rc, here.origin_rc) - (row, col)
    assert there.is_site(sites + np.array([row, col])).all()
    np.testing.assert_allclose(offset % 1, 0, atol=1e-9)


@given(
    st.sampled_from([LatticeKind.SQUARE, LatticeKind.HEX]),
    seeds,
    st.floats(0, 360),
    st.floats(0.01, 1000),
    st.sampled_from([1.0, 0.85, 0.7]),
)
def test_free_positions_are_recognised_turned_and_scaled(
    kind, seed, angle, scale, kept
):
    rng = np.random.default_rng(seed)
    ideal = Lattice(kind).to_pitch(some_of(kind, rng, kept))
    cos, sin = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    noisy = ideal + rng.normal(scale=0.02, size=ideal.shape)
    moved = (noisy @ np.array([[cos, sin], [-sin, cos]]) + rng.normal(size=2)) * scale
    found = detect_lattice(moved)
    assert found.lattice.kind is kind
    pitch_rc = found.lattice.to_pitch(found.array_rc)
    apart = np.linalg.norm(pitch_rc[:, None] - pitch_rc, axis=2)
    truth = np.linalg.norm(ideal[:, None] - ideal, axis=2)
    np.testing.assert_allclose(apart, truth, atol=1e-6)


@given(seeds)
def test_scattered_positions_are_never_taken_for_a_lattice(seed):
    points = np.random.default_rng(seed).uniform(0, 30, size=(150, 2))
    assert detect_lattice(points).lattice.kind is LatticeKind.IRREGULAR


@pytest.mark.parametrize("kind", REGULAR)
@given(data=st.data())
def test_any_few_sites_get_a_lattice_that_holds_them(kind, data):
    array_rc = Lattice(kind).to_array(data.draw(grids(kind, most=6)))
    assume(len(array_rc) < 7)
    found = detect_lattice(array_rc)
    assert found.lattice.is_site(found.array_rc).all()
    assert min(found.lattice.step_rc) > 0
