"""Rasters of genes: which pixel shows which spot, and what lies between."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from napari_stentrans.errors import InvalidRequestError
from napari_stentrans.evaluation.holdout import hold_out
from napari_stentrans.methods.gene_images.raster import (
    Placement,
    coarsest_lattice,
    full_raster,
    training_placement,
)
from napari_stentrans.section.lattice import Lattice, LatticeKind

KINDS = [LatticeKind.SQUARE, LatticeKind.HEX, LatticeKind.QUINCUNX]


@pytest.fixture
def laid(bare_section):
    """A section of n x n spots, without gaps."""

    def build(kind: LatticeKind, n: int = 8):
        grid = np.stack(np.mgrid[:n, :n], axis=-1).reshape(-1, 2)
        if kind in (LatticeKind.HEX, LatticeKind.QUINCUNX):
            grid[:, 1] = 2 * grid[:, 1] + grid[:, 0] % 2
        return bare_section(grid, Lattice(kind))

    return build


@pytest.mark.parametrize("kind", KINDS)
def test_every_spot_has_its_own_pixel_and_keeps_its_place(laid, kind):
    section = laid(kind)
    raster = full_raster(section)
    assert len(np.unique(raster.spots.pixel)) == section.n_spots
    assert len(raster.refined_rc) == 4 * np.prod(raster.spots.shape)
    np.testing.assert_allclose(
        raster.refined_rc[raster.pixel_of_spot], section.pitch_rc, atol=1e-9
    )
    np.testing.assert_array_equal(
        raster.nearest(section.pitch_rc), raster.pixel_of_spot
    )


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("offset", [0, 1, 2, 3])
def test_a_thinned_section_fills_its_raster(laid, kind, offset):
    """Every second row and column is a full picture, not one with gaps."""
    reduced = hold_out(laid(kind), "upsample", offset).reduced
    assert coarsest_lattice(reduced).step_rc == (2, 2)
    occupied = full_raster(reduced).spots.occupied
    assert occupied.mean() > 0.75


@pytest.mark.parametrize("kind", KINDS)
def test_hidden_positions_between_are_pixels_of_their_own(laid, kind):
    held_out = hold_out(laid(kind, 9), "upsample", 0)
    raster = full_raster(held_out.reduced)
    hidden = held_out.section.pitch_rc[held_out.hidden]
    distance = np.linalg.norm(
        raster.refined_rc[raster.nearest(hidden)] - hidden, axis=1
    )
    inside = ((hidden > 1) & (hidden < hidden.max(axis=0) - 1)).all(axis=1)
    assert inside.sum() > 15
    assert distance[inside].max() < 1e-9


def test_positions_outside_take_the_nearest_pixel(laid):
    raster = full_raster(laid(LatticeKind.SQUARE))
    pixel = raster.nearest(np.array([[-5.0, -5.0], [30.0, 0.0]]))
    np.testing.assert_allclose(raster.refined_rc[pixel], [[0, 0], [7.5, 0]])


def test_training_pixels_are_trimmed_or_pushed_together(laid):
    square = training_placement(laid(LatticeKind.SQUARE, 5))
    assert square.shape == (4, 4)
    assert len(square.spot) == 16
    hexagonal = training_placement(laid(LatticeKind.HEX, 6))
    odd = hexagonal.pixel_rc[:, 0] % 2 == 1
    assert hexagonal.pixel_rc[odd, 1].min() == 1  # odd rows stand one to the right
    assert hexagonal.pixel_rc[~odd, 1].min() == 0


def test_crowded_pixels_are_averaged():
    placement = Placement(np.arange(3), np.array([[0, 0], [0, 0], [1, 1]]), (2, 2))
    drawn = placement.images(sparse.csc_matrix([[2.0], [4.0], [5.0]]))
    np.testing.assert_array_equal(drawn, [[[3, 0], [0, 5]]])


def test_scattered_spots_are_refused(bare_section):
    far = np.array([[0, 0], [0, 1], [900, 901]])
    with pytest.raises(InvalidRequestError, match="too scattered"):
        full_raster(bare_section(far, Lattice(LatticeKind.SQUARE)))
