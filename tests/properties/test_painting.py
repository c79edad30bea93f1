"""Painting to spots and sites, refining between them, and back again."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from napari_stentrans.datasets import simulated_section
from napari_stentrans.section.lattice import Lattice, LatticeKind
from napari_stentrans.section.missing import MissingRegions
from napari_stentrans.section.raster import SpotRaster
from napari_stentrans.section.section import Section
from napari_stentrans.section.targets import Origin, enhancement_targets
from napari_stentrans.section.tissue import TissueRule, refined_sites
from napari_stentrans.section.triangles import sides, tissue_triangles

seeds = st.integers(0, 2**32 - 1)
kinds = st.sampled_from(list(LatticeKind))
regular = st.sampled_from([k for k in LatticeKind if k is not LatticeKind.IRREGULAR])
factors = st.integers(1, 4)
rules = st.sampled_from(list(TissueRule))
PARTS = ("unmeasured", "outside", "new_rc", "outside_rc")


@cache
def simulated(kind: LatticeKind) -> Section:
    return simulated_section(
        lattice=kind, n_rows=9, n_cols=9, n_genes=1, seed=4
    ).section


def places(array_rc: np.ndarray) -> set[tuple[float, float]]:
    return {(row, col) for row, col in np.round(array_rc, 6).tolist()}


def picture_of(raster: SpotRaster, seed: int) -> np.ndarray:
    """A few random rectangles of random labels, erasing included."""
    rng = np.random.default_rng(seed)
    picture = np.zeros(raster.shape, np.uint8)
    for label in rng.integers(0, 3, size=5):
        (top, left), size = rng.integers(0, raster.shape), rng.integers(1, 8, size=2)
        picture[top : top + size[0], left : left + size[1]] = label
    return picture


@given(kinds, seeds, st.integers(0, 4))
def test_paint_spots_paint(kind, seed, margin):
    raster = SpotRaster.from_section(simulated(kind), margin=margin)
    once = MissingRegions.from_labels(picture_of(raster, seed), raster)
    twice = MissingRegions.from_labels(once.to_labels(raster), raster)
    for part in PARTS:
        np.testing.assert_array_equal(getattr(once, part), getattr(twice, part))


@given(kinds, seeds)
def test_spots_paint_spots(kind, seed):
    section = simulated(kind)
    raster = SpotRaster.from_section(section)
    mask = np.random.default_rng(seed).random(section.n_spots) < 0.3
    regions = MissingRegions.from_spots(section, mask)
    again = MissingRegions.from_labels(regions.to_labels(raster), raster)
    np.testing.assert_array_equal(again.unmeasured, mask)
    assert again.n_new == 0
    assert not again.outside.any()


@given(kinds, seeds, factors, rules)
def test_every_measured_spot_is_a_target_once(kind, seed, factor, rule):
    section = simulated(kind)
    raster = SpotRaster.from_section(section)
    regions = MissingRegions.from_labels(picture_of(raster, seed), raster)
    assume(not (regions.unmeasured | regions.outside).all())
    assume(factor > 1 or not regions.is_empty)
    targets = enhancement_targets(section, regions, factor, rule)
    kept = np.flatnonzero(~regions.outside)
    assert targets.spot[targets.spot >= 0].tolist() == kept.tolist()
    measured = np.flatnonzero(~regions.outside & ~regions.unmeasured)
    assert targets.spot[targets.measured].tolist() == measured.tolist()
    assert len(places(targets.array_rc)) == len(targets)
    assert places(regions.new_rc) <= places(targets.array_rc)
    never = np.concatenate([regions.outside_rc, section.array_rc[regions.outside]])
    assert not places(never) & places(targets.array_rc)
    painted = targets.origin == Origin.PAINTED
    assert painted.sum() >= regions.unmeasured.sum() + regions.n_new


@given(regular, seeds, factors, rules)
def test_refined_sites_do_not_depend_on_spot_order(kind, seed, factor, rule):
    rng = np.random.default_rng(seed)
    array_rc = simulated(kind).array_rc
    array_rc = array_rc[rng.random(len(array_rc)) < 0.8]
    assume(len(array_rc))
    marked, order = rng.random(len(array_rc)) < 0.5, rng.permutation(len(array_rc))
    lattice = Lattice(kind)
    one = refined_sites(lattice, array_rc, factor, rule, marked)
    other = refined_sites(lattice, array_rc[order], factor, rule, marked[order])
    assert places(one.array_rc) == places(other.array_rc)
    assert places(one.array_rc[one.inside]) == places(other.array_rc[other.inside])
    n_given = len(array_rc)
    np.testing.assert_array_equal(one.array_rc[n_given:], other.array_rc[n_given:])


@given(seeds, factors)
def test_irregular_refinement_does_not_depend_on_spot_order(seed, factor):
    rng = np.random.default_rng(seed)
    points, order = rng.normal(size=(20, 2)), rng.permutation(20)
    lattice = Lattice(LatticeKind.IRREGULAR)
    one = refined_sites(lattice, points, factor)
    other = refined_sites(lattice, points[order], factor)
    assert len(one.array_rc) == len(other.array_rc)
    np.testing.assert_allclose(one.array_rc[20:], other.array_rc[20:], atol=1e-9)
    triangles = tissue_triangles(points)
    n_triangles, n_sides = len(triangles), len(sides(triangles))
    n_inner = (factor - 1) * (factor - 2) // 2
    assert len(one.array_rc) == 20 + n_sides * (factor - 1) + n_triangles * n_inner


@given(regular, seeds, st.integers(2, 4), rules)
def test_refining_commutes_with_moving_and_stretching(kind, seed, factor, rule):
    rng = np.random.default_rng(seed)
    array_rc = simulated(kind).array_rc
    array_rc = array_rc[rng.random(len(array_rc)) < 0.8]
    assume(len(array_rc))
    shift, stretch = (
        rng.integers(-100, 100, size=2),
        rng.choice([0.5, 2.0, 7.0], size=2),
    )
    moved = Lattice(kind, (shift[0], shift[1]), (stretch[0], stretch[1]))
    here = refined_sites(Lattice(kind), array_rc, factor, rule)
    there = refined_sites(moved, shift + array_rc * stretch, factor, rule)
    np.testing.assert_allclose(
        there.array_rc, shift + here.array_rc * stretch, atol=1e-9
    )


@pytest.mark.parametrize("kind", LatticeKind)
@given(seed=seeds, factor=st.integers(2, 4), rule=rules)
def test_refined_positions_survive_being_drawn(kind, seed, factor, rule):
    section = simulated(kind)
    found = refined_sites(section.lattice, section.array_rc, factor, rule)
    raster = SpotRaster.from_positions(
        section, section.lattice.refined(factor), found.array_rc
    )
    labels = np.random.default_rng(seed).integers(0, 3, size=len(found.array_rc))
    if section.lattice.is_regular:
        np.testing.assert_array_equal(raster.spot_labels(raster.paint(labels)), labels)
    row, col = raster.pixel_of(found.array_rc).T
    assert (raster.index[row, col] >= 0).all()
