"""Expression at fixed positions: between the spots, and the posterior at the spots.

Shared by every method that predicts gene programmes; `GeneDecoder` knows the genes.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import sparse

from napari_stentrans.methods.base import ExpressionField, Prediction
from napari_stentrans.methods.channels import ChannelEstimate
from napari_stentrans.methods.decoder import (
    VALUES_AT_ONCE,
    GeneDecoder,
    conformal_stretch,
    dispersion_around,
    level_of,
)
from napari_stentrans.methods.depth import following_depth
from napari_stentrans.portions import gene_portions
from napari_stentrans.section.lattice import Float32Array, FloatArray, IntArray

_TELLING = 500
"""So many of the highest genes tell how much of the dispersion is the prior's."""
_LEAST_PRIOR, _MOST_PRIOR = 0.02, 0.25
"""Share of the dispersion that is the prior's at least, and at most: halves of counts
agree on all dispersion of a spot, also on what is not its tissue."""
_FEW_GENES = 20
"""Library sizes of no more genes than this, of equal share, tell much of each."""


class Residuals(ABC):
    """Standardised gene residuals at fixed positions."""

    @abstractmethod
    def read(self, genes: IntArray) -> Float32Array:
        """Residual in units of `GeneDecoder.deviation`, shape (position, gene)."""


@dataclass(frozen=True, eq=False)
class _DecodedField(ExpressionField):
    """Channels at fixed positions, and what programmes left of single genes."""

    decoder: GeneDecoder
    estimate: ChannelEstimate
    residuals: Residuals | None

    @property
    def n_positions(self) -> int:
        """Number of positions."""
        return len(self.estimate.mean)

    def _residual(self, genes: IntArray) -> Float32Array | None:
        return None if self.residuals is None else self.residuals.read(genes)

    def _doubted(self, sd: Float32Array, genes: IntArray) -> Float32Array:
        """A gene that no spot has shown may still be there: one more spot may show it.

        Its mean is zero, and so would be its sd.
        """
        unseen = self.decoder.section.detected_in[genes] == 0
        sd[:, unseen] = 1.0 / np.sqrt(1.0 + self.decoder.section.n_spots)
        return sd


@dataclass(frozen=True, eq=False)
class ProgrammeField(_DecodedField):
    """Genes at positions without a measurement.

    The variance of a count there is that of counting, plus the dispersion seen at
    left-out spots, plus what this position is less certain of than they were.
    """

    widening: FloatArray | None = None
    """Factor of the standard deviation at each position; one, if not given."""

    @property
    def depth(self) -> Float32Array:
        """Library size as estimated there, over the median, shape (position,)."""
        return self.decoder.library(self.estimate)

    def read(self, genes: IntArray) -> Prediction:
        """Mean and sd of some genes."""
        rate = self.decoder.rates(self.estimate, genes)
        rate = self.decoder.with_residual(rate, self._residual(genes), genes)
        here = self.decoder.programmes.log_variance(self.estimate.variance, genes)
        more = here - self.decoder.mean_log_variance(genes)
        statistics = self.decoder.statistics(genes)
        relative = np.maximum(statistics.dispersion + more, 0)
        spread = np.sqrt(rate + relative * rate**2)
        sd = spread * statistics.stretch
        if self.widening is not None:
            sd *= self.widening[:, None]
        sd = self._doubted(sd.astype(np.float32, copy=False), genes)
        return Prediction(rate, sd)


@dataclass(frozen=True, eq=False)
class SeenHalf:
    """The spots as they would be with half of their counts.

    Attributes
    ----------
    estimate
        Channels, with what is true of the surprises of this half, as far as the
        other half bears them out.
    counts : csc_matrix, shape (spot, gene)
        The half, drawn at random.
    """

    estimate: ChannelEstimate
    counts: sparse.csc_matrix

    def read(self, genes: IntArray) -> Float32Array:
        """Counts of some genes, dense, shape (spot, gene)."""
        dense: Float32Array = self.counts[:, genes].toarray()
        return dense

    def rates(self, decoder: GeneDecoder, genes: IntArray) -> Float32Array:
        """What this half makes one expect of either, shape (spot, gene)."""
        return decoder.rates_at(self.depth(decoder.own_library), self.estimate, genes)

    def depth(self, whole: Float32Array) -> Float32Array:
        """Library sizes of which the whole spots have these, shape (spot,).

        Half of the whole, unless a few genes are most of it: then it would tell what
        the other half of their counts is.
        """
        if not self._few_genes:
            return np.float32(0.5) * whole
        own = np.asarray(self.counts.sum(axis=1), dtype=np.float64).ravel()
        found: Float32Array = (own * (0.5 * whole.sum() / own.sum())).astype(np.float32)
        return found

    @cached_property
    def _few_genes(self) -> bool:
        """Whether so few genes make up the library."""
        by_gene = np.asarray(self.counts.sum(axis=0), dtype=np.float64).ravel()
        return bool((by_gene**2).sum() > by_gene.sum() ** 2 / _FEW_GENES)


@dataclass(frozen=True, eq=False)
class SpotField(_DecodedField):
    """Genes at the measured spots: the posterior of own count and surroundings.

    A gamma prior around the rate of the spot's channels (at its own library size) meets
    the spot's own count.

    Half of the counts are predicted from the other half, which tells how much of the
    leave-one-out dispersion is the prior's (the rest is the error of predicting without
    the spot), and by how much each gene's sd is to be stretched so that 90 % intervals
    hold what they should (split conformal prediction).
    """

    half: SeenHalf
    prior_share: float
    """See the function of this name."""

    @property
    def depth(self) -> Float32Array:
        """Library size of each spot over the median, shape (position,)."""
        return self.decoder.own_library

    def read(self, genes: IntArray) -> Prediction:
        """Posterior mean of some genes, and sd of a count measured anew."""
        counts = self.decoder.counts(genes)
        rate = self.decoder.rates_at(self.depth, self.estimate, genes)
        rate = self.decoder.with_residual(rate, self._residual(genes), genes)
        mean, sd = self._posterior(rate, counts, genes)
        sd *= self._stretch(counts, genes)
        return Prediction(mean, self._doubted(sd, genes))

    def _stretch(self, counts: Float32Array, genes: IntArray) -> Float32Array:
        """What one half of the counts promises, measured on the other, (gene,)."""
        seen = self.half.read(genes)
        rate = self.half.rates(self.decoder, genes)
        mean, sd = self._posterior(rate, seen, genes)
        missed = np.abs(counts - seen - mean)
        return conformal_stretch(np.divide(missed, sd))

    def _posterior(
        self, prior: Float32Array, counts: Float32Array, genes: IntArray
    ) -> tuple[Float32Array, Float32Array]:
        """Mean, and sd of a count measured anew, both of shape (spot, gene)."""
        # The level was that of left-out spots, whose predictions are flatter.
        prior = following_depth(prior, counts, self.depth)
        dispersion = self.decoder.statistics(genes).dispersion
        spread = np.maximum(self.prior_share * dispersion, 1e-6)
        weight = 1.0 / (1.0 + spread * prior)
        mean: Float32Array = (prior * (1.0 + spread * counts) * weight).astype(
            np.float32, copy=False
        )
        variance = mean + spread * prior * weight * mean
        sd: Float32Array = np.sqrt(variance, dtype=np.float32) + np.float32(1e-6)
        return mean, sd


def prior_share(decoder: GeneDecoder, half: SeenHalf) -> float:
    """Share of the dispersion of left-out predictions that is a measured spot's prior.

    The other half's dispersion around what the first half makes one expect, over that
    of left-out spots: both in the sum of the highest genes.
    """
    section = decoder.section
    genes = np.argsort(-section.gene_totals, kind="stable")[:_TELLING]
    own = np.zeros(len(genes), dtype=np.float32)
    for part in gene_portions(len(genes), section.n_spots, VALUES_AT_ONCE):
        other = decoder.counts(genes[part]) - half.read(genes[part])
        rate = half.rates(decoder, genes[part])
        own[part] = dispersion_around(rate * level_of(rate, other), other)
    left_out = decoder.statistics(genes).dispersion
    share = float(own.sum()) / max(float(left_out.sum()), 1e-9)
    return min(max(share, _LEAST_PRIOR), _MOST_PRIOR)
