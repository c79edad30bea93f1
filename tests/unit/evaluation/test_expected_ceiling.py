"""The closed form of the noise ceiling, against splits and against the truth."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from napari_stentrans.evaluation.metrics import expected_ceiling, noise_ceiling


@pytest.fixture
def rates():
    rng = np.random.default_rng(0)
    return rng.gamma(2.0, 1.0, (4000, 6)) * np.array([0.2, 0.5, 1, 2, 5, 20])


def counts_of(rates, seed=1):
    drawn = np.random.default_rng(seed).poisson(rates).astype(np.float32)
    return sparse.csr_matrix(drawn)


def test_it_is_the_correlation_of_counts_with_their_expectation(rates) -> None:
    counts = counts_of(rates)
    found = expected_ceiling(counts, np.arange(6))
    dense = counts.toarray()
    true = [np.corrcoef(dense[:, g], rates[:, g])[0, 1] for g in range(6)]
    np.testing.assert_allclose(found, true, atol=0.04)


def test_it_is_what_splits_give_in_the_mean(rates) -> None:
    counts = counts_of(rates)
    split, _ = noise_ceiling(counts, np.arange(6), np.random.default_rng(2))
    np.testing.assert_allclose(expected_ceiling(counts, np.arange(6)), split, atol=0.04)


def test_pure_noise_and_constants_have_none() -> None:
    noise = counts_of(np.full((4000, 1), 3.0))
    assert expected_ceiling(noise, np.array([0]))[0] < 0.25
    for level in (0.0, 2.0):
        constant = sparse.csr_matrix(np.full((10, 1), level))
        assert expected_ceiling(constant, np.array([0]))[0] == 0.0


def test_columns_come_in_the_order_asked_for(rates) -> None:
    counts = counts_of(rates)
    forward = expected_ceiling(counts, np.arange(6))
    np.testing.assert_array_equal(
        expected_ceiling(counts, np.arange(6)[::-1]), forward[::-1]
    )
