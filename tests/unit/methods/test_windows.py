"""Windows cover a section: every spot is answered for exactly once."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial import KDTree

from napari_stentrans.methods.kriging.channels import ChannelKriging
from napari_stentrans.methods.kriging.mixture import mixture_steps
from napari_stentrans.methods.kriging.spectra import WindowSpectra
from napari_stentrans.methods.kriging.windows import answered_by, split_windows
from napari_stentrans.progress import run_to_end
from napari_stentrans.section.lattice import FloatArray


@pytest.mark.parametrize("n_spots", [1, 10, 150, 151, 1000])
def test_cores_partition_the_spots(rng: np.random.Generator, n_spots: int) -> None:
    windows = split_windows(rng.random((n_spots, 2)), size=100)
    cores = np.concatenate([window.core for window in windows])
    assert sorted(cores) == list(range(n_spots))
    for window in windows:
        assert np.isin(window.core, window.spots).all()
        assert len(np.unique(window.spots)) == len(window.spots)


def test_a_window_has_its_core_though_others_lie_in_the_same_box() -> None:
    """Three far columns: the box around a core holds parts of other cores."""
    rows = np.arange(400.0)
    spots = np.concatenate([np.stack([rows, 1000 * c + 0 * rows], 1) for c in range(3)])
    turned = spots @ np.array([[0.8, 0.6], [-0.6, 0.8]])
    for window in split_windows(turned, size=100):
        assert len(window.spots) == 100
        assert np.isin(window.core, window.spots).all()


def test_the_work_grows_linearly(rng: np.random.Generator) -> None:
    small = split_windows(rng.random((2000, 2)), size=100)
    large = split_windows(rng.random((8000, 2)), size=100)
    assert len(large) <= 4 * len(small)
    assert all(len(window.spots) == 100 for window in large)
    assert all(len(window.core) <= 45 for window in large)


def test_a_window_surrounds_its_core() -> None:
    spots = np.stack(np.mgrid[:40, :40], axis=-1).reshape(-1, 2).astype(float)
    for window in split_windows(spots, size=400):
        low, high = spots[window.core].min(axis=0), spots[window.core].max(axis=0)
        near = ((spots >= low - 2) & (spots <= high + 2)).all(axis=1)
        assert np.isin(np.flatnonzero(near), window.spots).all()


def test_a_query_beside_spots_is_answered_by_the_window_of_the_nearest(
    rng: np.random.Generator,
) -> None:
    spots = rng.random((500, 2))
    windows = split_windows(spots, size=100)
    answered = answered_by(windows, spots, spots[[3, 77, 401]])
    for row, query in enumerate((3, 77, 401)):
        (owner,) = (n for n, each in enumerate(answered) if row in each.rows)
        assert query in windows[owner].core
        assert answered[owner].share[answered[owner].rows == row] == 1


def test_windows_around_a_hole_answer_together() -> None:
    spots, queries = around_a_hole()
    answered = answered_by(split_windows(spots, size=100), spots, queries)
    total, at_once = np.zeros(len(queries)), np.zeros(len(queries))
    for each in answered:
        assert (each.share > 0).all()
        total[each.rows] += each.share
        at_once[each.rows] += 1
    np.testing.assert_allclose(total, 1)
    middle = np.hypot(*(queries - 20).T) < 1
    assert at_once[middle].min() > 2


def test_shares_change_smoothly_across_a_hole() -> None:
    """Steps in shares are seams in pictures: a query a little on gets a little less."""
    spots, queries = around_a_hole()
    windows = split_windows(spots, size=100)
    on = queries + np.array([0.01, 0.0])
    before, after = (answered_by(windows, spots, each) for each in (queries, on))
    for here, there in zip(before, after, strict=True):
        shares = np.zeros((2, len(queries)))
        shares[0, here.rows], shares[1, there.rows] = here.share, there.share
        away = KDTree(spots).query(queries)[0] > 1.2
        assert np.abs(np.diff(shares, axis=0))[0, away].max() < 0.08


def test_kriging_leaves_no_seams_in_a_hole() -> None:
    """Each window has a level of its own, which the middle of a hole comes down to."""
    spots, queries = around_a_hole()
    rng = np.random.default_rng(0)
    channel = np.sin(spots[:, :1] / 6) + np.cos(spots[:, 1:] / 9)
    channel += rng.normal(0, 0.5, channel.shape)
    spectra = WindowSpectra(spots, size=100)
    mixture = run_to_end(mixture_steps(spectra, channel))
    kriging = ChannelKriging(spectra, channel, mixture)
    here, there = (
        run_to_end(kriging.predict_steps(each)) for each in (queries, queries + 0.05)
    )
    assert np.abs(here.mean - there.mean).max() < 0.1 * channel.std()
    assert (here.variance > 0).all()


def around_a_hole() -> tuple[FloatArray, FloatArray]:
    """Spots around a hole of radius 6, and queries inside it."""
    spots = np.stack(np.mgrid[:40, :40], axis=-1).reshape(-1, 2).astype(float)
    spots = spots[np.hypot(*(spots - 20).T) > 6]
    grid = np.stack(np.mgrid[14:26:0.25, 14:26:0.25], axis=-1).reshape(-1, 2)
    return spots, grid[np.hypot(*(grid - 20).T) < 5.5]
