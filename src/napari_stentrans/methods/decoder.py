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
_TIMES = 1.645
"""Standard deviations on each side that a 90 % interval of a normal variable has."""
_LEAST_STRETCH = 0.5
_PRIOR_SHARE = 0.25
"""Share of the dispersion of left-out predictions that is left once a spot is seen."""


@dataclass(frozen=True, eq=False)
class GeneStatistics:
    """What the visible spots say about some genes.

    Each spot is predicted from the others and compared with its counts.

    Attributes
    ----------
    level : ndarray, shape (gene,)
        Factor that brings the mean prediction to the mean count.
    dispersion : ndarray, shape (gene,)
        Excess of the squared error over counting noise, relative to the squared rate:
        the negative-binomial dispersion *of a prediction*, its own error included.
    stretch : ndarray, shape (gene,)
        Factor of the standard deviation with which the mean +- 1.645 standard
        deviations hold 90 % of the left-out counts (split conformal prediction).
    pearson : ndarray, shape (gene,)
        Correlation of the left-out predictions with the counts.
    """

    level: Float32Array
    dispersion: Float32Array
    stretch: Float32Array
    pearson: Float32Array


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
        self._known = np.zeros(section.n_genes, dtype=bool)
        self._statistics = np.zeros((4, section.n_genes), dtype=np.float32)

    def rates(self, estimate: Estimate, genes: IntArray) -> Float32Array:
        """Expected counts at the estimated library size, shape (position, gene)."""
        library = self.programmes.library(estimate.mean).astype(np.float32)
        share = self.programmes.share(estimate.mean, genes)
        rate: Float32Array = share * library[:, None] * self.statistics(genes).level
        return rate

    def statistics(self, genes: IntArray) -> GeneStatistics:
        """Level, dispersion, stretch and score of some genes."""
        unknown = genes[~self._known[genes]]
        for start in range(0, len(unknown), _BLOCK):
            block = unknown[start : start + _BLOCK]
            self._statistics[:, block] = self._learn(block)
            self._known[block] = True
        return GeneStatistics(*self._statistics[:, genes])

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

    def _learn(self, genes: IntArray) -> Float32Array:
        """Statistics of genes that are read for the first time, shape (4, gene)."""
        library = self.programmes.library(self.left_out.mean).astype(np.float32)
        counts = self.counts(genes)
        rate = self.programmes.share(self.left_out.mean, genes) * library[:, None]
        level = counts.sum(axis=0) / np.maximum(rate.sum(axis=0), 1e-9)
        rate *= level
        missed = counts - rate
        excess = np.maximum((missed**2 - rate).sum(axis=0), 0)
        dispersion = excess / np.maximum((rate**2).sum(axis=0), 1e-9)
        spread = np.sqrt(rate + dispersion * rate**2) + 1e-6
        stretch = _conformal(np.abs(missed) / spread)
        return np.stack([level, dispersion, stretch, _pearson(rate, counts)])


def _conformal(ratio: Float32Array) -> Float32Array:
    """Factor of the sd that makes 90 % intervals hold 90 % of the spots, (gene,)."""
    n_spots = len(ratio)
    rank = min(n_spots, int(np.ceil(0.9 * (n_spots + 1))))  # the new spot counts too
    reached = np.partition(ratio, rank - 1, axis=0)[rank - 1]
    stretch: Float32Array = np.clip(
        reached / _TIMES, _LEAST_STRETCH, 1 / _LEAST_STRETCH
    )
    return stretch


def _pearson(predicted: Float32Array, measured: Float32Array) -> Float32Array:
    """Correlation over the spots, shape (gene,); NaN where there is none."""
    left, right = predicted - predicted.mean(axis=0), measured - measured.mean(axis=0)
    scale = np.sqrt((left**2).sum(axis=0) * (right**2).sum(axis=0))
    with np.errstate(invalid="ignore", divide="ignore"):
        found: Float32Array = (left * right).sum(axis=0) / scale
    return found


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
        statistics = self.decoder.statistics(genes)
        relative = np.maximum(statistics.dispersion + more, 0)
        spread = np.sqrt(rate + relative * rate**2)
        return Prediction(rate, spread * statistics.stretch)


@dataclass(frozen=True, eq=False)
class SpotField(_DecodedField):
    """Genes at the measured spots: the posterior of own count and surroundings.

    A gamma prior around the rate of the spot's channels (at its own library size) meets
    the spot's own count. A quarter of the leave-one-out dispersion is taken as the
    prior's: the rest is the error of predicting without the spot (docs/model.md).
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
        spread = np.maximum(_PRIOR_SHARE * statistics.dispersion, 1e-6)
        weight = 1.0 / (1.0 + spread * prior)
        mean = prior * (1.0 + spread * self.decoder.counts(genes)) * weight
        variance = mean + spread * prior * weight * mean
        deviation = np.sqrt(variance, dtype=np.float32) * statistics.stretch
        return Prediction(mean.astype(np.float32), deviation)
