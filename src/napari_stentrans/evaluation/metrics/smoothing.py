"""Signs of over-smoothing: predicted over measured variance and autocorrelation.

Measured counts are noisy, which adds variance and hides autocorrelation. A perfect,
noise-free prediction therefore has a variance ratio of the squared noise ceiling (below
1), and a Moran ratio of one over it (above 1): neither ratio is best at 1.
"""

from __future__ import annotations

import numpy as np

from napari_stentrans.evaluation.metrics.values import Values, centred
from napari_stentrans.section.lattice import FloatArray, IntArray

_SIGNIFICANT = 2.0
"""Standard deviations by which Moran's I must exceed that of noise to be a divisor."""


def variance_ratio(truth: Values, predicted: Values) -> FloatArray:
    """Predicted over measured variance: below 1 is smoother than the noisy truth."""
    measured = (centred(truth) ** 2).mean(axis=0)
    known = np.where(measured > 0, measured, np.nan)
    return np.asarray((centred(predicted) ** 2).mean(axis=0) / known)


def moran(values: Values, neighbours: IntArray) -> FloatArray:
    """Moran's I of each gene, all neighbours weighing the same.

    Parameters
    ----------
    values : ndarray, shape (spot, gene)
        Counts, or whatever varies over space.
    neighbours : ndarray, shape (pair, 2)
        Each pair of neighbouring spots once.

    Returns
    -------
    ndarray, shape (gene,)
        NaN for a gene that does not vary, or without any pair.
    """
    deviation = centred(values)
    total = (deviation**2).sum(axis=0)
    first, second = neighbours.T
    together = (deviation[first] * deviation[second]).sum(axis=0) / max(len(first), 1)
    known = np.where((total > 0) & (len(first) > 0), total, np.nan)
    return np.asarray(len(values) * together / known)


def moran_ratio(truth: Values, predicted: Values, neighbours: IntArray) -> FloatArray:
    """Predicted over measured Moran's I: above 1 is smoother than the noisy truth.

    Only for genes whose measured I is beyond noise (two standard deviations of I under
    independence, 1 / sqrt(pair) each); NaN for the others.
    """
    measured = moran(truth, neighbours)
    floor = _SIGNIFICANT / np.sqrt(max(len(neighbours), 1))
    known = np.where(measured > floor, measured, np.nan)
    return np.asarray(moran(predicted, neighbours) / known)
