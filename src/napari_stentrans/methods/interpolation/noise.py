"""How far a count falls from its prediction, learnt from spots left out in turn.

For each gene the variance of a measured count around its prediction is a line in the
predicted mean, ``floor + slope * mean``: counting noise and what the method misses
both grow with expression. The line is fitted by weighted least squares to the squared
errors at left-out spots, then scaled to match their mean. It is the spread at a
typical distance to the nearest spot; deep inside a hole the truth may be further off.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from napari_stentrans.methods.interpolation.weights import Rule, canonical_order
from napari_stentrans.progress import Progress, Steps
from napari_stentrans.section.lattice import FloatArray, IntArray

Values: TypeAlias = NDArray[np.float32]

_FOLDS = 5
_MAX_LEFT_OUT = 3000
"""Spots that are left out at most: more would not change the estimate."""


@dataclass(frozen=True, eq=False)
class Fold:
    """Some spots left out, and the weights that predict them from the others."""

    left_out: IntArray
    kept: IntArray
    weights: sparse.csr_matrix


def leave_out_steps(spots_rc: FloatArray, rule: Rule, seed: int) -> Steps[list[Fold]]:
    """Leave spots out, in five parts; a stop keeps the parts done so far."""
    n_spots = len(spots_rc)
    shuffled = np.random.default_rng(seed).permutation(n_spots)[:_MAX_LEFT_OUT]
    chosen = canonical_order(spots_rc)[shuffled]
    n_folds = min(_FOLDS, n_spots) if n_spots > 1 else 0
    folds: list[Fold] = []
    for number in range(n_folds):
        if (yield Progress("Measuring the error", number, n_folds)):
            break
        left_out = np.sort(chosen[number::n_folds])
        kept = np.setdiff1d(np.arange(n_spots), left_out)
        weights = rule(spots_rc[kept], spots_rc[left_out])
        folds.append(Fold(left_out, kept, weights))
    return folds


class CountNoise:
    """Standard deviation of a count around its predicted mean, by gene.

    Parameters
    ----------
    counts : csc_matrix, shape (spot, gene)
    folds
        Left-out spots; without any, counts are taken for Poisson (plus one).
    """

    def __init__(self, counts: sparse.csc_matrix, folds: list[Fold]) -> None:
        self._counts = counts
        self._folds = folds
        self._line = np.full((2, counts.shape[1]), np.nan)
        """Floor and slope of each gene, NaN until it is asked for."""

    def sd(self, mean: Values, genes: IntArray) -> Values:
        """Standard deviation around ``mean``, shape (position, gene)."""
        floor, slope = self._lines(genes)
        return np.asarray(np.sqrt(floor + slope * mean), dtype=np.float32)

    def _lines(self, genes: IntArray) -> NDArray[np.float32]:
        unknown = np.unique(genes[np.isnan(self._line[0, genes])])
        if len(unknown):
            floor, slope = self._fit(unknown)
            self._line[1, unknown] = slope
            self._line[0, unknown] = floor  # last: other threads go by it
        return self._line[:, genes].astype(np.float32)

    def _fit(self, genes: IntArray) -> FloatArray:
        if not self._folds:
            return np.ones((2, len(genes)))
        counts = self._counts[:, genes].toarray()
        predicted = [
            np.maximum(fold.weights @ counts[fold.kept], 0.0) for fold in self._folds
        ]
        mean = np.concatenate(predicted).astype(np.float64)
        truth = np.concatenate([counts[fold.left_out] for fold in self._folds])
        return _variance_line(mean, (truth - mean) ** 2)


def _variance_line(mean: FloatArray, squared_error: FloatArray) -> FloatArray:
    """Fit ``squared_error ~ floor + slope * mean``, shape (2, gene); neither is < 0."""
    n_spots = len(mean)
    typical = mean.mean(axis=0)
    weight = 1 / np.maximum(mean + typical, 1e-12) ** 2
    total = weight.sum(axis=0)
    centre_x = (weight * mean).sum(axis=0) / total
    centre_y = (weight * squared_error).sum(axis=0) / total
    spread = (weight * (mean - centre_x) ** 2).sum(axis=0)
    joint = (weight * (mean - centre_x) * (squared_error - centre_y)).sum(axis=0)
    steepest = centre_y / np.maximum(centre_x, 1e-12)  # through the origin
    slope = np.divide(joint, spread, out=np.zeros_like(joint), where=spread > 1e-12)
    slope = np.clip(slope, 0.0, steepest)
    floor = np.maximum(centre_y - slope * centre_x, 0.0)
    fitted = np.maximum(floor + slope * typical, 1e-12)
    scale = squared_error.mean(axis=0) / fitted
    unseen = 1 / (n_spots + 1)  # one count more than was seen, at one more spot
    return np.stack([scale * floor + unseen, scale * slope])
