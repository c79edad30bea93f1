"""Metrics against one gene at a time, by the textbook."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from napari_stentrans.evaluation import metrics


@pytest.fixture
def counts(rng) -> tuple[np.ndarray, np.ndarray]:
    """Truth and prediction, shape (spot, gene), of genes from rare to high."""
    level = rng.gamma(2, 1, (40, 1)) * np.array([0.2, 1, 5, 40, 3])
    return (
        rng.poisson(level).astype(np.float32),
        (level * rng.lognormal(0, 0.4, level.shape)).astype(np.float32),
    )


def naive_ssim(a: np.ndarray, b: np.ndarray) -> float:
    a, b = a / a.max(), b / b.max()
    mean_a, mean_b = a.mean(), b.mean()
    var_a = sum((x - mean_a) ** 2 for x in a) / len(a)
    var_b = sum((x - mean_b) ** 2 for x in b) / len(b)
    both = sum((x - mean_a) * (y - mean_b) for x, y in zip(a, b, strict=True)) / len(a)
    means = (2 * mean_a * mean_b + 0.01**2) / (mean_a**2 + mean_b**2 + 0.01**2)
    sd_a, sd_b = var_a**0.5, var_b**0.5
    contrast = (2 * sd_a * sd_b + 0.03**2) / (var_a + var_b + 0.03**2)
    structure = (both + 0.03**2 / 2) / (sd_a * sd_b + 0.03**2 / 2)
    return means * contrast * structure


def naive_js(a: np.ndarray, b: np.ndarray) -> float:
    a, b = a / a.sum(), b / b.sum()
    total = 0.0
    for x, y in zip(a, b, strict=True):
        middle = (x + y) / 2
        total += x * np.log(x / middle) if x > 0 else 0
        total += y * np.log(y / middle) if y > 0 else 0
    return total / 2


NAIVE = {
    "pearson": lambda a, b: stats.pearsonr(a, b).statistic,
    "spearman": lambda a, b: stats.spearmanr(a, b).statistic,
    "ssim": naive_ssim,
    "rmse": lambda a, b: np.sqrt(((stats.zscore(a) - stats.zscore(b)) ** 2).mean()),
    "js": naive_js,
    "variance_ratio": lambda a, b: b.var() / a.var(),
}


@pytest.mark.parametrize("name", metrics.COUNT_METRICS)
def test_as_computed_gene_by_gene(name, counts):
    truth, predicted = counts
    expected = [
        NAIVE[name](truth[:, gene].astype(float), predicted[:, gene].astype(float))
        for gene in range(truth.shape[1])
    ]
    found = metrics.COUNT_METRICS[name](truth, predicted)
    np.testing.assert_allclose(found, expected, rtol=1e-6)


PERFECT = {"pearson": 1, "spearman": 1, "ssim": 1, "rmse": 0, "js": 0}


@pytest.mark.parametrize(("name", "best"), PERFECT.items())
def test_truth_itself_scores_best(name, best, counts):
    truth, _ = counts
    found = metrics.COUNT_METRICS[name](truth, truth)
    np.testing.assert_allclose(found, best, atol=1e-12)


@pytest.mark.parametrize("name", metrics.COUNT_METRICS)
def test_gene_that_does_not_vary_has_no_score(name, counts):
    truth, predicted = (side.copy() for side in counts)
    truth[:, 1] = 3
    truth[:, 2] = 0
    found = metrics.COUNT_METRICS[name](truth, predicted)
    assert np.isnan(found[[1, 2]]).all()
    assert np.isfinite(found[[0, 3, 4]]).all()


@pytest.mark.parametrize(
    ("name", "told_nothing"), [("pearson", 0), ("spearman", 0), ("rmse", 1)]
)
@pytest.mark.parametrize("level", [0.0, 0.1, 7.0])
def test_flat_prediction_is_no_way_out(name, told_nothing, level, counts):
    truth, _ = counts
    found = metrics.COUNT_METRICS[name](truth, np.full_like(truth, level))
    np.testing.assert_allclose(found, told_nothing, atol=1e-9)


@pytest.mark.parametrize("name", metrics.COUNT_METRICS)
def test_all_zero_prediction_is_finite(name, counts):
    truth, _ = counts
    assert np.isfinite(metrics.COUNT_METRICS[name](truth, np.zeros_like(truth))).all()


def test_correlations_ignore_scale(counts):
    truth, predicted = counts
    for score in (metrics.pearson, metrics.spearman, metrics.js, metrics.rmse):
        np.testing.assert_allclose(
            score(truth, predicted * 8), score(truth, predicted), rtol=1e-5
        )


def test_coverage_counts_what_is_within_reach():
    truth = np.array([[0.0], [1.0], [2.0], [5.0]])
    mean, sd = np.full((4, 1), 1.0), np.full((4, 1), 1.0)
    assert metrics.coverage(truth, mean, sd) == 0.75
    assert metrics.coverage(truth, mean, sd, z=0.5) == 0.25


def test_log_normalising_takes_library_size_out():
    share = np.array([[0.25, 0.5, 0.25]])
    library = np.array([100.0, 400.0, 0.0])
    counts = library[:, None] * share
    logged = metrics.log_normalised(counts, library, target=200)
    np.testing.assert_allclose(logged[0], np.log1p(200 * share[0]))
    np.testing.assert_allclose(logged[1], logged[0])
    np.testing.assert_array_equal(logged[2], 0)
