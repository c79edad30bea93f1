"""Whatever is painted, in whatever order: regions keep their promises."""

from __future__ import annotations

from functools import cache

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from napari_stentrans.datasets import simulated_section
from napari_stentrans.section.lattice import LatticeKind
from napari_stentrans.section.regions import RegionKind, Regions
from napari_stentrans.section.sites import PaintSites

seeds = st.integers(0, 2**32 - 1)
kinds = st.sampled_from(list(LatticeKind))


@cache
def sites_of(kind: LatticeKind) -> PaintSites:
    made = simulated_section(lattice=kind, n_rows=8, n_cols=8, n_genes=1, seed=4)
    return PaintSites.of(made.section)


def painted(kind: LatticeKind, seed: int) -> Regions:
    """A few regions of random kinds, painted and erased by random rectangles."""
    rng = np.random.default_rng(seed)
    regions = Regions.none(sites_of(kind))
    for region_kind in rng.choice(list(RegionKind), size=3):
        regions, _ = regions.with_new(RegionKind(region_kind))
    for label in rng.integers(0, 4, size=6):
        regions = stroke(regions, rng, int(label))
    return regions


def stroke(regions: Regions, rng: np.random.Generator, label: int) -> Regions:
    picture = regions.picture.copy()
    (top, left), size = rng.integers(0, picture.shape), rng.integers(1, 8, size=2)
    picture[top : top + size[0], left : left + size[1]] = label
    return regions.stroked(picture)


@given(kinds, seeds)
def test_what_is_seen_is_what_is_used(kind, seed):
    regions = painted(kind, seed)
    again = regions.sites.read(regions.picture)
    np.testing.assert_array_equal(again, regions.view)
    assert regions.stroked(regions.picture) is regions


@given(kinds, seeds)
def test_counts_are_the_sites_that_are_marked(kind, seed):
    regions = painted(kind, seed)
    missing = regions.missing()
    of_kind = [r for r in regions.listed if r.kind is RegionKind.PREDICT]
    counts = [regions.count(region.label) for region in of_kind]
    assert missing.n_spots == sum(n_spots for n_spots, _ in counts)
    assert missing.n_new == sum(n_new for _, n_new in counts)
    assert not (missing.unmeasured & missing.outside).any()


@given(kinds, seeds)
def test_removing_every_region_leaves_nothing(kind, seed):
    regions = painted(kind, seed)
    for region in regions.listed:
        regions = regions.without(region.label)
    assert regions.is_blank
    assert regions.missing().is_empty
    assert not regions.missing().outside.any()


@given(kinds, seeds)
def test_a_stroke_changes_what_it_touches_and_nothing_else(kind, seed):
    regions, rng = painted(kind, seed), np.random.default_rng(seed + 1)
    picture = regions.picture.copy()
    row, col = rng.integers(0, picture.shape)
    picture[row, col] = 1
    after = regions.stroked(picture)
    site = int(regions.sites.index[row, col])
    is_new = (after.over != regions.over) | (after.ground != regions.ground)
    assert set(np.flatnonzero(is_new).tolist()) <= {site}
    assert site < 0 or after.covered_by(1)[site]


@given(kinds, seeds)
def test_joining_with_itself_covers_the_same(kind, seed):
    regions = painted(kind, seed)
    joined = regions.joined(regions)
    one, other = joined.missing(), regions.missing()
    for part in ("unmeasured", "outside", "new_rc", "outside_rc"):
        np.testing.assert_array_equal(getattr(one, part), getattr(other, part))
