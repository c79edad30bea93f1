"""From channels back to counts: rates, their uncertainty, and the posterior of a spot.

Shared by every method that predicts gene programmes. What it learns about a gene (its
level, its dispersion) comes from leave-one-out predictions at the visible spots.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from napari_stentrans.methods.base import ExpressionField, Prediction
from napari_stentrans.methods.kriging.channels import Estimate
from napari_stentrans.methods.programmes import Programmes
from napari_stentrans.section.lattice import IntArray
from napari_stentrans.section.section import Section

Float32Array = NDArray[np.float32]

_BLOCK = 512


@dataclass(frozen=True, eq=False)
class GeneStatistics:
    """What the visible spots say about some genes.

    Attributes
    ----------
    level : ndarray, shape (gene,)
        Factor that brings the mean prediction to the mean count.
    dispersion : ndarray, shape (gene,)
        Excess of the squared error over counting noise, relative to the squared rate:
        the negative-binomial dispersion *of a prediction*, its own error included.
    """

    level: Float32Array
    dispersion: Float32Array


class Residuals(ABC):
    """Standardised gene residuals at fixed positions."""

    @abstractmethod
    def read(self, genes: IntArray) -> Float32Array:
        """Residual in units of `GeneDecoder.deviation`, shape (position, gene)."""


class GeneDecoder:
    """Turns channel estimates into expected counts.

    Parameters
    ----------
    section
        Visible spots.
    programmes
        Their programmes.
    left_out
        Channels of each visible spot, predicted from the others.
    """

    def __init__(
        self, section: Section, programmes: Programmes, left_out: Estimate
    ) -> None:
        self.section = section
        self.programmes = programmes
        self.left_out = left_out
        self._level = np.full(section.n_genes, np.nan, dtype=np.float32)
        self._dispersion = np.zeros(section.n_genes, dtype=np.float32)

    def rates(self, estimate: Estimate, genes: IntArray) -> Float32Array:
        """Expected counts at the estimated library size, shape (position, gene)."""
        library = self.programmes.library(estimate.mean).astype(np.float32)
        share = self.programmes.share(estimate.mean, genes)
        rate: Float32Array = share * library[:, None] * self.statistics(genes).level
        return rate

    def statistics(self, genes: IntArray) -> GeneStatistics:
        """Level and dispersion of some genes."""
        unknown = genes[np.isnan(self._level[genes])]
        for start in range(0, len(unknown), _BLOCK):
            self._learn(unknown[start : start + _BLOCK])
        return GeneStatistics(self._level[genes], self._dispersion[genes])

    def deviation(self, rate: Float32Array, genes: IntArray) -> Float32Array:
        """Expected standard deviation of counts around a rate, same shape."""
        dispersion = self.statistics(genes).dispersion
        spread: Float32Array = np.sqrt(rate + dispersion * rate**2)
        return spread

    def with_residual(
        self, rate: Float32Array, residuals: Residuals | None, genes: IntArray
    ) -> Float32Array:
        """Rate with what programmes left of each gene added; never negative."""
        if residuals is None:
            return rate
        moved = rate + residuals.read(genes) * self.deviation(rate, genes)
        kept: Float32Array = np.maximum(moved, 0.1 * rate)
        return kept

    def counts(self, genes: IntArray) -> Float32Array:
        """Counts of some genes at the visible spots, dense, shape (spot, gene)."""
        dense: Float32Array = self._by_gene[:, genes].toarray()
        return dense

    def mean_log_variance(self, genes: IntArray) -> Float32Array:
        """Mean over the spots of the leave-one-out variance of log expression."""
        typical = self.left_out.variance.mean(axis=0, keepdims=True)
        mean: Float32Array = self.programmes.log_variance(typical, genes)[0]
        return mean

    @cached_property
    def _by_gene(self):  # type: ignore[no-untyped-def] # csc_matrix
        return self.section.counts.tocsc()

    def _learn(self, genes: IntArray) -> None:
        """Fill in level and dispersion of genes that are read for the first time."""
        library = self.programmes.library(self.left_out.mean).astype(np.float32)
        counts = self.counts(genes)
        rate = self.programmes.share(self.left_out.mean, genes) * library[:, None]
        level = counts.sum(axis=0) / np.maximum(rate.sum(axis=0), 1e-9)
        rate *= level
        excess = np.maximum(((counts - rate) ** 2 - rate).sum(axis=0), 0)
        self._dispersion[genes] = excess / np.maximum((rate**2).sum(axis=0), 1e-9)
        self._level[genes] = level


@dataclass(frozen=True, eq=False)
class _DecodedField(ExpressionField):
    """Channels at fixed positions, and what programmes left of single genes."""

    decoder: GeneDecoder
    estimate: Estimate
    residuals: Residuals | None = None

    @property
    def n_positions(self) -> int:
        """Number of positions."""
        return len(self.estimate.mean)


@dataclass(frozen=True, eq=False)
class ProgrammeField(_DecodedField):
    """Genes at positions without a measurement.

    The variance of a count there is that of counting, plus the dispersion seen at
    left-out spots, plus what this position is less certain of than they were.
    """

    def read(self, genes: IntArray) -> Prediction:
        """Mean and sd of some genes."""
        rate = self.decoder.rates(self.estimate, genes)
        rate = self.decoder.with_residual(rate, self.residuals, genes)
        here = self.decoder.programmes.log_variance(self.estimate.variance, genes)
        more = here - self.decoder.mean_log_variance(genes)
        relative = np.maximum(self.decoder.statistics(genes).dispersion + more, 0)
        return Prediction(rate, np.sqrt(rate + relative * rate**2))


@dataclass(frozen=True, eq=False)
class SpotField(_DecodedField):
    """Genes at the measured spots: the posterior of own count and surroundings.

    A gamma prior around the kriged rate (at the spot's own library size) meets the
    spot's own count. Half the leave-one-out dispersion is taken as the prior's: the
    other half is left to the error of predicting without the spot.
    """

    def read(self, genes: IntArray) -> Prediction:
        """Posterior mean of some genes, and sd of a count measured anew."""
        programmes = self.decoder.programmes
        own_library = (
            self.decoder.section.library_size / programmes.median_library
        ).astype(np.float32)
        statistics = self.decoder.statistics(genes)
        prior = programmes.share(self.estimate.mean, genes) * statistics.level
        prior *= own_library[:, None]
        prior = self.decoder.with_residual(prior, self.residuals, genes)
        spread = np.maximum(0.5 * statistics.dispersion, 1e-6)
        weight = 1.0 / (1.0 + spread * prior)
        mean = prior * (1.0 + spread * self.decoder.counts(genes)) * weight
        variance = mean + spread * prior * weight * mean
        return Prediction(mean.astype(np.float32), np.sqrt(variance, dtype=np.float32))
