"""Scores of predicted against measured values, for many genes at once.

Every score takes ``truth`` and ``predicted``, shape (spot, gene), and gives one value a
gene, NaN where it is not defined (a gene that does not vary). Knows nothing about
sections or methods.
"""

from __future__ import annotations

from napari_stentrans.evaluation.metrics.benchmarking import js, rmse, ssim
from napari_stentrans.evaluation.metrics.ceiling import (
    binomial_half,
    expected_ceiling,
    noise_ceiling,
)
from napari_stentrans.evaluation.metrics.correlation import pearson, spearman
from napari_stentrans.evaluation.metrics.genes_together import gene_correlation_error
from napari_stentrans.evaluation.metrics.intervals import coverage, interval_width
from napari_stentrans.evaluation.metrics.smoothing import (
    moran,
    moran_ratio,
    variance_ratio,
)
from napari_stentrans.evaluation.metrics.values import Metric, log_normalised

COUNT_METRICS: dict[str, Metric] = {
    "pearson": pearson,
    "spearman": spearman,
    "ssim": ssim,
    "rmse": rmse,
    "js": js,
    "variance_ratio": variance_ratio,
}
"""Scores computed on counts alone."""

__all__ = [
    "COUNT_METRICS",
    "binomial_half",
    "coverage",
    "expected_ceiling",
    "gene_correlation_error",
    "interval_width",
    "js",
    "log_normalised",
    "moran",
    "moran_ratio",
    "noise_ceiling",
    "pearson",
    "rmse",
    "spearman",
    "ssim",
    "variance_ratio",
]
