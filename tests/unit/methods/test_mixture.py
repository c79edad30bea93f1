"""Which covariances are kept of the many that are weighed."""

from __future__ import annotations

import numpy as np
import pytest

from napari_stentrans.methods.kriging import mixture as module
from napari_stentrans.methods.kriging.covariance import Kernel, candidate_kernels
from napari_stentrans.methods.kriging.mixture import Mixture, mixture_steps
from napari_stentrans.methods.kriging.spectra import WindowSpectra
from napari_stentrans.progress import run_to_end

KERNELS = candidate_kernels()
LONG = 9


def kept(of_channel: np.ndarray, most: int) -> Mixture:
    """Prune weights of shape (kernel, channel), one noise ratio having all of them."""
    return module._pruned(KERNELS, of_channel[:, None, :], most)


@pytest.fixture
def shared() -> np.ndarray:
    """Nine channels that six short kernels explain evenly, and one of a long one."""
    weights = np.zeros((len(KERNELS), 10))
    weights[:6, :9] = 1 / 6
    weights[LONG, 9] = 1.0
    return weights


@pytest.mark.parametrize("most", [2, 4, 6])
def test_no_channel_is_left_without_its_kernel(shared: np.ndarray, most: int) -> None:
    found = kept(shared, most)
    assert len(found.kernels) == most
    assert KERNELS[LONG] in found.kernels
    alone = found.weights[found.kernels.index(KERNELS[LONG]), 0]
    np.testing.assert_allclose(alone, np.eye(10)[9])


def test_weights_that_are_left_sum_to_one_and_keep_their_ratios(
    rng: np.random.Generator,
) -> None:
    weights = rng.dirichlet(np.ones(len(KERNELS)), 7).T
    found = kept(weights, 5)
    np.testing.assert_allclose(found.weights.sum(axis=(0, 1)), 1)
    rows = [KERNELS.index(kernel) for kernel in found.kernels]
    assert rows == sorted(rows)
    expected = weights[rows] / weights[rows].sum(axis=0)
    np.testing.assert_allclose(found.weights[:, 0], expected)


def test_kernels_that_matter_to_none_are_dropped(shared: np.ndarray) -> None:
    found = kept(shared, len(KERNELS))
    assert found.kernels == [*KERNELS[:6], KERNELS[LONG]]


def test_a_rare_pattern_keeps_its_own_length(rng: np.random.Generator) -> None:
    """Of many channels one changes slowly over the section: it is kriged as it is."""
    rc = np.stack(np.mgrid[:15, :15], axis=-1).reshape(-1, 2).astype(float)
    rough = np.linalg.cholesky(Kernel(0.5, 1.5).between(rc, rc))
    patterns = rough @ rng.normal(size=(len(rc), 12))
    slow = rc[:, :1] / 5 + rng.normal(size=(len(rc), 1)) / 10
    channels = np.hstack([patterns, slow])
    found = run_to_end(mixture_steps(WindowSpectra(rc, 350), channels))
    assert len(found.kernels) <= module._MAX_KERNELS
    lengths = np.array([kernel.length for kernel in found.kernels])
    assert (found.weights.sum(axis=1)[:, -1] * lengths).sum() > 5
