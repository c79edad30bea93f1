"""Whether the stated uncertainty is true, and how narrow it is."""

from __future__ import annotations

import numpy as np

from napari_stentrans.evaluation.metrics.values import Values, centred, double
from napari_stentrans.section.lattice import FloatArray

Z_90 = 1.645
"""A normal variable is within so many standard deviations nine times in ten."""


def coverage(truth: Values, predicted: Values, sd: Values) -> FloatArray:
    """Share of measured counts in the 90 % interval; NaN without sd."""
    inside = np.abs(double(truth) - predicted) <= Z_90 * double(sd)
    return np.where(np.isnan(sd).any(axis=0), np.nan, inside.mean(axis=0))


def interval_width(truth: Values, sd: Values) -> FloatArray:
    """Mean width of those intervals, in standard deviations of the measured counts.

    3.29 is what the gene's mean and spread alone would give.
    """
    spread = np.sqrt((centred(truth) ** 2).mean(axis=0))
    known = np.where(spread > 0, spread, np.nan)
    return np.asarray(2 * Z_90 * double(sd).mean(axis=0) / known)
