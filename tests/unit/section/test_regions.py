"""Named regions: painted, erased, switched, joined; and what they mean in the end."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from napari_stentrans.datasets import simulated_section
from napari_stentrans.errors import InvalidRequestError
from napari_stentrans.section.filling import filled
from napari_stentrans.section.lattice import LatticeKind
from napari_stentrans.section.missing import MissingRegions
from napari_stentrans.section.region_colours import colour_of, rgb_of
from napari_stentrans.section.regions import Region, RegionKind, Regions
from napari_stentrans.section.sites import PaintSites

PREDICT, OUTSIDE, TISSUE = RegionKind.PREDICT, RegionKind.OUTSIDE, RegionKind.TISSUE


def sites_of(kind):
    made = simulated_section(
        lattice=kind, n_rows=12, n_cols=12, n_genes=2, holes=1, seed=2
    )
    return PaintSites.of(made.section)


@pytest.fixture(params=list(LatticeKind))
def sites(request):
    return sites_of(request.param)


@pytest.fixture
def none(sites):
    return Regions.none(sites)


def spots_of(regions, label):
    covered = regions.covered_by(label)[: regions.sites.n_spots]
    return np.flatnonzero(covered).tolist()


def test_labels_names_and_kinds_of_new_regions(none):
    one, first = none.with_new(PREDICT)
    two, second = one.with_new(OUTSIDE)
    three, third = two.with_new(PREDICT)
    assert [r.name for r in three.listed] == ["Missing 1", "Not tissue 1", "Missing 2"]
    assert [first.label, second.label, third.label] == [1, 2, 3]
    assert none.listed == ()
    again, fourth = three.without(2).with_new(TISSUE)
    assert fourth == Region(2, "Tissue 1", TISSUE)
    assert len(again.listed) == 3


def test_more_regions_than_labels_are_refused(none):
    nearly = replace(none, listed=tuple(Region(n, f"r{n}") for n in range(1, 255)))
    full, last = nearly.with_new(PREDICT)
    assert last.label == 255
    with pytest.raises(InvalidRequestError, match="255"):
        full.with_new(PREDICT)


def test_a_stroke_over_one_pixel_paints_the_whole_site(none, sites):
    regions, region = none.with_new(PREDICT)
    picture = regions.picture.copy()
    row, col = np.argwhere(sites.index == 5)[-1]
    picture[row, col] = region.label

    after = regions.stroked(picture)

    assert spots_of(after, region.label) == [5]
    np.testing.assert_array_equal(after.picture == region.label, sites.index == 5)


def test_a_stroke_where_no_site_is_changes_nothing(none, sites):
    picture = none.picture.copy()
    nowhere = sites.index < 0
    picture[nowhere] = 1
    assert none.stroked(picture) is none


def test_a_label_that_no_region_has_becomes_one_to_predict(none, sites):
    picture = none.picture.copy()
    picture[sites.index == 4] = 7
    (region,) = none.stroked(picture).listed
    assert (region.label, region.kind) == (7, PREDICT)


def test_a_region_is_made_of_a_label_that_none_has_only(none):
    regions = none.having(7)
    assert regions.listed == (Region(7, "Missing 1"),)
    assert regions.having(7) is regions
    assert regions.having(0) is regions


def test_erasing_takes_the_region_first_and_the_tissue_next(none):
    regions = none.with_area("all", TISSUE, [0, 1, 2]).with_area("gap", PREDICT, [1])
    assert regions.view[:3].tolist() == [1, 2, 1]
    once = regions.marked([1], 0)
    assert once.view[:3].tolist() == [1, 1, 1]
    assert once.marked([1], 0).view[:3].tolist() == [1, 0, 1]


def test_tissue_goes_beneath_what_is_painted(none):
    regions = none.with_area("gap", PREDICT, [1]).with_area("all", TISSUE, [0, 1])
    assert regions.view[:2].tolist() == [2, 1]
    assert spots_of(regions, 2) == [0, 1]
    assert regions.without(1).view[:2].tolist() == [2, 2]


def test_what_regions_mean(none, sites):
    empty = sites.n_spots + 2
    regions = none.with_area("a", PREDICT, [0, empty]).with_area("b", OUTSIDE, [3])
    missing = regions.missing()
    assert np.flatnonzero(missing.unmeasured).tolist() == [0]
    assert np.flatnonzero(missing.outside).tolist() == [3]
    np.testing.assert_array_equal(missing.new_rc, sites.array_rc[[empty]])
    assert len(missing.outside_rc) == 0


def test_a_region_that_is_off_means_nothing(none):
    regions = none.with_area("a", PREDICT, [0, 1]).with_area(
        "b", OUTSIDE, [2], enabled=False
    )
    off = regions.changed(replace(regions.listed[0], enabled=False))
    assert not regions.missing().outside.any()
    assert off.missing().is_empty
    assert off.count(1) == (2, 0)


def test_outside_a_tissue_region_all_is_outside(none, sites):
    tissue = np.arange(sites.n_spots) % 3 > 0
    everywhere = np.zeros(len(sites), dtype=bool)
    everywhere[: sites.n_spots] = tissue
    regions = none.with_area("t", TISSUE, everywhere)
    missing = regions.missing()
    np.testing.assert_array_equal(missing.outside, ~tissue)
    holes = sites.in_tissue[sites.n_spots :].sum()
    assert len(missing.outside_rc) == holes
    assert missing.is_empty


def test_a_region_to_predict_counts_wherever_it_lies(none):
    regions = none.with_area("t", TISSUE, [4, 5]).with_area("gap", PREDICT, [0, 4])
    missing = regions.missing()
    assert np.flatnonzero(missing.unmeasured).tolist() == [0, 4]
    assert not missing.outside[[0, 4, 5]].any()
    assert missing.outside.sum() == len(missing.outside) - 3


def test_an_empty_tissue_region_says_nothing_yet(none):
    regions, _ = none.with_new(TISSUE)
    assert not regions.missing().outside.any()


def test_a_tissue_region_that_is_off_says_nothing(none):
    regions = none.with_area("t", TISSUE, [1, 2], enabled=False)
    assert not regions.missing().outside.any()


def test_what_is_missing_gets_names(none, sites):
    marked = none.with_area("a", PREDICT, [0, sites.n_spots + 1]).with_area(
        "b", OUTSIDE, [3, sites.n_spots + 5]
    )
    missing = marked.missing()
    named = Regions.from_missing(sites, missing)
    assert [r.name for r in named.listed] == ["Missing 1", "Not tissue 1"]
    again = named.missing()
    for part in ("unmeasured", "outside", "new_rc", "outside_rc"):
        np.testing.assert_array_equal(getattr(again, part), getattr(missing, part))
    assert Regions.from_missing(sites, MissingRegions.none(sites.section)).listed == ()


def test_joining_replaces_a_region_of_the_same_name_and_kind(none):
    here = none.with_area("a", PREDICT, [0, 1]).with_area("b", PREDICT, [2])
    there = none.with_area("t", TISSUE, [0, 5]).with_area("a", PREDICT, [7])
    both = here.joined(there)
    assert {r.name for r in both.listed} == {"a", "b", "t"}
    assert spots_of(both, both.named("a", PREDICT).label) == [7]
    assert spots_of(both, both.named("b", PREDICT).label) == [2]
    assert spots_of(both, both.named("t", TISSUE).label) == [0, 5]


def test_joining_keeps_regions_that_are_called_alike(none):
    here = none.with_area("Necrosis", PREDICT, [0])
    there = none.with_area("Necrosis", PREDICT, [2, 3])
    there = there.with_area("Necrosis", PREDICT, [7])
    both = here.joined(there)
    assert [spots_of(both, region.label) for region in both.listed] == [[2, 3], [7]]


def test_colours_differ_and_are_written_the_same_both_ways():
    colours = [colour_of(Region(n, "", PREDICT)) for n in range(1, 9)]
    assert len(set(colours)) == 8
    assert rgb_of(Region(1, "", PREDICT)) == (0xFF, 0x5D, 0xB1)


# -- filling -----------------------------------------------------------------------


def square_sites():
    return sites_of(LatticeKind.SQUARE)


def site_at(sites, row, col):
    return int(sites.index[row, col])


def ring(sites, regions, label):
    """Paint the outline of a square of 5 x 5 in the middle; its centre, its inside."""
    row, col = np.array(sites.index.shape) // 2
    box = sites.index[row - 2 : row + 3, col - 2 : col + 3]
    inner = set(sites.index[row - 1 : row + 2, col - 1 : col + 2].ravel().tolist())
    outline = [site for site in box.ravel().tolist() if site not in inner]
    return regions.marked(outline, label), site_at(sites, row, col), inner


@pytest.mark.parametrize("kind", [PREDICT, OUTSIDE, TISSUE])
def test_a_closed_outline_is_filled(kind):
    sites = square_sites()
    regions, region = Regions.none(sites).with_new(kind)
    regions, centre, inner = ring(sites, regions, region.label)
    after = filled(regions, centre, region.label)
    new = np.flatnonzero(after.covered_by(1) & ~regions.covered_by(1))
    assert set(new.tolist()) == inner


def test_an_open_outline_does_not_flood_the_section():
    sites = square_sites()
    regions, region = Regions.none(sites).with_new(PREDICT)
    with pytest.raises(InvalidRequestError, match="not closed"):
        filled(regions, 0, region.label)


def test_glass_is_not_filled():
    sites = square_sites()
    regions, region = Regions.none(sites).with_new(TISSUE)
    with pytest.raises(InvalidRequestError, match="neither tissue"):
        filled(regions, site_at(sites, 0, 0), region.label)


def test_tissue_is_filled_with_its_holes_but_not_the_glass():
    sites = square_sites()
    regions = Regions.none(sites).with_area("gap", PREDICT, [1, 2])
    regions, region = regions.with_new(TISSUE)
    after = filled(regions, 0, region.label)
    np.testing.assert_array_equal(after.ground > 0, sites.in_tissue)
    np.testing.assert_array_equal(after.over, regions.over)


def test_a_painted_area_is_repainted_whole_and_alone(sites):
    one = sites.section.lattice.neighbours(sites.section.array_rc)[0]
    far = sites.n_spots - 1
    assert far not in one
    regions = Regions.none(sites).with_area("a", PREDICT, [*one, far])
    regions, region = regions.with_new(OUTSIDE)
    after = filled(regions, int(one[0]), region.label)
    assert spots_of(after, region.label) == sorted(one.tolist())
    assert spots_of(after, 1) == [far]
