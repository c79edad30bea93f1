"""Hold-outs: what is hidden, and that it is gone from the reduced section."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial import KDTree

from napari_stentrans.datasets import simulated_section
from napari_stentrans.errors import InvalidRequestError
from napari_stentrans.evaluation import Task, hold_out
from napari_stentrans.section.lattice import Lattice, LatticeKind
from napari_stentrans.section.section import Section

HIDING = [task for task in Task if task is not Task.DENOISE]
REGULAR = [kind for kind in LatticeKind if kind is not LatticeKind.IRREGULAR]


def section_on(kind: LatticeKind) -> Section:
    return simulated_section(lattice=kind, n_rows=20, n_cols=20, n_genes=8).section


@pytest.mark.parametrize("task", HIDING)
@pytest.mark.parametrize("kind", LatticeKind)
def test_hidden_spots_are_gone_from_the_reduced_section(task, kind):
    section = section_on(kind)
    held_out = hold_out(section, task, seed=3)
    reduced = held_out.reduced
    hidden = section.barcodes[held_out.hidden]
    assert set(reduced.barcodes) == set(section.barcodes) - set(hidden)
    assert reduced.lattice == section.lattice
    kept = section.counts[section.barcodes.get_indexer(reduced.barcodes)]
    assert (reduced.counts != kept).nnz == 0
    np.testing.assert_array_equal(held_out.hidden_rc, section.array_rc[held_out.hidden])


@pytest.mark.parametrize("task", HIDING)
def test_same_seed_hides_the_same(task):
    section = section_on(LatticeKind.HEX)
    one, same, other = (hold_out(section, task, seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one.hidden, same.hidden)
    assert not np.array_equal(one.hidden, other.hidden)


@pytest.mark.parametrize("kind", REGULAR)
def test_upsampling_leaves_a_lattice_of_twice_the_pitch(kind):
    section = section_on(kind)
    for seed in range(4):
        seen = section.pitch_rc[hold_out(section, Task.UPSAMPLE, seed).visible]
        nearest = KDTree(seen).query(seen, k=2)[0][:, 1]
        assert nearest.min() == pytest.approx(2)
        assert np.median(nearest) == pytest.approx(2)


@pytest.mark.parametrize("kind", REGULAR)
def test_four_seeds_of_upsampling_share_out_all_spots(kind):
    section = section_on(kind)
    seen = [hold_out(section, Task.UPSAMPLE, seed).visible for seed in range(4)]
    np.testing.assert_array_equal(
        np.sort(np.concatenate(seen)), np.arange(section.n_spots)
    )


def test_upsampling_sees_the_first_row_and_column():
    section = section_on(LatticeKind.SQUARE)
    seen = hold_out(section, Task.UPSAMPLE).reduced.array_rc
    expected = (section.lattice.to_grid(section.array_rc) % 2 == 0).all(axis=1)
    np.testing.assert_array_equal(seen, section.array_rc[expected])


def test_upsampling_thins_irregular_spots_evenly():
    section = section_on(LatticeKind.IRREGULAR)
    held_out = hold_out(section, Task.UPSAMPLE)
    share = len(held_out.visible) / section.n_spots
    assert 0.2 < share < 0.3
    seen, hidden = (
        section.pitch_rc[spots] for spots in (held_out.visible, held_out.hidden)
    )
    gap = KDTree(seen).query(hidden)[0]
    assert gap.max() < 4  # no part of the tissue is left without a visible spot


def test_upsampling_keeps_the_middle_of_irregular_squares(bare_section):
    """Squares of two pitches, four spots in each, one of them in the middle."""
    inside = np.array([[1.0, 1.0], [0.3, 0.3], [0.3, 1.7], [1.7, 1.7]])
    corners = 2.0 * np.indices((6, 6)).reshape(2, -1).T
    spots_rc = (corners[:, None] + inside).reshape(-1, 2)
    section = bare_section(spots_rc, Lattice(LatticeKind.IRREGULAR))
    seen = hold_out(section, Task.UPSAMPLE).reduced.array_rc
    np.testing.assert_array_equal(seen, corners + 1.0)


@pytest.mark.parametrize("kind", REGULAR)
def test_upsampling_does_not_depend_on_the_units_of_the_array(bare_section, kind):
    section = section_on(kind)
    unit = np.array([5.0, 4.0])
    lattice = Lattice(kind, step_rc=tuple(unit * section.lattice.step_rc))
    wide = bare_section(section.array_rc * unit, lattice)
    for seed in range(4):
        one, other = (hold_out(s, Task.UPSAMPLE, seed) for s in (section, wide))
        np.testing.assert_array_equal(one.hidden, other.hidden)


def test_dropout_hides_three_tenths():
    section = section_on(LatticeKind.HEX)
    hidden = hold_out(section, Task.DROPOUT).hidden
    assert len(hidden) == round(0.3 * section.n_spots)
    assert len(np.unique(hidden)) == len(hidden)


@pytest.mark.parametrize("kind", LatticeKind)
def test_regions_are_whole_discs(kind):
    section = section_on(kind)
    held_out = hold_out(section, Task.REGION, seed=4)
    is_hidden = np.zeros(section.n_spots, dtype=bool)
    is_hidden[held_out.hidden] = True
    within = KDTree(section.pitch_rc).query_ball_point(section.pitch_rc, 3.0)
    whole = [spots for spots in within if is_hidden[spots].all()]
    assert set(np.concatenate(whole)) == set(held_out.hidden)
    largest = max(map(len, within))
    assert 0.15 <= is_hidden.mean() < 0.15 + largest / section.n_spots


@pytest.mark.parametrize("task", ["denoise", "magic"])
def test_task_that_hides_nothing_names_those_that_do(task):
    with pytest.raises(InvalidRequestError, match="upsample, dropout, region"):
        hold_out(section_on(LatticeKind.HEX), task)


@pytest.mark.parametrize("task", HIDING)
def test_distance_is_to_the_nearest_visible_spot(task):
    section = section_on(LatticeKind.HEX)
    held_out = hold_out(section, task)
    for number in range(0, len(held_out.hidden), 7):
        here = section.pitch_rc[held_out.hidden[number]]
        gaps = np.linalg.norm(section.pitch_rc[held_out.visible] - here, axis=1)
        assert held_out.distance[number] == pytest.approx(gaps.min())


@pytest.mark.parametrize("task", HIDING)
def test_section_too_small_to_be_divided(task):
    one = section_on(LatticeKind.SQUARE).subset([0])
    with pytest.raises(InvalidRequestError, match="too few"):
        hold_out(one, task)
