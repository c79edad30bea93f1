from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from scipy.spatial import KDTree

from napari_stentrans.datasets import simulated_section
from napari_stentrans.errors import InvalidRequestError
from napari_stentrans.section.lattice import Lattice, LatticeKind
from napari_stentrans.section.missing import MissingRegions
from napari_stentrans.section.raster import SpotRaster
from napari_stentrans.section.section import Section
from napari_stentrans.section.targets import Origin, enhancement_targets, targets_at
from napari_stentrans.section.tissue import TissueRule, interior_holes, refined_sites

REGULAR = [kind for kind in LatticeKind if kind is not LatticeKind.IRREGULAR]


def simulated(kind: LatticeKind, holes: int = 1) -> Section:
    return simulated_section(
        lattice=kind, n_rows=13, n_cols=13, n_genes=1, seed=2, holes=holes
    ).section


@pytest.fixture(params=list(LatticeKind))
def section(request: pytest.FixtureRequest) -> Section:
    return simulated(request.param)


@pytest.fixture(params=list(LatticeKind))
def whole_section(request: pytest.FixtureRequest) -> Section:
    return simulated(request.param, holes=0)


def places(array_rc: np.ndarray) -> set[tuple[float, float]]:
    return {(row, col) for row, col in np.round(array_rc, 6).tolist()}


def middle_spots(section: Section, radius: float) -> np.ndarray:
    pitch_rc = section.pitch_rc
    middle = pitch_rc[np.linalg.norm(pitch_rc - pitch_rc.mean(0), axis=1).argmin()]
    return np.linalg.norm(pitch_rc - middle, axis=1) <= radius


def longest_edge(section: Section) -> float:
    """Longest side, in pitches, that positions are laid on."""
    if section.lattice.is_regular:
        return 2.0
    nearest = KDTree(section.pitch_rc).query(section.pitch_rc, k=2)[0][:, 1]
    return 2.5 * float(np.quantile(nearest, 0.95))


def test_measured_spots_come_first_in_their_order(section):
    targets = enhancement_targets(section, MissingRegions.none(section), 2)
    n_spots = section.n_spots
    np.testing.assert_array_equal(targets.spot[:n_spots], np.arange(n_spots))
    np.testing.assert_array_equal(targets.array_rc[:n_spots], section.array_rc)
    assert (targets.origin[:n_spots] == Origin.MEASURED).all()
    assert (targets.spot[n_spots:] == -1).all()
    assert (targets.origin[n_spots:] == Origin.MIDPOINT).all()
    new_rc = targets.array_rc[n_spots:]
    np.testing.assert_array_equal(new_rc, new_rc[np.lexsort(new_rc.T[::-1])])
    assert len(places(targets.array_rc)) == len(targets)
    assert targets.lattice == section.lattice.refined(2)


def test_painted_spots_keep_their_number_but_not_their_counts(section):
    painted = middle_spots(section, 1.5)
    targets = enhancement_targets(
        section, MissingRegions.from_spots(section, painted), 1
    )
    at_painted = np.isin(targets.spot, np.flatnonzero(painted))
    assert at_painted.sum() == painted.sum()
    assert (targets.origin[at_painted] == Origin.PAINTED).all()
    assert (targets.origin[targets.measured] == Origin.MEASURED).all()
    assert targets.measured.sum() == section.n_spots - painted.sum()


@pytest.mark.parametrize("kind", REGULAR)
def test_between_painted_spots_is_painted_and_at_their_rim_is_between(kind):
    section = simulated(kind, holes=0)
    painted = middle_spots(section, 2.2)
    targets = enhancement_targets(
        section, MissingRegions.from_spots(section, painted), 2
    )
    pitch_rc = section.lattice.to_pitch(targets.array_rc)
    gaps = np.linalg.norm(pitch_rc[:, None] - section.pitch_rc[~painted], axis=2).min(1)
    is_new = targets.spot == -1
    assert (targets.origin[is_new & (gaps > 1.01)] == Origin.PAINTED).all()
    assert (targets.origin[is_new & (gaps < 0.51)] == Origin.MIDPOINT).all()


def test_off_a_lattice_what_lies_between_two_painted_spots_is_painted():
    section = simulated(LatticeKind.IRREGULAR, holes=0)
    painted = middle_spots(section, 2.2)
    targets = enhancement_targets(
        section, MissingRegions.from_spots(section, painted), 2
    )
    ends = np.array(list(combinations(range(section.n_spots), 2)))
    is_new = targets.spot == -1
    middles = KDTree(section.array_rc[ends].mean(axis=1))
    distance, pair = middles.query(targets.array_rc[is_new])
    assert distance.max() < 1e-9
    both = painted[ends[pair]].all(axis=1)
    assert both.any()
    np.testing.assert_array_equal(targets.origin[is_new] == Origin.PAINTED, both)


@pytest.mark.parametrize("kind", REGULAR)
def test_painted_empty_sites_join_the_tissue(kind):
    section = simulated(kind, holes=0)
    grid = section.lattice.to_grid(section.array_rc)
    beyond = section.lattice.to_array(grid[[grid[:, 1].argmax()]] + [0, 2])
    regions = MissingRegions.from_positions(section, beyond)
    targets = enhancement_targets(section, regions, 1)
    assert len(targets) == section.n_spots + 1
    np.testing.assert_array_equal(targets.array_rc[section.n_spots], beyond[0])
    assert targets.origin[section.n_spots] == Origin.PAINTED
    assert targets.spot[section.n_spots] == -1


@pytest.mark.parametrize("kind", REGULAR)
@pytest.mark.parametrize("refine", [1, 2, 3])
def test_enclosed_holes_are_filled_unless_adjacent_is_asked_for(kind, refine):
    section = simulated(kind)
    holes = interior_holes(section.lattice, section.array_rc)
    assert len(holes) >= 5
    nothing = MissingRegions.none(section)
    filled = enhancement_targets(section, nothing, refine)
    assert places(holes) <= places(filled.array_rc)
    if refine > 1:
        adjacent = enhancement_targets(section, nothing, refine, TissueRule.ADJACENT)
        assert not places(holes) & places(adjacent.array_rc)
        assert places(adjacent.array_rc) < places(filled.array_rc)


@pytest.mark.parametrize("refine", [1, 2, 3])
def test_outside_spots_go_with_everything_that_leans_on_them(whole_section, refine):
    section = whole_section
    outside = middle_spots(section, 2.2)
    regions = replace(MissingRegions.none(section), outside=outside)
    regions.unmeasured[:] = section.array_rc[:, 0] == section.array_rc[:, 0].min()
    targets = enhancement_targets(section, regions, refine)
    assert not np.isin(targets.spot, np.flatnonzero(outside)).any()
    is_spot = targets.spot >= 0
    np.testing.assert_array_equal(
        section.array_rc[targets.spot[is_spot]], targets.array_rc[is_spot]
    )
    pitch_rc = section.lattice.to_pitch(targets.array_rc)
    gaps = np.linalg.norm(pitch_rc[:, None] - section.pitch_rc[outside], axis=2)
    kept_gaps = np.linalg.norm(pitch_rc[:, None] - section.pitch_rc[~outside], axis=2)
    in_triangle = longest_edge(section) / np.sqrt(3)  # at most: its middle
    assert kept_gaps.min(axis=1).max() < in_triangle
    if section.lattice.kind is LatticeKind.HEX:  # no cell has a corner to spare
        assert (gaps.min(axis=1) > kept_gaps.min(axis=1) - 1e-6).all()


@pytest.mark.parametrize("kind", REGULAR)
@pytest.mark.parametrize("refine", [2, 3])
def test_a_hole_painted_outside_stays_empty(kind, refine):
    section = simulated(kind)
    holes = interior_holes(section.lattice, section.array_rc)
    regions = replace(MissingRegions.none(section), outside_rc=holes)
    targets = enhancement_targets(section, regions, refine)
    adjacent = refined_sites(
        section.lattice, section.array_rc, refine, TissueRule.ADJACENT
    )
    without_hole = places(targets.array_rc)
    assert not places(holes) & without_hole
    pitch_rc = section.lattice.to_pitch(targets.array_rc)
    in_hole = section.lattice.to_pitch(holes).mean(axis=0)
    assert np.linalg.norm(pitch_rc - in_hole, axis=1).min() > 0.9
    assert places(adjacent.array_rc) == without_hole


def test_everything_painted_leaves_nothing_to_learn_from(section):
    everything = MissingRegions.from_spots(section, np.ones(section.n_spots, bool))
    with pytest.raises(InvalidRequestError, match="nothing is left to learn"):
        enhancement_targets(section, everything, 2)
    all_outside = replace(
        MissingRegions.none(section), outside=np.ones(section.n_spots, bool)
    )
    with pytest.raises(InvalidRequestError, match="nothing is left to learn"):
        enhancement_targets(section, all_outside, 2)


@pytest.mark.parametrize("kind", LatticeKind)
def test_without_refinement_and_region_the_spots_alone_are_targets(kind):
    section = simulated(kind, holes=0)
    targets = enhancement_targets(
        section, MissingRegions.none(section), 1, TissueRule.ADJACENT
    )
    np.testing.assert_array_equal(targets.spot, np.arange(section.n_spots))
    assert targets.measured.all()


@pytest.mark.parametrize("n_spots", [1, 2])
def test_nothing_lies_between_lonely_spots(bare_section, n_spots):
    section = bare_section([[0, 0], [5, 5]][:n_spots], Lattice(LatticeKind.SQUARE))
    targets = enhancement_targets(section, MissingRegions.none(section), 2)
    np.testing.assert_array_equal(targets.array_rc, section.array_rc)


def test_exact_positions_in_the_order_asked_for(section):
    spots = [7, 3]
    positions = np.concatenate([section.array_rc[spots], [[2.25, 3.1]], [[2.25, 3.1]]])
    targets = targets_at(section, positions, MissingRegions.none(section))
    np.testing.assert_array_equal(targets.array_rc, positions)
    assert targets.spot.tolist() == [7, 3, -1, -1]
    assert targets.origin.tolist() == ["measured", "measured", "midpoint", "midpoint"]


def test_exact_positions_at_hidden_spots_are_painted(section):
    mask = np.arange(section.n_spots) == 3
    regions = replace(
        MissingRegions.from_spots(section, mask), outside=np.roll(mask, 1)
    )
    targets = targets_at(section, section.array_rc[:6], regions)
    assert targets.origin.tolist() == ["measured"] * 3 + ["painted"] * 2 + ["measured"]


@pytest.mark.parametrize("kind", REGULAR)
def test_exact_positions_are_drawn_on_a_lattice_that_holds_them(kind):
    section = simulated(kind)
    nothing = MissingRegions.none(section)
    lattice = section.lattice
    assert targets_at(section, section.array_rc[:5], nothing).lattice == lattice
    thirds = enhancement_targets(section, nothing, 3).array_rc
    assert targets_at(section, thirds, nothing).lattice == lattice.refined(3)
    odd = section.array_rc[:9] + np.array([0.13, 0.29])
    loose = targets_at(section, odd, nothing).lattice
    assert loose.kind is LatticeKind.IRREGULAR
    raster = SpotRaster.from_positions(section, loose, odd)
    x, y = section.to_pixel(odd[[4]])[0]
    assert raster.position_at((y, x)) == 4


@pytest.mark.parametrize("kind", REGULAR)
def test_a_quarter_of_a_million_spots_are_refined(bare_section, kind):
    grid = np.argwhere(np.ones((500, 500), bool))
    if kind is not LatticeKind.SQUARE:
        grid[:, 1] = 2 * grid[:, 1] + grid[:, 0] % 2
    section = bare_section(grid, Lattice(kind))
    targets = enhancement_targets(section, MissingRegions.none(section), 2)
    assert len(targets) > 3.9 * section.n_spots
