"""Correlations over spots: whether the pattern is right, whatever its scale."""

from __future__ import annotations

import numpy as np

from napari_stentrans.evaluation.metrics.values import Values, centred, varies
from napari_stentrans.section.lattice import FloatArray


def pearson(truth: Values, predicted: Values) -> FloatArray:
    """Pearson's correlation over spots; more is better.

    A prediction that does not vary has told nothing about a gene that does: 0.
    """
    a, b = centred(truth), centred(predicted)
    scale = np.sqrt((a**2).sum(axis=0) * (b**2).sum(axis=0))
    r = np.divide((a * b).sum(axis=0), scale, out=np.zeros_like(scale), where=scale > 0)
    return np.where(varies(truth), r, np.nan)


def spearman(truth: Values, predicted: Values) -> FloatArray:
    """Spearman's rank correlation over spots; ties share their mean rank."""
    # Half a second to import, and this package is part of every first run.
    from scipy import stats

    return pearson(stats.rankdata(truth, axis=0), stats.rankdata(predicted, axis=0))
