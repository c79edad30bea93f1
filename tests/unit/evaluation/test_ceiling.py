"""The noise ceiling against what a perfect prediction really reaches."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from napari_stentrans.datasets import simulated_section
from napari_stentrans.evaluation.metrics import (
    binomial_half,
    log_normalised,
    noise_ceiling,
    pearson,
)

N_SPOTS, N_GENES = 600, 80


@pytest.fixture(scope="module")
def poisson():
    """Rates and Poisson counts, shape (spot, gene), of genes from rare to high."""
    rng = np.random.default_rng(3)
    library = rng.lognormal(0, 0.4, (N_SPOTS, 1))
    level = np.geomspace(0.3, 30, N_GENES)
    rate = level * library * rng.lognormal(0, 0.5, (N_SPOTS, N_GENES))
    return rate, rng.poisson(rate).astype(np.float32)


def test_ceiling_is_what_the_true_rate_reaches(poisson):
    rate, counts = poisson
    rng = np.random.default_rng(0)
    ceiling, _ = noise_ceiling(sparse.csr_matrix(counts), np.arange(N_GENES), rng)
    reached = pearson(counts, rate)
    assert np.abs(ceiling - reached).max() < 0.2  # a rare gene has few counts
    assert np.mean(ceiling - reached) == pytest.approx(0, abs=0.02)


def test_log_ceiling_is_what_the_true_share_reaches(poisson):
    rate, counts = poisson
    rng = np.random.default_rng(0)
    _, ceiling = noise_ceiling(sparse.csr_matrix(counts), np.arange(N_GENES), rng)
    library = counts.sum(axis=1, dtype=float)
    target = float(np.median(library))
    reached = pearson(
        log_normalised(counts, library, target),
        log_normalised(rate, rate.sum(axis=1), target),
    )
    assert np.mean(ceiling - reached) == pytest.approx(0, abs=0.03)


def test_log_ceiling_is_at_the_depth_of_the_median_spot():
    """Few genes of many spots, one of them deep: no other total is near the median."""
    rng = np.random.default_rng(3)
    library = rng.lognormal(0, 0.4, (N_SPOTS, 1))
    library[0] = 1e5
    noise = rng.lognormal(0, 0.5, (N_SPOTS, 10))
    rate = np.geomspace(1, 30, 10) * library * noise
    counts = rng.poisson(rate).astype(np.float32)
    _, ceiling = noise_ceiling(sparse.csr_matrix(counts), np.arange(10), rng)
    target = float(np.median(counts.sum(axis=1)))
    reached = pearson(
        log_normalised(counts, counts.sum(axis=1, dtype=float), target),
        log_normalised(rate, rate.sum(axis=1), target),
    )
    assert np.mean(ceiling - reached) == pytest.approx(0, abs=0.03)


def test_truth_of_simulated_tissue_reaches_its_ceiling():
    simulated = simulated_section(
        n_rows=34, n_cols=34, n_genes=60, seed=1, mean_library=100
    )
    rate = simulated.truth * simulated.spot_factor[:, None]
    counts = np.random.default_rng(0).poisson(rate).astype(np.float32)
    ceiling, _ = noise_ceiling(
        sparse.csr_matrix(counts), np.arange(60), np.random.default_rng(1)
    )
    reached = pearson(counts, rate)
    assert np.median(ceiling) == pytest.approx(np.median(reached), abs=0.02)
    # what one spot has for itself (dispersion) counts as predictable, but is not
    measured = simulated.section.counts
    ceiling, _ = noise_ceiling(measured, np.arange(60), np.random.default_rng(1))
    assert np.median(pearson(measured.toarray(), rate)) < np.median(ceiling)


def test_noise_has_no_ceiling_and_a_constant_gene_none(rng):
    counts = rng.poisson(2.0, (500, 200)).astype(np.float32)
    counts[:, 0] = 0
    ceiling, on_log = noise_ceiling(
        sparse.csr_matrix(counts), np.arange(200), np.random.default_rng(0)
    )
    assert np.isnan(ceiling[0])
    assert np.isnan(on_log[0])
    assert np.median(ceiling[1:]) < 0.25


def test_halves_are_binomial(rng):
    counts = sparse.csr_matrix(rng.poisson(20.0, (200, 100)).astype(np.float32))
    half = binomial_half(counts, rng)
    other = (counts - half).toarray()
    a, n = half.toarray(), counts.toarray()
    np.testing.assert_array_equal(a + other, n)
    assert a.min() >= 0
    assert other.min() >= 0
    z = (a - n / 2)[n > 0] / np.sqrt(n[n > 0] / 4)
    assert z.mean() == pytest.approx(0, abs=0.03)
    assert z.std() == pytest.approx(1, abs=0.03)


def test_halves_of_poisson_counts_are_independent(rng):
    counts = sparse.csr_matrix(rng.poisson(4.0, (3000, 40)).astype(np.float32))
    half = binomial_half(counts, rng)
    r = pearson(half.toarray(), (counts - half).toarray())
    assert np.abs(r).max() < 0.08
