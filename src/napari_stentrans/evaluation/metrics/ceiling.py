"""How good any prediction could be: the noise ceiling of each gene.

Counts are split binomially into halves, whose correlation over spots is the reliability
of half the counts; the Spearman-Brown formula gives that of all counts, and its square
root the correlation of the counts with their own expectation, which no prediction can
beat on average. Whatever differs between spots counts as predictable, also what one
spot has for itself: for hidden spots the true ceiling is lower still.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from napari_stentrans.evaluation.metrics.correlation import pearson
from napari_stentrans.evaluation.metrics.values import log_normalised
from napari_stentrans.portions import portions
from napari_stentrans.section.lattice import FloatArray, IntArray

_SPLITS = 5
"""Splits that are averaged: the luck of one is large for a single gene."""
_GENES_AT_ONCE = 512


def binomial_half(
    counts: sparse.csr_matrix, rng: np.random.Generator
) -> sparse.csr_matrix:
    """Give each count of a molecule to this half, or not, with equal chance."""
    half = counts.copy()
    drawn = rng.binomial(np.rint(counts.data).astype(np.int64), 0.5)
    half.data = drawn.astype(np.float32)
    half.eliminate_zeros()
    return half


def noise_ceiling(
    counts: sparse.csr_matrix, genes: IntArray, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """Highest correlation with measured counts that can be expected of a prediction.

    Parameters
    ----------
    counts : csr_matrix, shape (spot, gene)
        Whole numbers, of all genes: they make up the library size.
    genes : ndarray, shape (chosen,)
        Columns to compute it for.
    rng
        Of the splits.

    Returns
    -------
    on_counts, on_log : ndarray, shape (chosen,)
        For counts, and for log-normalised values (of each half by its own library).
        0 where halves do not agree at all, NaN where the gene does not vary.
    """
    target = float(np.median(np.asarray(counts.sum(axis=1))))
    on_counts, on_log = np.zeros((2, _SPLITS, len(genes)))
    for split in range(_SPLITS):
        one = binomial_half(counts, rng)
        halves = (one.tocsc(), (counts - one).tocsc())
        libraries = [np.asarray(half.sum(axis=1), float).ravel() for half in halves]
        for block in portions(len(genes), _GENES_AT_ONCE):
            a, b = (_dense(half, genes[block]) for half in halves)
            on_counts[split, block] = pearson(a, b)
            on_log[split, block] = pearson(
                log_normalised(a, libraries[0], target),
                log_normalised(b, libraries[1], target),
            )
    return _of_all(on_counts), _of_all(on_log)


def expected_ceiling(counts: sparse.csc_matrix, genes: IntArray) -> FloatArray:
    """Return what `noise_ceiling` on counts is in the mean of all splits, (chosen,).

    Halves of counts with mean m and variance v have covariance (v - m) / 4 and variance
    (v + m) / 4 over the spots in expectation, so that the ceiling is sqrt(1 - m / v).
    """
    ones, squares = np.ones(counts.shape[0]), counts.astype(np.float64).power(2)
    totals = (np.asarray(ones @ of)[genes] for of in (counts, squares))
    mean, square = (total / len(ones) for total in totals)
    variance = square - mean**2
    with np.errstate(divide="ignore", invalid="ignore"):
        reliability = np.where(variance > 0, 1 - mean / variance, 0.0)
    return np.asarray(np.sqrt(np.maximum(reliability, 0.0)))


def _dense(half: sparse.csc_matrix, genes: IntArray) -> NDArray[np.float32]:
    dense: NDArray[np.float32] = half[:, genes].toarray()
    return dense


def _of_all(half_r: FloatArray) -> FloatArray:
    """Correlation of all counts with their expectation, from that between halves.

    A gene of so few counts that a half does not vary in some split has none there.
    """
    known = ~np.isnan(half_r)
    total = np.where(known, half_r, 0.0).sum(axis=0)
    n_known = known.sum(axis=0)
    r = np.divide(total, n_known, out=np.full(len(total), np.nan), where=n_known > 0)
    r = np.maximum(r, 0.0)
    return np.asarray(np.sqrt(2 * r / (1 + r)))
