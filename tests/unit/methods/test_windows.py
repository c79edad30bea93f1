"""Windows cover a section: every spot is answered for exactly once."""

from __future__ import annotations

import numpy as np
import pytest

from napari_stentrans.methods.kriging.windows import assign_queries, split_windows


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


def test_a_query_goes_to_the_window_of_its_nearest_spot(
    rng: np.random.Generator,
) -> None:
    spots = rng.random((500, 2))
    windows = split_windows(spots, size=100)
    owner = assign_queries(windows, spots, spots[[3, 77, 401]])
    for query, number in zip((3, 77, 401), owner, strict=True):
        assert query in windows[number].core
