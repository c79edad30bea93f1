from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial import KDTree

from napari_stentrans.datasets import simulated_section
from napari_stentrans.section import raster as raster_module
from napari_stentrans.section.lattice import Lattice, LatticeKind
from napari_stentrans.section.raster import SpotRaster


@pytest.fixture(params=list(LatticeKind))
def raster(request: pytest.FixtureRequest) -> SpotRaster:
    simulated = simulated_section(lattice=request.param, n_rows=9, n_cols=9, n_genes=1)
    return SpotRaster.from_section(simulated.section)


def test_an_image_shows_each_value_at_its_spot(raster):
    values = np.arange(len(raster.array_rc)) + 0.5
    image = raster.image(values)
    assert image.shape == raster.shape
    assert np.isnan(image[raster.index < 0]).all()
    row, col = raster.pixel_of(raster.array_rc).T
    np.testing.assert_array_equal(image[row, col], values.astype(np.float32))


def test_painting_labels_and_reading_them_back(raster, rng):
    labels = rng.integers(0, 3, size=len(raster.array_rc))
    np.testing.assert_array_equal(raster.spot_labels(raster.paint(labels)), labels)


def test_one_pixel_of_a_brick_is_enough(raster):
    picture = np.zeros(raster.shape, np.uint8)
    row, col = raster.pixel_of(raster.array_rc[[3]])[0]
    picture[row, col] = 1
    assert np.flatnonzero(raster.spot_labels(picture)).tolist() == [3]


def test_a_picture_of_another_shape_is_refused(raster):
    with pytest.raises(ValueError, match="does not fit"):
        raster.spot_labels(np.zeros((3, 3), np.uint8))
    with pytest.raises(ValueError, match="does not fit"):
        raster.empty_sites(np.zeros((3, 3), bool))


def test_points_off_the_raster_and_off_the_tissue_show_no_position(raster):
    assert raster.position_at((1e7, -1e7)) is None
    outside = np.argwhere(raster.index < 0)[0]
    assert raster.position_at(tuple(raster.affine[:2] @ (*outside, 1))) is None


def test_everything_painted_gives_whole_sites_that_paint_back(raster):
    sites = raster.empty_sites(np.ones(raster.shape, bool))
    pixels = raster.empty_pixels(sites)
    picture = np.zeros(raster.shape, bool)
    picture[tuple(pixels.T)] = True
    assert not (picture & (raster.index >= 0)).any()
    np.testing.assert_array_equal(raster.empty_sites(picture), sites)


def test_empty_sites_cover_what_is_empty(raster):
    sites = raster.empty_sites(np.ones(raster.shape, bool))
    covered = np.zeros(raster.shape, bool)
    covered[tuple(raster.empty_pixels(sites).T)] = True
    assert covered[raster.index < 0].mean() > 0.8  # half bricks at edges are no sites


def test_sites_off_a_lattice_lie_a_pitch_apart():
    simulated = simulated_section(
        lattice=LatticeKind.IRREGULAR, n_rows=9, n_cols=9, n_genes=1
    )
    raster = SpotRaster.from_section(simulated.section)
    sites = raster.lattice.to_pitch(raster.empty_sites(np.ones(raster.shape, bool)))
    assert len(sites) > 20
    to_nearest = KDTree(sites).query(sites, k=2)[0][:, 1]
    np.testing.assert_allclose(np.median(to_nearest), 1)
    assert to_nearest.min() > 0.99


def test_sites_beyond_the_raster_are_drawn_nowhere(raster):
    assert raster.empty_pixels(raster.array_rc[:1] - 1000).shape == (0, 2)


def test_brick_edges_are_straight_under_any_parity(bare_section):
    lattice = Lattice(LatticeKind.HEX)
    for start in ([0, 0], [0, 1], [1, 0], [1, 1]):
        array_rc = np.array([[0, 0], [1, 1], [2, 0]]) + start + [0, sum(start) % 2]
        raster = SpotRaster.from_section(bare_section(array_rc, lattice))
        widths = [(raster.index == spot).sum(axis=1).max() for spot in range(3)]
        assert widths == [2, 2, 2]


@pytest.mark.parametrize("kind", LatticeKind)
def test_one_spot_is_drawn(bare_section, kind):
    section = bare_section([[4, 6]], Lattice(kind), [[120, 340]])
    raster = SpotRaster.from_section(section)
    assert raster.position_at((340, 120)) == 0
    assert np.linalg.det(raster.affine) > 0


def test_one_row_with_pixels_has_an_invertible_affine(bare_section):
    array_rc = [[2, col] for col in range(6)]
    pixel_xy = [[10 * col, 70] for col in range(6)]
    section = bare_section(array_rc, Lattice(LatticeKind.SQUARE), pixel_xy)
    raster = SpotRaster.from_section(section)
    assert [raster.position_at((70, 10 * col)) for col in range(6)] == list(range(6))


def test_far_apart_irregular_spots_do_not_fill_memory(bare_section, monkeypatch):
    monkeypatch.setattr(raster_module, "_MAX_PIXELS", 40_000)
    points = np.array([[0, 0], [0, 1], [1, 0], [1, 1], [60_000, 60_000]])
    raster = SpotRaster.from_section(
        bare_section(points, Lattice(LatticeKind.IRREGULAR))
    )
    assert np.prod(raster.shape) < 50_000
    assert len(np.unique(raster.index)) > 2  # both ends are still to be seen


def test_a_long_strip_does_not_fill_memory(bare_section, rng):
    spots = np.concatenate([rng.uniform(0, 20, (60, 2)), [[1e12, 3.0]]])
    section = bare_section(spots, Lattice(LatticeKind.IRREGULAR))
    assert SpotRaster.from_section(section).index.size < 20_000_000


def test_a_large_dense_square_is_drawn(bare_section):
    array_rc = np.argwhere(np.ones((500, 500), bool))
    section = bare_section(array_rc, Lattice(LatticeKind.SQUARE))
    raster = SpotRaster.from_section(section)
    raster.image(np.arange(section.n_spots))
    raster.spot_labels(np.ones(raster.shape, np.uint8))
    np.testing.assert_array_equal(
        raster.index[2:-2, 2:-2].ravel(), np.arange(section.n_spots)
    )


def test_sites_that_lie_far_apart_do_not_fill_memory(bare_section, monkeypatch):
    """Pixels that were taken for sites, say."""
    monkeypatch.setattr(raster_module, "_MOST_SITES", 10_000)
    monkeypatch.setattr(raster_module, "_MAX_PIXELS", 5_000)
    section = bare_section([[0, 0], [0, 1], [1, 0]], Lattice(LatticeKind.SQUARE))
    far = np.array([[0.0, 0.0], [900.0, 900.0]])
    drawn = SpotRaster.from_positions(section, section.lattice, far)
    assert drawn.index.size < 6_000
    assert not drawn.lattice.is_regular
    assert set(np.unique(drawn.index)) == {-1, 0, 1}
    near = SpotRaster.from_positions(section, section.lattice, far / 10)
    assert near.lattice.is_regular
