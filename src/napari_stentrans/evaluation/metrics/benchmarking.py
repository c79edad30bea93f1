"""SSIM, RMSE and JS as the SpatialBenchmarking study defines them.

Li et al., Nature Methods 2022: SSIM of genes scaled to maximum 1 with global means and
variances, RMSE of z-scores, Jensen-Shannon divergence of genes scaled to sum 1.
"""

from __future__ import annotations

import numpy as np
from scipy import special

from napari_stentrans.evaluation.metrics.values import (
    Values,
    max_scaled,
    sum_scaled,
    varies,
    z_scores,
)
from napari_stentrans.section.lattice import FloatArray

_SSIM_MEAN = 0.01**2
_SSIM_SPREAD = 0.03**2


def ssim(truth: Values, predicted: Values) -> FloatArray:
    """Structural similarity of max-scaled genes over all spots; more is better."""
    a, b = max_scaled(truth), max_scaled(predicted)
    mean_a, mean_b = a.mean(axis=0), b.mean(axis=0)
    covariance = ((a - mean_a) * (b - mean_b)).mean(axis=0)
    means = 2 * mean_a * mean_b + _SSIM_MEAN
    means /= mean_a**2 + mean_b**2 + _SSIM_MEAN
    spreads = 2 * covariance + _SSIM_SPREAD
    spreads /= a.var(axis=0) + b.var(axis=0) + _SSIM_SPREAD
    return np.where(varies(truth), means * spreads, np.nan)


def rmse(truth: Values, predicted: Values) -> FloatArray:
    """Root-mean-square error of z-scores (each side by its own); less is better."""
    error = z_scores(truth) - z_scores(predicted)
    return np.where(varies(truth), np.sqrt((error**2).mean(axis=0)), np.nan)


def js(truth: Values, predicted: Values) -> FloatArray:
    """Jensen-Shannon divergence (nats) of genes scaled to sum 1; less is better."""
    a, b = sum_scaled(truth), sum_scaled(predicted)
    middle = (a + b) / 2
    divergence = special.rel_entr(a, middle) + special.rel_entr(b, middle)
    return np.where(varies(truth), divergence.sum(axis=0) / 2, np.nan)
