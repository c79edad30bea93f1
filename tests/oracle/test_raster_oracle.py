"""Rasters against slow loops over spots and pixels, in any orientation of the image."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from napari_stentrans.datasets import simulated_section
from napari_stentrans.section.lattice import LatticeKind
from napari_stentrans.section.raster import SpotRaster
from napari_stentrans.section.tissue import refined_sites

pytestmark = pytest.mark.oracle

TURNS = {
    "upright": [[100, 0], [0, 100]],
    "turned": [[80, 60], [-60, 80]],
    "mirrored": [[-100, 0], [0, 100]],
    "transposed": [[0, 70], [70, 0]],
    "sheared and stretched": [[120, 30], [-15, 64]],
}


REGULAR = [kind for kind in LatticeKind if kind is not LatticeKind.IRREGULAR]


def turned_section(bare_section, kind: LatticeKind, turn: str):
    """Spots whose pixels are the shift, turn and stretch of their true places."""
    simulated = simulated_section(
        lattice=kind, n_rows=12, n_cols=11, n_genes=1, holes=1
    )
    true = simulated.section
    pixel_xy = true.pixel_xy / 100 @ np.array(TURNS[turn]) + (3000, 500)
    return bare_section(true.array_rc, true.lattice, pixel_xy)


@pytest.fixture(params=product(LatticeKind, TURNS), ids="-".join)
def section(request: pytest.FixtureRequest, bare_section):
    return turned_section(bare_section, *request.param)


@pytest.fixture(params=product(REGULAR, TURNS), ids="-".join)
def regular_section(request: pytest.FixtureRequest, bare_section):
    return turned_section(bare_section, *request.param)


def pixels_of(raster: SpotRaster, position: int) -> list[tuple[int, int]]:
    return [
        (row, col)
        for row in range(raster.shape[0])
        for col in range(raster.shape[1])
        if raster.index[row, col] == position
    ]


def world_of(raster: SpotRaster, pixels: list[tuple[int, int]]) -> np.ndarray:
    middle = np.mean(pixels, axis=0)
    return raster.affine[:2, :2] @ middle + raster.affine[:2, 2]


def test_each_spot_is_drawn_at_its_own_pixel_position(section):
    raster = SpotRaster.from_section(section)
    bricks = 2 if section.lattice.is_checkerboard else 1
    for spot, (x, y) in enumerate(section.pixel_xy):
        pixels = pixels_of(raster, spot)
        if section.lattice.is_regular:
            assert len(pixels) == bricks
            assert len({row for row, _ in pixels}) == 1
            np.testing.assert_allclose(world_of(raster, pixels), (y, x), atol=1e-6)
        assert raster.position_at((y, x)) == spot


def test_off_a_lattice_a_pixel_shows_the_nearest_spot(bare_section, rng):
    simulated = simulated_section(lattice="irregular", n_rows=7, n_cols=7, n_genes=1)
    section = simulated.section
    raster = SpotRaster.from_section(section)
    pitch = section.lattice.step_rc[0]
    rows, cols = raster.shape
    for row, col in rng.integers((rows, cols), size=(300, 2)):
        world_yx = raster.affine[:2, :2] @ (row, col) + raster.affine[:2, 2]
        distances = np.linalg.norm(section.pixel_xy - world_yx[::-1], axis=1) / 100
        if abs(distances.min() / pitch - 0.75) < 1e-6:
            continue
        expected = distances.argmin() if distances.min() < 0.75 * pitch else -1
        assert raster.index[row, col] == expected


@pytest.mark.parametrize("factor", [2, 3])
def test_refined_positions_are_drawn_where_they_lie(section, factor):
    found = refined_sites(section.lattice, section.array_rc, factor)
    fine = section.lattice.refined(factor)
    raster = SpotRaster.from_positions(section, fine, found.array_rc)
    if section.lattice.is_regular:
        drawn = np.bincount(
            raster.index[raster.index >= 0], minlength=len(found.array_rc)
        )
        assert (drawn == (2 if fine.is_checkerboard else 1)).all()
    for position in range(0, len(found.array_rc), 7):
        x, y = section.to_pixel(found.array_rc[[position]])[0]
        assert raster.position_at((y, x)) == position


def test_empty_sites_are_the_painted_bricks_without_a_spot(regular_section, rng):
    section = regular_section
    raster = SpotRaster.from_section(section)
    painted = rng.random(raster.shape) < 0.1
    lattice = section.lattice
    width = 2 if lattice.is_checkerboard else 1
    taken = {tuple(site) for site in lattice.to_grid(section.array_rc).tolist()}
    wanted = []
    for row in range(raster.shape[0]):
        for col in range(raster.shape[1] - width + 1):
            site = (row + int(raster.grid_origin[0]), col + int(raster.grid_origin[1]))
            if lattice.is_checkerboard and sum(site) % 2:
                continue
            if site not in taken and painted[row, col : col + width].any():
                wanted.append(site)
    got = lattice.to_grid(raster.empty_sites(painted))
    assert [tuple(site) for site in got.tolist()] == sorted(wanted)
