"""Cells and beads off a lattice: where tissue is, and that finer pictures show it."""

from __future__ import annotations

import numpy as np
import pytest

from napari_stentrans.section.detection import impose_lattice
from napari_stentrans.section.lattice import LatticeKind
from napari_stentrans.section.missing import MissingRegions
from napari_stentrans.section.raster import SpotRaster
from napari_stentrans.section.targets import Targets, enhancement_targets
from napari_stentrans.section.triangles import sides, tissue_triangles


@pytest.fixture(params=["by chance", "loosely spaced", "nearly a grid"])
def cells_rc(request: pytest.FixtureRequest, rng) -> np.ndarray:
    """1600 cells, one a square unit on average."""
    if request.param == "by chance":
        return rng.uniform(0, 40, (1600, 2))
    jitter = 0.3 if request.param == "loosely spaced" else 0.1
    return np.argwhere(np.ones((40, 40))) + rng.normal(0, jitter, (1600, 2))


@pytest.fixture
def make_section(bare_section):
    def make(cells_rc: np.ndarray):
        return bare_section(cells_rc, impose_lattice(cells_rc, LatticeKind.IRREGULAR))

    return make


def refined(section, factor: int) -> Targets:
    return enhancement_targets(section, MissingRegions.none(section), factor)


def shown(raster: SpotRaster, array_rc: np.ndarray) -> np.ndarray:
    """Whether a picture shows anything at these places, shape (place,)."""
    pixels = raster.pixel_of(array_rc)
    within = ((pixels >= 0) & (pixels < raster.shape)).all(axis=1)
    at_place = np.zeros(len(pixels), dtype=bool)
    at_place[within] = raster.index[tuple(pixels[within].T)] >= 0
    return at_place


def test_intact_tissue_is_refined_nearly_everywhere(make_section, cells_rc):
    """A triangulated plane has three sides a point: four positions for each cell."""
    assert len(refined(make_section(cells_rc), 2)) > 3.6 * len(cells_rc)


@pytest.mark.parametrize("factor", [2, 3, 4])
def test_a_finer_picture_shows_what_the_measured_one_shows(
    make_section, cells_rc, factor
):
    section = make_section(cells_rc)
    coarse = SpotRaster.from_section(section)
    positions = refined(section, factor)
    fine = SpotRaster.from_positions(section, positions.lattice, positions.array_rc)
    places = np.argwhere(coarse.index >= 0) * coarse.grid_per_pixel + coarse.grid_origin
    places_rc = section.lattice.to_array(places)
    # a pixel of the finer picture is a place some way off its middle: the dots' rims
    assert shown(fine, places_rc).mean() > 0.98
    assert shown(fine, section.array_rc).all()


def test_the_finer_picture_of_intact_tissue_has_few_gaps(make_section, cells_rc):
    section = make_section(cells_rc)
    positions = refined(section, 3)
    raster = SpotRaster.from_positions(section, positions.lattice, positions.array_rc)
    middle = np.argwhere(np.ones((81, 81))) * 0.4 + 4
    assert shown(raster, middle).mean() > 0.9


def test_a_finer_picture_cuts_no_dot_off_at_its_edge(make_section, cells_rc):
    section = make_section(cells_rc)
    positions = refined(section, 4)
    index = SpotRaster.from_positions(
        section, positions.lattice, positions.array_rc
    ).index
    assert (index[[0, -1]] < 0).all()
    assert (index[:, [0, -1]] < 0).all()


@pytest.mark.parametrize("factor", [2, 4])
def test_holes_and_gaps_between_pieces_stay_empty(make_section, cells_rc, factor):
    in_hole = np.linalg.norm(cells_rc - (12, 12), axis=1) < 4
    in_gap = np.abs(cells_rc[:, 0] - 28) < 2
    section = make_section(cells_rc[~in_hole & ~in_gap])
    found = refined(section, factor).array_rc
    in_between = (found[:, 0] > 27) & (found[:, 0] < 29)
    assert not in_between.any()
    assert np.linalg.norm(found - (12, 12), axis=1).min() > 2


def test_groups_that_lie_far_apart_are_not_joined(make_section, rng):
    """Most edges lead from group to group: they tell nothing of tissue."""
    middles = np.argwhere(np.ones((10, 10))) * 50.0
    cells_rc = np.repeat(middles, 3, axis=0) + rng.uniform(0, 2, (300, 2))
    lattice = make_section(cells_rc).lattice
    ends = sides(tissue_triangles(lattice.to_pitch(cells_rc)))
    assert len(ends) > 0
    np.testing.assert_array_equal(ends[:, 0] // 3, ends[:, 1] // 3)


def test_one_missing_cell_is_no_hole_and_columns_far_apart_are_two(make_section):
    cells_rc = np.argwhere(np.ones((9, 9))).astype(float)
    cells_rc += np.random.default_rng(0).normal(0, 0.01, cells_rc.shape)
    without = np.delete(cells_rc, 40, axis=0)
    found = refined(make_section(without), 2).array_rc
    assert np.linalg.norm(found - (4, 4), axis=1).min() < 0.6
    in_columns = refined(make_section(cells_rc * (1, 3)), 2).array_rc[:, 1] / 3
    assert np.abs(in_columns - np.rint(in_columns)).max() < 0.1


def test_a_few_lonely_cells_do_not_close_gaps(make_section, rng):
    piece = np.argwhere(np.ones((20, 10))) + rng.normal(0, 0.1, (200, 2))
    lonely = [[50.0, 30.0 * place] for place in range(5)]
    other = piece + np.array([0, 14])
    section = make_section(np.concatenate([piece, other, lonely]))
    found = refined(section, 2).array_rc
    assert not ((found[:, 1] > 9.5) & (found[:, 1] < 13.5) & (found[:, 0] < 25)).any()
