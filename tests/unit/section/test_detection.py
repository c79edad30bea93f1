from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from napari_stentrans.datasets import simulated_section
from napari_stentrans.section.detection import (
    detect_lattice,
    impose_lattice,
    place_spots,
)
from napari_stentrans.section.lattice import Lattice, LatticeKind

HEX, SQUARE = LatticeKind.HEX, LatticeKind.SQUARE
QUINCUNX, IRREGULAR = LatticeKind.QUINCUNX, LatticeKind.IRREGULAR


def checkerboard(n_rows: int, n_cols: int) -> np.ndarray:
    row, col = np.mgrid[:n_rows, :n_cols].reshape(2, -1)
    return np.column_stack([row, 2 * col + row % 2]).astype(float)


def square(n_rows: int, n_cols: int) -> np.ndarray:
    return np.argwhere(np.ones((n_rows, n_cols), bool)).astype(float)


def turned(positions: np.ndarray, degrees: float) -> np.ndarray:
    cos, sin = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return positions @ np.array([[cos, sin], [-sin, cos]])


@pytest.mark.parametrize("kind", LatticeKind)
def test_simulated_sections_are_recognised(kind):
    section = simulated_section(lattice=kind, n_rows=16, n_cols=16, n_genes=1).section
    found = detect_lattice(section.array_rc, section.pixel_xy)
    assert found.lattice.kind is kind
    np.testing.assert_array_equal(found.array_rc, section.array_rc)
    assert found.lattice.is_site(section.array_rc).all()


@pytest.mark.parametrize(
    ("kind", "sites"), [(SQUARE, square(12, 15)), (HEX, checkerboard(12, 12))]
)
@pytest.mark.parametrize("degrees", [0, 7, 30, 44, 61, 90, 133])
def test_free_positions_are_fitted_in_any_orientation(kind, sites, degrees, rng):
    ideal = Lattice(kind).to_pitch(sites)
    noisy = turned(ideal, degrees) * 137.3 + rng.normal(scale=3, size=ideal.shape)
    found = detect_lattice(noisy + np.array([5000.5, 70.25]))
    assert found.lattice.kind is kind
    pitch_rc = found.lattice.to_pitch(found.array_rc)
    apart = np.linalg.norm(pitch_rc[:, None] - pitch_rc[None], axis=2)
    truth = np.linalg.norm(ideal[:, None] - ideal[None], axis=2)
    np.testing.assert_allclose(apart, truth, atol=1e-9)


def test_scattered_positions_are_irregular(rng):
    found = detect_lattice(rng.uniform(0, 1000, size=(400, 2)))
    assert found.lattice.kind is IRREGULAR
    pitch = np.asarray(found.lattice.step_rc)
    assert pitch[0] == pitch[1]
    assert 15 < pitch[0] < 35  # half the mean distance of points of this density


def test_whole_pixel_positions_of_cells_are_not_taken_for_an_array(rng):
    cells = rng.choice(5000 * 5000, size=800, replace=False)
    positions = np.column_stack(np.divmod(cells, 5000)).astype(float)
    assert detect_lattice(positions).lattice.kind is IRREGULAR


def test_cells_at_whole_micrometres_are_no_sites_without_neighbours(rng):
    row, col = np.mgrid[:30, :30].reshape(2, -1)
    apart = np.column_stack([row, col]) * 12.0 + rng.uniform(-4, 4, size=(900, 2))
    found = detect_lattice(np.rint(apart))
    assert found.lattice.kind is IRREGULAR
    assert 6 < found.lattice.step_rc[0] < 12
    np.testing.assert_array_equal(found.array_rc, np.rint(apart))


def test_few_sites_of_an_array_stay_on_it():
    sites = square(20, 20)[[3, 50, 117, 201, 290, 333, 398]]
    assert detect_lattice(sites).lattice == Lattice(SQUARE, tuple(sites.min(axis=0)))


def test_proportions_of_the_pixels_tell_hex_from_quincunx():
    sites = checkerboard(10, 10)
    hex_xy = sites[:, ::-1] * (50, 50 * np.sqrt(3))
    quincunx_xy = sites[:, ::-1] * (50, 50)
    assert detect_lattice(sites, hex_xy).lattice.kind is HEX
    assert detect_lattice(sites, quincunx_xy).lattice.kind is QUINCUNX
    assert detect_lattice(sites).lattice.kind is HEX
    assert detect_lattice(sites, checkerboard=QUINCUNX).lattice.kind is QUINCUNX


def test_pixels_that_are_not_all_numbers_tell_nothing():
    sites = checkerboard(10, 10)
    pixel_xy = sites[:, ::-1] * (50, 50)
    pixel_xy[3] = np.nan  # which the section refuses, by its name
    assert place_spots(sites, pixel_xy).lattice == place_spots(sites).lattice


def test_odd_parity_gets_an_origin_on_a_site():
    sites = checkerboard(6, 6) + np.array([3, 4])
    found = detect_lattice(sites[1:])
    assert found.lattice.kind is HEX
    assert found.lattice.is_site(sites).all()


@pytest.mark.parametrize("parts", [2, 3, 4])
@pytest.mark.parametrize(
    ("kind", "sites"), [(SQUARE, square(9, 9)), (HEX, checkerboard(9, 9))]
)
def test_refined_coordinates_keep_their_values(kind, sites, parts):
    fine = np.round(sites / parts + (2, 3), 6)  # as written in a csv
    found = detect_lattice(fine)
    assert found.lattice.kind is kind
    np.testing.assert_array_equal(found.array_rc, fine)
    np.testing.assert_allclose(found.lattice.step_rc, 1 / parts, atol=1e-9)


@pytest.mark.parametrize("step", [8, 50, 1000])
@pytest.mark.parametrize(
    ("kind", "sites"), [(SQUARE, square(9, 9)), (HEX, checkerboard(9, 9))]
)
def test_coordinates_in_large_steps_keep_their_values(kind, sites, step):
    coarse = sites * step + (2, 3)  # bins that are named by their first pixel
    found = detect_lattice(coarse)
    assert found.lattice.kind is kind
    np.testing.assert_array_equal(found.array_rc, coarse)
    assert found.lattice.step_rc == (step, step)


@pytest.mark.parametrize(
    "array_rc",
    [
        pytest.param([[4, 7]], id="one spot"),
        pytest.param([[4, 7], [5, 8]], id="two spots"),
        pytest.param([[4.25, 7.1]], id="one free position"),
        pytest.param([[4.25, 7.1], [6.3, 9.9]], id="two free positions"),
        pytest.param([[3, col] for col in range(9)], id="single row"),
        pytest.param(
            [[3, 2 * col] for col in range(9)], id="single row of a hex array"
        ),
        pytest.param([[0.3 * k, 0.7 * k] for k in range(20)], id="free, on a line"),
    ],
)
def test_few_or_aligned_spots_get_a_lattice_that_holds_them(array_rc):
    found = detect_lattice(np.array(array_rc, float))
    assert found.lattice.is_site(found.array_rc).all()
    assert len(found.array_rc) == len(array_rc)
    assert min(found.lattice.step_rc) > 0
    assert np.isfinite(found.lattice.step_rc).all()


def test_of_two_spots_whole_coordinates_alone_tell_an_array():
    whole = np.array([[4.0, 7.0], [5.0, 8.0]])
    assert detect_lattice(whole).lattice.kind is SQUARE
    assert detect_lattice(whole + 0.3).lattice.kind is IRREGULAR


@pytest.mark.parametrize("array_rc", [np.empty((0, 2)), np.full((5, 2), np.nan)])
def test_no_usable_position_is_left_for_the_section_to_refuse(array_rc):
    assert len(detect_lattice(array_rc).array_rc) == len(array_rc)


def test_a_large_square_is_recognised(rng):
    sites = square(500, 500)
    sites = sites[rng.random(len(sites)) < 0.7] + (120, 3000)
    found = detect_lattice(sites)
    assert found.lattice.kind is SQUARE
    assert found.lattice.step_rc == (1.0, 1.0)


def test_an_imposed_lattice_goes_through_the_spots():
    assert impose_lattice(checkerboard(5, 5), HEX).is_site(checkerboard(5, 5)).all()
    assert impose_lattice(checkerboard(5, 5), SQUARE).is_site(checkerboard(5, 5)).all()
    assert not impose_lattice(square(5, 5), HEX).is_site(square(5, 5)).all()


@pytest.mark.parametrize("transposed", [False, True])
def test_hex_can_be_imposed_on_a_single_line_of_spots(transposed):
    line = np.array([[3.0, 2 * col] for col in range(9)])
    line = line[:, ::-1] if transposed else line
    for n_spots in (9, 3, 1):
        lattice = impose_lattice(line[:n_spots], HEX)
        assert lattice.is_site(line[:n_spots]).all()
        n_beside = len(lattice.neighbours(line[:n_spots]))
        assert n_beside == (0 if transposed else n_spots - 1)  # rows: one is between


def test_irregular_can_be_imposed_on_an_array():
    lattice = impose_lattice(square(6, 6) * 50.0, IRREGULAR)
    assert lattice.kind is IRREGULAR
    assert lattice.step_rc == (50.0, 50.0)


@pytest.mark.parametrize("row_step", [1.0, 1.2, 1.21, 1.3, 1.5])
@pytest.mark.parametrize("degrees", [0, 33])
def test_a_rectangular_grid_is_never_hex(row_step, degrees, rng):
    noisy = square(20, 20) * (row_step, 1) + rng.normal(scale=0.01, size=(400, 2))
    kind = SQUARE if row_step <= 1.21 else IRREGULAR
    assert detect_lattice(turned(noisy, degrees) * 100).lattice.kind is kind


@pytest.mark.parametrize("n_repeated", [1, 3, 50])
def test_places_that_occur_twice_leave_the_lattice_as_it_is(n_repeated):
    ideal = Lattice(HEX).to_pitch(checkerboard(20, 20)) * 137.3
    found = detect_lattice(np.concatenate([ideal, ideal[:n_repeated]]))
    alone = detect_lattice(ideal)
    assert found.lattice == alone.lattice
    np.testing.assert_array_equal(found.array_rc[:400], alone.array_rc)
    np.testing.assert_array_equal(found.array_rc[400:], alone.array_rc[:n_repeated])


@pytest.mark.parametrize("share", [0.5, 1.0])
@pytest.mark.parametrize("unit", [1.0, 0.37])
def test_many_spots_at_one_place_do_not_take_the_square_of_the_memory(rng, share, unit):
    positions = rng.integers(0, 60, size=(3000, 2)) * unit
    positions[: int(share * 3000)] = 0  # 4.5 million pairs of them
    tracemalloc.start()
    try:
        place_spots(positions)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 10e6


def test_the_pitch_off_a_lattice_is_that_of_the_places(rng):
    places = rng.uniform(0, 1000, size=(200, 2))
    alone = impose_lattice(places, IRREGULAR)
    assert impose_lattice(np.repeat(places, 20, axis=0), IRREGULAR) == alone


@pytest.mark.parametrize("unit", [1e-9, 1e-3, 1e6])
def test_the_pitch_off_a_lattice_is_in_the_unit_of_the_positions(rng, unit):
    places = rng.uniform(0, 100, size=(200, 2))
    plain = impose_lattice(places, IRREGULAR).step_rc
    found = impose_lattice(places * unit, IRREGULAR).step_rc
    np.testing.assert_allclose(found, np.multiply(plain, unit))


@pytest.mark.parametrize("pitch", [1e-12, 1e-9, 1e-6, 1e-5, 1e-3])
@pytest.mark.parametrize(
    ("kind", "sites"), [(SQUARE, square(10, 10)), (HEX, checkerboard(10, 10))]
)
def test_no_unit_is_too_small(kind, sites, pitch):
    found = detect_lattice(Lattice(kind).to_pitch(sites) * pitch)
    pairs = Lattice(kind).neighbours(sites)
    assert found.lattice.kind is kind
    np.testing.assert_array_equal(found.lattice.neighbours(found.array_rc), pairs)


@pytest.mark.parametrize("far", [300, 8000, 400_000])
@pytest.mark.parametrize(
    ("kind", "sites"), [(SQUARE, square(20, 20)), (HEX, checkerboard(20, 20))]
)
def test_one_stray_spot_leaves_an_array_its_coordinates(kind, sites, far):
    with_stray = np.concatenate([sites, [[far, far]]])
    found = detect_lattice(with_stray)
    assert found.lattice.kind is kind
    np.testing.assert_array_equal(found.array_rc, with_stray)


def test_free_positions_with_a_stray_one_are_no_lattice_beyond_memory():
    free = turned(square(20, 20) * 3.3, 20)
    near, far = np.array([[300.0, 300.0]]), np.array([[1e6, 1e6]])
    assert detect_lattice(np.concatenate([free, far])).lattice.kind is IRREGULAR
    on_site = free[:1] + (free[1:2] - free[:1]) * 100
    assert detect_lattice(np.concatenate([free, on_site])).lattice.kind is SQUARE
    assert len(detect_lattice(np.concatenate([free, near])).array_rc) == 401


@pytest.mark.parametrize("scale", [1e20, 1e300])
@pytest.mark.parametrize("kind", [None, *LatticeKind])
def test_positions_beyond_any_unit_do_no_harm(rng, scale, kind):
    positions = rng.random((64, 2)) * scale
    placed = place_spots(positions, positions[:, ::-1], kind=kind)
    assert len(placed.array_rc) == 64
