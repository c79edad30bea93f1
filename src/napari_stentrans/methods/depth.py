"""Expected counts of measured spots that follow their depth as the counts do.

Log-normalised expression of a sparse gene is lower where a spot has few counts, and
programmes take that for a pattern: shallow spots would have less of every sparse gene
than they were counted to have, and more of the strong ones. What a gene's counts say of
depth is known better than that, from all spots together.
"""

from __future__ import annotations

import numpy as np

from napari_stentrans.methods.decoder import level_of
from napari_stentrans.section.lattice import Float32Array, FloatArray

_CLASSES = 24
"""Of spots of like depth, whose counts are summed."""
_STEPS = 5
"""Of Newton's method, which has converged by then."""
_LIKELY = 0.3
"""Standard deviation of slopes between genes: of a rare one little is to be learnt."""
_STEEPEST = 1.0
"""Twice the depth, twice or half the share."""
_LEAST_DEPTH = 1e-2
_TINY = 1e-9
"""Instead of nothing, to divide by."""


def following_depth(
    rate: Float32Array, counts: Float32Array, depth: Float32Array
) -> Float32Array:
    """Multiply each gene's rates by a power of depth, so that they fit its counts.

    Poisson regression of the counts with the rates as offset: level and slope over log
    depth are the most likely ones, slopes with a normal prior around zero.

    Parameters
    ----------
    rate, counts : ndarray, shape (spot, gene)
        Expected and measured.
    depth : ndarray, shape (spot,)
        Library sizes, of whatever unit.

    Returns
    -------
    ndarray of float32, shape (spot, gene)
        With the total of each gene's counts.
    """
    relative = depth / max(float(depth.mean()), _TINY)
    log_depth = np.log(np.maximum(relative, _LEAST_DEPTH))
    members = _classes(log_depth)
    at = (members @ log_depth) / members.sum(axis=1)
    slope = _slope(members @ rate, members @ counts, at)
    followed: Float32Array = np.multiply.outer(log_depth, slope.astype(np.float32))
    np.exp(followed, out=followed)
    followed *= rate
    followed *= level_of(followed, counts)
    return followed


def _classes(log_depth: Float32Array) -> Float32Array:
    """Which spots are in which class of depth, shape (class, spot)."""
    n_spots = len(log_depth)
    rank = np.empty(n_spots, dtype=np.int64)
    rank[np.argsort(log_depth, kind="stable")] = np.arange(n_spots)
    n_classes = min(_CLASSES, n_spots)
    of_spot = rank * n_classes // n_spots
    classes = np.arange(n_classes)[:, None]
    members: Float32Array = (classes == of_spot).astype(np.float32)
    return members


def _slope(rate: Float32Array, counts: Float32Array, at: Float32Array) -> FloatArray:
    """Change of each gene's log rate with log depth, shape (gene,).

    Parameters
    ----------
    rate, counts : ndarray, shape (class, gene)
        Sums.
    at : ndarray, shape (class,)
        Mean log depth.
    """
    slope = np.zeros(rate.shape[1])
    for _ in range(_STEPS):
        expected = rate * np.exp(np.outer(at, slope))
        expected *= level_of(expected, counts)
        mean = at @ expected / np.maximum(expected.sum(axis=0), _TINY)
        off_mean = at[:, None] - mean
        gradient = (off_mean * (counts - expected)).sum(axis=0) - slope / _LIKELY**2
        curvature = (off_mean**2 * expected).sum(axis=0) + 1 / _LIKELY**2
        slope = np.clip(slope + gradient / curvature, -_STEEPEST, _STEEPEST)
    return slope
