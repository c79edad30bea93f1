from __future__ import annotations

import numpy as np
import pytest

from napari_stentrans.section.lattice import Lattice, LatticeKind


def test_visium_neighbours_in_array_coordinates():
    array_rc = [[4, 6], [4, 4], [4, 8], [3, 5], [3, 7], [5, 5], [5, 7], [4, 10], [2, 6]]
    pairs = Lattice(LatticeKind.HEX).neighbours(array_rc)
    of_first = sorted(b for a, b in pairs.tolist() if a == 0)
    assert of_first == [1, 2, 3, 4, 5, 6]


def test_off_parity_and_fractions_are_no_sites():
    lattice = Lattice(LatticeKind.HEX)
    assert lattice.is_site([[0, 0], [1, 1], [0, 1], [0.5, 0.5]]).tolist() == [
        True,
        True,
        False,
        False,
    ]
    assert lattice.refined(2).is_site([[0.5, 0.5], [0.5, 0]]).tolist() == [True, False]


def test_any_position_is_a_site_off_a_lattice():
    assert Lattice(LatticeKind.IRREGULAR).is_site([[0.123, 7.9]]).all()


@pytest.mark.parametrize("factor", [0, -1])
def test_refining_by_less_than_one_is_refused(factor):
    with pytest.raises(ValueError, match="refined by 1 or more"):
        Lattice(LatticeKind.HEX).refined(factor)


@pytest.mark.parametrize("kind", LatticeKind)
@pytest.mark.parametrize("n_spots", [0, 1, 2])
def test_neighbours_of_next_to_nothing(kind, n_spots):
    pairs = Lattice(kind).neighbours(np.array([[0.0, 0], [5, 5]])[:n_spots])
    assert pairs.shape == (0, 2)


@pytest.mark.parametrize("far", [0.0, 1e5])
def test_irregular_positions_on_a_line_have_no_triangles(far):
    steps = np.arange(30)[:, None] * np.array([[0.31, 0.77]])
    lattice = Lattice(LatticeKind.IRREGULAR)
    assert lattice.neighbours(steps + far).shape[1] == 2  # and no crash


@pytest.mark.parametrize("kind", [LatticeKind.HEX, LatticeKind.SQUARE])
def test_without_sites_keeps_the_pitch(kind):
    lattice = Lattice(kind, origin_rc=(2, 4), step_rc=(0.5, 3.0))
    loose = lattice.without_sites()
    assert loose.kind is LatticeKind.IRREGULAR
    points = np.array([[2, 4], [2.5, 7], [9.3, -1]])
    np.testing.assert_allclose(loose.to_pitch(points), lattice.to_pitch(points))
