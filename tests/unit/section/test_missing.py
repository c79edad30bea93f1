from __future__ import annotations

import re

import numpy as np
import pytest

from napari_stentrans.datasets import simulated_section
from napari_stentrans.errors import InvalidRequestError
from napari_stentrans.section.lattice import LatticeKind
from napari_stentrans.section.missing import (
    OUTSIDE,
    PREDICT,
    MissingRegions,
    match_positions,
    size_told,
)
from napari_stentrans.section.raster import SpotRaster
from napari_stentrans.section.section import Section

REGULAR = [kind for kind in LatticeKind if kind is not LatticeKind.IRREGULAR]


def simulated(kind: LatticeKind) -> Section:
    return simulated_section(
        lattice=kind, n_rows=12, n_cols=12, n_genes=2, holes=1
    ).section


@pytest.fixture(params=list(LatticeKind))
def section(request: pytest.FixtureRequest) -> Section:
    return simulated(request.param)


@pytest.fixture
def raster(section: Section) -> SpotRaster:
    return SpotRaster.from_section(section)


def same(one: MissingRegions, other: MissingRegions) -> bool:
    return all(
        np.array_equal(getattr(one, part), getattr(other, part))
        for part in ("unmeasured", "outside", "new_rc", "outside_rc")
    )


def test_a_blank_picture_marks_nothing(section, raster):
    regions = MissingRegions.from_labels(np.zeros(raster.shape, np.uint8), raster)
    assert regions.is_empty
    assert same(regions, MissingRegions.none(section))


def test_a_painted_disc_marks_its_spots_and_empty_sites(section, raster):
    row, col = np.indices(raster.shape)
    middle = np.array(raster.shape) / 2
    stretch = 2 if section.lattice.is_checkerboard else 1
    disc = np.hypot(row - middle[0], (col - middle[1]) / stretch) < raster.shape[0] / 4
    regions = MissingRegions.from_labels(disc.astype(int) * PREDICT, raster)
    pixels = raster.pixel_of(section.array_rc)
    centre_painted = disc[tuple(pixels.T)]
    assert regions.unmeasured[centre_painted].all()
    assert 0 < regions.n_spots < section.n_spots
    assert (match_positions(section, regions.new_rc) == -1).all()
    assert not regions.outside.any()


def test_paint_spots_paint(section, raster, rng):
    picture = rng.choice([0, 0, 0, PREDICT, OUTSIDE], size=raster.shape)
    once = MissingRegions.from_labels(picture, raster)
    twice = MissingRegions.from_labels(once.to_labels(raster), raster)
    assert once.n_spots
    assert once.n_new
    assert len(once.outside_rc)
    assert same(once, twice)


@pytest.mark.parametrize("label", [PREDICT, OUTSIDE])
def test_a_picture_painted_to_its_edges_survives(section, raster, label):
    picture = np.full(raster.shape, label)
    once = MissingRegions.from_labels(picture, raster)
    assert same(once, MissingRegions.from_labels(once.to_labels(raster), raster))


@pytest.mark.parametrize(
    ("labels", "told"),
    [
        (lambda shape: np.zeros((shape[0], shape[1] + 1)), "has shape"),
        (lambda shape: np.zeros((*shape, 3)), "has shape"),
        (lambda shape: np.full(shape, 3), r"labels \[3\]"),
        (lambda shape: np.full(shape, 255, np.uint8), r"labels \[255\]"),
        (lambda shape: np.full(shape, -1), r"labels \[-1\]"),
        (lambda shape: np.full(shape, 0.5), r"labels \[0\.5\]"),
    ],
)
def test_foreign_pictures_are_refused(raster, labels, told):
    with pytest.raises(InvalidRequestError, match=told):
        MissingRegions.from_labels(labels(raster.shape), raster)


def test_a_mask_can_be_made_of_what_is_told_about_it(section, raster):
    told = [
        float(n.replace(",", "")) for n in re.findall(r"-?[\d.,]*\d", size_told(raster))
    ]
    rows, cols, *first, down, right = told
    picture = np.zeros((int(rows), int(cols)), np.uint8)
    steps = (section.array_rc[5] - first) / (down, right)
    picture[tuple(np.rint(steps).astype(int))] = PREDICT
    regions = MissingRegions.from_labels(picture, raster)
    assert np.flatnonzero(regions.unmeasured).tolist() == [5]
    with pytest.raises(InvalidRequestError, match=re.escape(size_told(raster))):
        MissingRegions.from_labels(picture[1:], raster)


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int64, np.float32])
def test_pictures_of_any_number_type_are_read(raster, dtype):
    picture = np.zeros(raster.shape, dtype)
    picture[tuple(raster.pixel_of(raster.array_rc)[0])] = 1
    assert MissingRegions.from_labels(picture, raster).unmeasured[0]


def test_spots_by_mask_or_by_index(section):
    mask = np.zeros(section.n_spots, bool)
    mask[[2, 5]] = True
    assert same(
        MissingRegions.from_spots(section, mask),
        MissingRegions.from_spots(section, [5, 2]),
    )
    assert MissingRegions.from_spots(section, []).is_empty


def beyond(section):
    """Two sites without a spot, two and four rows below the last spot."""
    row, col = section.lattice.to_grid(section.array_rc)[-1]
    return section.lattice.to_array([[row + 2, col], [row + 4, col]])


def test_positions_are_spots_where_there_are_some(section):
    lost = beyond(section)
    positions = np.concatenate([lost, section.array_rc[[4, 1]], lost[:1]])
    regions = MissingRegions.from_positions(section, positions)
    assert np.flatnonzero(regions.unmeasured).tolist() == [1, 4]
    np.testing.assert_array_equal(regions.new_rc, lost)


def test_labels_say_what_positions_mean(section):
    empty = beyond(section)
    positions = np.concatenate([section.array_rc[:3], empty, empty[:1]])
    labels = np.array([1, 2, 1, 1, 1, 2])
    regions = MissingRegions.from_positions(section, positions, labels)
    assert np.flatnonzero(regions.unmeasured).tolist() == [0, 2]
    assert np.flatnonzero(regions.outside).tolist() == [1]
    np.testing.assert_array_equal(regions.outside_rc, empty[:1])
    np.testing.assert_array_equal(regions.new_rc, empty[1:])


def test_positions_far_from_the_section_are_refused(section):
    far = np.array([[0.0, 2_000_000.0]])
    with pytest.raises(InvalidRequestError, match="of another section"):
        MissingRegions.from_positions(section, np.concatenate([far, far]))


def test_no_positions_mark_nothing(section):
    assert MissingRegions.from_positions(section, np.empty((0, 2))).is_empty


@pytest.mark.parametrize("kind", REGULAR)
def test_positions_between_the_sites_are_refused(kind):
    section = simulated(kind)
    between = section.array_rc[:3] + np.array([[0, 0], [0.5, 0], [0.5, 0.5]])
    with pytest.raises(InvalidRequestError, match=rf"2 of 3 .* {kind} lattice.*: --at"):
        MissingRegions.from_positions(section, between)


@pytest.mark.parametrize("kind", REGULAR)
def test_positions_a_hair_off_their_site_are_that_site(kind):
    section = simulated(kind)
    regions = MissingRegions.from_positions(section, section.array_rc[:3] + 0.004)
    assert regions.n_spots == 3
    assert regions.n_new == 0
