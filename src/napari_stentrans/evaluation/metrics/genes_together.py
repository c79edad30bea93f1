"""Whether genes that go together still do: the correlations between genes."""

from __future__ import annotations

import numpy as np

from napari_stentrans.evaluation.metrics.values import Values, z_scores
from napari_stentrans.section.lattice import FloatArray


def gene_correlation_error(truth: Values, predicted: Values) -> FloatArray:
    """Mean absolute error of each gene's correlations with the others.

    Parameters
    ----------
    truth, predicted : ndarray, shape (spot, gene)
        Best log-normalised, or library size makes everything correlate.

    Returns
    -------
    ndarray, shape (gene,)
        Between 0 and 2, less is better; NaN for a gene that does not vary in the truth,
        or is the only one that does. Smoothing shows: it makes all correlations larger.
    """
    n_spots = len(truth)
    a, b = z_scores(truth), z_scores(predicted)
    difference = np.abs(a.T @ a - b.T @ b) / n_spots
    vary = a.any(axis=0)
    difference[:, ~vary] = 0
    np.fill_diagonal(difference, 0)
    n_others = int(vary.sum()) - 1
    error = difference.sum(axis=1) / max(n_others, 1)
    return np.where(vary & (n_others > 0), error, np.nan)
