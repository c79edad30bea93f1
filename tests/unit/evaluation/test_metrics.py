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


def test_no_prediction_at_all_is_an_even_one_to_js(counts):
    truth, _ = counts
    nothing, even = (metrics.js(truth, np.full_like(truth, x)) for x in (0, 1))
    np.testing.assert_allclose(nothing, even)


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


def test_log_normalising_takes_library_size_out():
    share = np.array([[0.25, 0.5, 0.25]])
    library = np.array([100.0, 400.0, 0.0])
    counts = library[:, None] * share
    logged = metrics.log_normalised(counts, library, target=200)
    np.testing.assert_allclose(logged[0], np.log1p(200 * share[0]))
    np.testing.assert_allclose(logged[1], logged[0])
    np.testing.assert_array_equal(logged[2], 0)


def test_a_spot_of_a_single_count_is_normalised_as_any_other():
    counts = np.array([[1.0, 0.0], [0.0, 3.0]])
    logged = metrics.log_normalised(counts, np.array([1.0, 3.0]), target=7)
    np.testing.assert_allclose(logged, np.log1p([[7, 0], [0, 7]]))


def test_a_gene_that_is_all_there_is_does_not_vary_once_normalised():
    library = np.array([7.0, 0.0, 300.0, 1.0])
    alone = library[:, None].astype(np.float32)
    other = np.array([[1], [0], [2], [0]], dtype=np.float32)
    for counts, spread in ((alone, 0), (other, np.log1p(200 / 7))):
        logged = metrics.log_normalised(counts, library, target=200)
        assert np.ptp(logged) == pytest.approx(spread)


# -- intervals, smoothing, genes together ----------------------------------------------


def test_coverage_without_an_uncertainty_is_unknown():
    truth = np.ones((4, 2))
    sd = np.array([[1.0, np.nan]] * 4)
    np.testing.assert_array_equal(metrics.coverage(truth, truth, sd), [1, np.nan])


def test_intervals_of_a_known_normal_cover_nine_tenths(rng):
    truth = rng.normal(5, 2, (20_000, 3))
    mean, sd = np.full_like(truth, 5), np.full_like(truth, 2)
    np.testing.assert_allclose(metrics.coverage(truth, mean, sd), 0.9, atol=0.01)
    np.testing.assert_allclose(metrics.interval_width(truth, sd), 3.29, atol=0.05)


GRID = np.array(
    [(5 * i + j, 5 * i + j + 1) for i in range(8) for j in range(4)]
    + [(5 * i + j, 5 * i + j + 5) for i in range(7) for j in range(5)]
)
"""Neighbours of 8 rows of 5 spots."""


def naive_moran(values: np.ndarray, pairs: np.ndarray) -> float:
    z = values - values.mean()
    weight = np.zeros((len(z), len(z)))
    for a, b in pairs:
        weight[a, b] = weight[b, a] = 1
    together = sum(
        weight[a, b] * z[a] * z[b] for a in range(len(z)) for b in range(len(z))
    )
    return len(z) / weight.sum() * together / (z**2).sum()


def test_moran_by_the_full_weight_matrix(counts):
    found = metrics.moran(counts[0], GRID)
    expected = [naive_moran(gene.astype(float), GRID) for gene in counts[0].T]
    np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_moran_knows_a_gradient_from_a_checkerboard():
    row, col = np.mgrid[:8, :5].reshape(2, -1)
    values = np.column_stack([row, (row + col) % 2, np.ones(40)]).astype(float)
    gradient, checkerboard, flat = metrics.moran(values, GRID)
    assert gradient > 0.8
    assert checkerboard == pytest.approx(-1)  # neighbours are always of the other kind
    assert np.isnan(flat)


def test_smoothing_raises_moran_and_lowers_variance(rng):
    row, _ = np.mgrid[:8, :5].reshape(2, -1)
    clean = np.repeat(row[:, None] * 1.0, 30, axis=1)
    noisy = clean + rng.normal(0, 1.5, clean.shape)
    assert np.nanmedian(metrics.moran_ratio(noisy, clean, GRID)) > 1.1
    assert np.median(metrics.variance_ratio(noisy, clean)) < 0.95
    same = metrics.moran_ratio(noisy, noisy, GRID)
    np.testing.assert_allclose(same[~np.isnan(same)], 1)


def test_moran_of_noise_is_no_divisor(rng):
    noise = rng.normal(size=(40, 500))
    ratio = metrics.moran_ratio(noise, noise, GRID)
    assert np.isnan(ratio).mean() > 0.93


def test_without_neighbours_there_is_no_moran(counts):
    nobody = np.empty((0, 2), dtype=np.int64)
    assert np.isnan(metrics.moran_ratio(*counts, nobody)).all()


def test_gene_correlations_pair_by_pair(counts):
    truth, predicted = counts
    n_genes = truth.shape[1]
    expected = [
        np.mean(
            [
                abs(
                    stats.pearsonr(truth[:, one], truth[:, other]).statistic
                    - stats.pearsonr(predicted[:, one], predicted[:, other]).statistic
                )
                for other in range(n_genes)
                if other != one
            ]
        )
        for one in range(n_genes)
    ]
    found = metrics.gene_correlation_error(truth, predicted)
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    np.testing.assert_allclose(metrics.gene_correlation_error(truth, truth), 0)


def test_a_flat_prediction_errs_in_correlations_with_others_alone(counts):
    truth, _ = counts
    correlations = np.abs(np.corrcoef(truth.T))
    expected = (correlations.sum(axis=0) - 1) / (truth.shape[1] - 1)
    found = metrics.gene_correlation_error(truth, np.ones_like(truth))
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_one_pattern_for_all_genes_errs_in_every_correlation(rng):
    truth = rng.normal(size=(2000, 6))
    same = np.repeat(rng.normal(size=(2000, 1)), 6, axis=1)
    found = metrics.gene_correlation_error(truth, same)
    np.testing.assert_allclose(found, 1, atol=0.06)


def test_a_gene_that_alone_varies_has_no_correlation_to_err_in(counts):
    truth, predicted = counts
    flat = np.ones_like(truth)
    flat[:, 2] = truth[:, 2]
    assert np.isnan(metrics.gene_correlation_error(flat, predicted)).all()
    flat[:, 4] = truth[:, 4]  # and now there are two
    found = metrics.gene_correlation_error(flat, predicted)
    assert np.isfinite(found[[2, 4]]).all()
    assert found[2] == pytest.approx(found[4])
