"""A gene signature: one value a spot for a set of genes.

The mean over the genes of their counts, each gene in units of its standard deviation
over the measured spots: no high gene rules the others, and since nothing is taken the
logarithm of, expected counts and measured counts give values that can be compared.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from napari_stentrans.errors import InvalidRequestError
from napari_stentrans.section.lattice import FloatArray
from napari_stentrans.section.section import Section


def signature_weights(section: Section, genes: Iterable[str]) -> FloatArray:
    """Factor of each gene's counts in the signature, shape (gene,).

    One over the standard deviation of its counts and the number of genes that vary;
    zero for a gene that is the same everywhere, as it says nothing.

    Raises
    ------
    InvalidRequestError
        If none of the genes varies.
    """
    names = list(genes)
    counts = [section.gene_counts(name) for name in names]
    spread = np.array([values.std(dtype=np.float64) for values in counts])
    varies = np.array([np.ptp(values) > 0 for values in counts], dtype=bool)
    if not varies.any():
        msg = (
            f"none of {', '.join(names[:5]) or 'no genes'} differs between the spots "
            f"of {section.name}, so they make no signature. Choose other genes."
        )
        raise InvalidRequestError(msg)
    weights = np.zeros(len(names))
    weights[varies] = 1 / (spread[varies] * varies.sum())
    return weights


def measured_signature(section: Section, genes: Iterable[str]) -> FloatArray:
    """Signature of the measured counts, in standard deviations, shape (spot,)."""
    names = list(genes)
    weights = signature_weights(section, names)
    total = np.zeros(section.n_spots)
    for name, weight in zip(names, weights, strict=True):
        total += weight * section.gene_counts(name)
    return total


def combined(
    mean: NDArray[np.floating], sd: NDArray[np.floating], weights: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Signature and its standard deviation, from predictions of its genes.

    Parameters
    ----------
    mean, sd : ndarray, shape (position, gene)
        Expected counts and their standard deviation.
    weights : ndarray, shape (gene,)
        As of `signature_weights`.

    Returns
    -------
    mean, sd : ndarray, shape (position,)
        The errors of the genes are taken as independent: most is counting noise.
    """
    of_mean = np.asarray(mean, dtype=np.float64) @ weights
    variance = np.asarray(sd, dtype=np.float64) ** 2 @ weights**2
    return of_mean, np.sqrt(variance)
