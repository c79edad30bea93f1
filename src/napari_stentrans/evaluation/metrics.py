"""Scores of predicted against measured counts, for many genes at once.

Every score takes ``truth`` and ``predicted``, shape (spot, gene), and gives one value a
gene, NaN where it is not defined (a gene that does not vary). SSIM, RMSE and JS follow
the definitions of Li et al., Nature Methods 2022 (SpatialBenchmarking). Knows nothing
about sections or methods.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import special, stats

from napari_stentrans.section.lattice import FloatArray

Values: TypeAlias = NDArray[np.floating]
Metric: TypeAlias = Callable[[Values, Values], FloatArray]

_SSIM_MEAN = 0.01**2
_SSIM_SPREAD = 0.03**2


def pearson(truth: Values, predicted: Values) -> FloatArray:
    """Pearson's correlation over spots; more is better.

    A prediction that does not vary has told nothing about a gene that does: 0.
    """
    a, b = _centred(truth), _centred(predicted)
    scale = np.sqrt((a**2).sum(axis=0) * (b**2).sum(axis=0))
    r = np.divide((a * b).sum(axis=0), scale, out=np.zeros_like(scale), where=scale > 0)
    return np.where(_varies(truth), r, np.nan)


def spearman(truth: Values, predicted: Values) -> FloatArray:
    """Spearman's rank correlation over spots; ties share their mean rank."""
    return pearson(stats.rankdata(truth, axis=0), stats.rankdata(predicted, axis=0))


def ssim(truth: Values, predicted: Values) -> FloatArray:
    """Structural similarity of max-scaled genes over all spots; more is better."""
    a, b = _max_scaled(truth), _max_scaled(predicted)
    mean_a, mean_b = a.mean(axis=0), b.mean(axis=0)
    covariance = ((a - mean_a) * (b - mean_b)).mean(axis=0)
    means = 2 * mean_a * mean_b + _SSIM_MEAN
    means /= mean_a**2 + mean_b**2 + _SSIM_MEAN
    spreads = 2 * covariance + _SSIM_SPREAD
    spreads /= a.var(axis=0) + b.var(axis=0) + _SSIM_SPREAD
    return np.where(_varies(truth), means * spreads, np.nan)


def rmse(truth: Values, predicted: Values) -> FloatArray:
    """Root-mean-square error of z-scores (each side by its own); less is better."""
    error = _z_scores(truth) - _z_scores(predicted)
    return np.where(_varies(truth), np.sqrt((error**2).mean(axis=0)), np.nan)


def js(truth: Values, predicted: Values) -> FloatArray:
    """Jensen-Shannon divergence (nats) of genes scaled to sum 1; less is better."""
    a, b = _sum_scaled(truth), _sum_scaled(predicted)
    middle = (a + b) / 2
    divergence = special.rel_entr(a, middle) + special.rel_entr(b, middle)
    return np.where(_varies(truth), divergence.sum(axis=0) / 2, np.nan)


def variance_ratio(truth: Values, predicted: Values) -> FloatArray:
    """Predicted over measured variance: below 1 is smoother than the noisy truth."""
    measured = (_centred(truth) ** 2).mean(axis=0)
    known = np.where(measured > 0, measured, np.nan)
    return np.asarray((_centred(predicted) ** 2).mean(axis=0) / known)


def coverage(
    truth: Values, predicted: Values, sd: Values, z: float = 1.645
) -> FloatArray:
    """Share of measured counts within ``z`` sd of the prediction."""
    inside = np.abs(_double(truth) - predicted) <= z * _double(sd)
    return np.asarray(inside.mean(axis=0))


def log_normalised(counts: Values, library: FloatArray, target: float) -> FloatArray:
    """log1p of counts, shape (spot, gene), scaled from ``library`` to ``target``."""
    share = np.divide(target, library, out=np.zeros_like(library), where=library > 0)
    return np.asarray(np.log1p(_double(counts) * share[:, None]))


COUNT_METRICS: dict[str, Metric] = {
    "pearson": pearson,
    "spearman": spearman,
    "ssim": ssim,
    "rmse": rmse,
    "js": js,
    "variance_ratio": variance_ratio,
}
"""Scores computed on counts."""


def _double(values: Values) -> FloatArray:
    return np.asarray(values, dtype=np.float64)


def _centred(values: Values) -> FloatArray:
    """Deviations from the mean; exactly 0 for a gene that does not vary."""
    double = _double(values)
    return np.where(_varies(values), double - double.mean(axis=0), 0.0)


def _varies(values: Values) -> NDArray[np.bool_]:
    """Which genes vary by more than rounding."""
    low, high = values.min(axis=0), values.max(axis=0)
    return np.asarray(high - low > 1e-6 * np.maximum(np.abs(high), 1e-30))


def _z_scores(values: Values) -> FloatArray:
    """Deviations in standard deviations; 0 for a gene that does not vary."""
    centred = _centred(values)
    sd = np.sqrt((centred**2).mean(axis=0))
    return centred / np.where(sd > 0, sd, 1.0)


def _max_scaled(values: Values) -> FloatArray:
    highest = _double(values).max(axis=0)
    return _double(values) / np.where(highest > 0, highest, 1.0)


def _sum_scaled(values: Values) -> FloatArray:
    """Shares of the total; equal ones for a gene that is 0 everywhere."""
    total = _double(values).sum(axis=0)
    shares = _double(values) / np.where(total > 0, total, 1.0)
    return np.where(total > 0, shares, 1.0 / len(values))
