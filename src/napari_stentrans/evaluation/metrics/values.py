"""What the scores share: types, scaling, and which genes vary at all."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from napari_stentrans.section.lattice import FloatArray

Values: TypeAlias = NDArray[np.floating]
Metric: TypeAlias = Callable[[Values, Values], FloatArray]

_FEWEST_SPOTS = 3


def log_normalised(counts: Values, library: FloatArray, target: float) -> FloatArray:
    """log1p of counts, shape (spot, gene), scaled from ``library`` to ``target``.

    A gene that makes up the whole library is divided by itself: it is the same at all
    spots, and an empty one (of half of the counts, say) must not look like a pattern.
    """
    share = np.divide(target, library, out=np.zeros_like(library), where=library > 0)
    logged = np.asarray(np.log1p(double(counts) * share[:, None]))
    is_all = (counts == library[:, None]).all(axis=0)
    logged[:, is_all] = np.log1p(target)
    return logged


def double(values: Values) -> FloatArray:
    """Return values in double precision."""
    return np.asarray(values, dtype=np.float64)


def varies(values: Values) -> NDArray[np.bool_]:
    """Which genes vary by more than rounding; over two spots any two are alike."""
    low, high = values.min(axis=0), values.max(axis=0)
    vary = high - low > 1e-6 * np.maximum(np.abs(high), 1e-30)
    return np.asarray(vary & (len(values) >= _FEWEST_SPOTS))


def centred(values: Values) -> FloatArray:
    """Deviations from the mean; exactly 0 for a gene that does not vary."""
    exact = double(values)
    return np.where(varies(values), exact - exact.mean(axis=0), 0.0)


def z_scores(values: Values) -> FloatArray:
    """Deviations in standard deviations; 0 for a gene that does not vary."""
    deviation = centred(values)
    sd = np.sqrt((deviation**2).mean(axis=0))
    return deviation / np.where(sd > 0, sd, 1.0)


def max_scaled(values: Values) -> FloatArray:
    """Values of each gene relative to its highest."""
    highest = double(values).max(axis=0)
    return double(values) / np.where(highest > 0, highest, 1.0)


def sum_scaled(values: Values) -> FloatArray:
    """Shares of the total; equal ones for a gene that is 0 everywhere."""
    total = double(values).sum(axis=0)
    shares = double(values) / np.where(total > 0, total, 1.0)
    return np.where(total > 0, shares, 1.0 / len(values))
