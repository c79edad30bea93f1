"""A gene signature: one value a spot for a set of genes.

The mean over the genes of their counts, each gene in units of its standard deviation
over the measured spots: no high gene rules the others, and since nothing is taken the
logarithm of, expected counts and measured counts give values that can be compared.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from napari_stentrans.errors import InvalidRequestError
from napari_stentrans.section.lattice import FloatArray, IntArray
from napari_stentrans.section.section import Section

_ROUNDING = 1e-6
"""Standard deviation, relative to the mean, of what is the same everywhere."""


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
    weights = one_over_sd(section, section.gene_index(names))
    n_varying = np.count_nonzero(weights)
    if n_varying == 0:
        msg = (
            f"none of {', '.join(names[:5]) or 'no genes'} differs between the spots "
            f"of {section.name}, so they make no signature. Choose other genes."
        )
        raise InvalidRequestError(msg)
    return weights / n_varying


def one_over_sd(section: Section, columns: IntArray) -> FloatArray:
    """One over the standard deviation of each gene's counts over the spots, (gene,).

    Zero for a gene that is the same everywhere.
    """
    counts, n_spots = section.by_gene[:, columns], section.n_spots
    values, gene = counts.data.astype(np.float64), _column_of_each(counts)
    mean = np.bincount(gene, values, len(columns)) / n_spots
    squares = np.bincount(gene, (values - mean[gene]) ** 2, len(columns))
    without = n_spots - np.diff(counts.indptr)
    sd = np.sqrt((squares + without * mean**2) / n_spots)
    varies = sd > _ROUNDING * mean
    return np.divide(1.0, sd, out=np.zeros(len(columns)), where=varies)


def _column_of_each(counts: sparse.csc_matrix) -> IntArray:
    """Column of each stored value, in their order."""
    return np.repeat(np.arange(counts.shape[1]), np.diff(counts.indptr))


def measured_signature(section: Section, genes: Iterable[str]) -> FloatArray:
    """Signature of the measured counts, in standard deviations, shape (spot,)."""
    names = list(genes)
    weights = signature_weights(section, names)
    signature: FloatArray = section.by_gene[:, section.gene_index(names)] @ weights
    return signature


@dataclass(frozen=True, eq=False)
class Combined:
    """Signature at some positions, from predictions of its genes; parts of it add up.

    What a position's counts differ from their expectation by is independent from gene
    to gene where it is counting noise. The rest is what the prediction did not know:
    genes share programmes and library size, and err together. Taken as independent, it
    would cancel: intervals of twenty genes held 35 to 55 % of what they held 90 % of
    for single ones.

    Attributes
    ----------
    mean : ndarray, shape (position, signature)
        The signature.
    counting : ndarray, same shape
        Its variance by counting noise.
    together : ndarray, same shape
        Its standard deviation by what errs together.
    """

    mean: FloatArray
    counting: FloatArray
    together: FloatArray

    @classmethod
    def of(
        cls,
        mean: NDArray[np.floating],
        sd: NDArray[np.floating],
        weights: sparse.csr_matrix,
        one_count: float = 1.0,
    ) -> Combined:
        """Combine predictions of genes.

        Parameters
        ----------
        mean, sd : ndarray, shape (position, gene)
            Expected counts and their standard deviation.
        weights : shape (gene, signature)
            Factors of counts, as of `signature_weights`.
        one_count
            Value that stands for one count.
        """
        mean, variance = mean.astype(np.float64), sd.astype(np.float64) ** 2
        counting = np.minimum(mean * one_count, variance)
        rest = np.sqrt(variance - counting)
        squared = weights.multiply(weights)
        return cls(mean @ weights, counting @ squared, rest @ weights)

    @property
    def sd(self) -> FloatArray:
        """Standard deviation of the signature."""
        sd: FloatArray = np.sqrt(self.counting + self.together**2)
        return sd

    def __add__(self, other: Combined) -> Combined:
        """Combine with further genes."""
        return Combined(
            self.mean + other.mean,
            self.counting + other.counting,
            self.together + other.together,
        )
