"""What can be painted: every pixel belongs to one site at most, every site is found."""

from __future__ import annotations

import numpy as np
import pytest

from napari_stentrans.datasets import simulated_section
from napari_stentrans.section.lattice import Lattice, LatticeKind
from napari_stentrans.section.raster import SpotRaster
from napari_stentrans.section.sites import PaintSites
from napari_stentrans.section.tissue import interior_holes


@pytest.fixture(params=list(LatticeKind))
def sites(request):
    made = simulated_section(
        lattice=request.param, n_rows=11, n_cols=10, n_genes=2, holes=1, seed=2
    )
    return PaintSites.of(made.section)


def test_spots_come_first_and_keep_their_pixels(sites):
    raster = SpotRaster.from_section(sites.section)
    shown = raster.index >= 0
    np.testing.assert_array_equal(sites.index[shown], raster.index[shown])
    assert (sites.index[~shown] >= sites.n_spots).sum() == (sites.index >= 0).sum() - (
        shown.sum()
    )


def test_empty_sites_are_those_that_painting_everything_names(sites):
    everything = np.ones(sites.raster.shape, dtype=bool)
    expected = sites.raster.empty_sites(everything)
    np.testing.assert_array_equal(sites.array_rc[sites.n_spots :], expected)


def test_each_pixel_of_an_empty_site_is_what_the_raster_draws_for_it(sites):
    for number in range(sites.n_spots, len(sites), 7):
        pixels = sites.raster.empty_pixels(sites.array_rc[[number]])
        found = np.argwhere(sites.index == number)
        assert sorted(map(tuple, pixels)) == sorted(map(tuple, found))


def test_drawn_labels_are_read_back(sites, rng):
    labels = rng.integers(0, 200, len(sites)).astype(np.uint8)
    np.testing.assert_array_equal(sites.read(sites.draw(labels)), labels)


def test_one_pixel_is_enough_to_paint_a_site(sites):
    row, col = np.argwhere(sites.index == 3)[-1]
    picture = np.zeros(sites.raster.shape, dtype=np.uint8)
    picture[row, col] = 9
    assert np.flatnonzero(sites.read(picture)).tolist() == [3]


def test_every_site_is_found_by_its_coordinates(sites):
    found = sites.find(sites.array_rc)
    np.testing.assert_array_equal(found, np.arange(len(sites)))
    assert sites.find(sites.array_rc[:2] + 0.31).tolist() == [-1, -1]


def test_tissue_is_the_spots_and_what_they_enclose(sites):
    assert sites.in_tissue[: sites.n_spots].all()
    inner = sites.array_rc[sites.n_spots :][sites.in_tissue[sites.n_spots :]]
    if sites.section.lattice.is_regular:
        expected = interior_holes(sites.section.lattice, sites.section.array_rc)
        assert {tuple(rc) for rc in inner} == {tuple(rc) for rc in expected}
        assert len(expected)
    corner = sites.index[0, 0]
    assert corner < 0 or not sites.in_tissue[corner]


def test_a_spot_that_another_hides_is_painted_with_it(bare_section):
    apart = Lattice(LatticeKind.IRREGULAR)
    section = bare_section([[0, 0], [0, 0.01], [0, 5], [5, 0], [5, 5]], apart)
    sites = PaintSites.of(section)
    picture = sites.draw(np.where(np.arange(len(sites)) < 2, 3, 0).astype(np.uint8))
    assert sites.read(picture)[:5].tolist() == [3, 3, 0, 0, 0]
