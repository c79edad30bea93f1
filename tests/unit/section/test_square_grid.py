"""Turned rasters on square upright pixels: each position where it lies, and once."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from napari_stentrans.datasets import simulated_section
from napari_stentrans.section.lattice import LatticeKind
from napari_stentrans.section.raster import SpotRaster
from napari_stentrans.section.section import Section
from napari_stentrans.section.square_grid import SquareGrid, drawn
from napari_stentrans.section.technology import pitch_px


@pytest.fixture(params=list(LatticeKind))
def section(request: pytest.FixtureRequest) -> Section:
    """A slide that was put in askew."""
    made = simulated_section(lattice=request.param, n_rows=9, n_cols=9, n_genes=1)
    cos, sin = np.cos(0.5), np.sin(0.5)
    pixel_xy = made.section.to_pixel(made.section.array_rc)
    turned_xy = pixel_xy @ np.array([[cos, sin], [-sin, cos]])
    return replace(made.section, pixel_xy=turned_xy + np.array([5000, 800]))


def test_each_position_is_shown_where_it_lies_and_nowhere_else(section):
    raster, pitch = SpotRaster.from_section(section), pitch_px(section)
    grid = SquareGrid.over([raster], pitch / 4)
    shown = grid.index(raster)
    spots_xy = section.to_pixel(section.array_rc)
    col, row = np.rint((spots_xy - grid.origin_xy) / grid.pixel).astype(int).T
    np.testing.assert_array_equal(shown[row, col], np.arange(section.n_spots))

    row, col = np.nonzero(shown >= 0)
    places_xy = np.stack([col, row], axis=1) * grid.pixel + grid.origin_xy
    away = np.linalg.norm(places_xy - spots_xy[shown[row, col]], axis=1)
    assert away.max() < 1.1 * pitch
    corners = shown[[0, 0, -1, -1], [0, -1, 0, -1]]  # of a square on its corner
    assert (corners == -1).any()
    assert np.isnan(drawn(np.ones(section.n_spots), corners)).any()


def test_pixels_are_as_asked_for_unless_that_fills_memory(section):
    raster = SpotRaster.from_section(section)
    assert SquareGrid.over([raster], 7.5).pixel == 7.5
    finest = SquareGrid.over([raster], 1e-6)
    assert 4000 < max(finest.shape) < 4200
    extent = np.array(finest.shape) * finest.pixel
    wanted = np.ptp(section.pixel_xy, axis=0)[::-1]
    assert (extent > wanted).all()
