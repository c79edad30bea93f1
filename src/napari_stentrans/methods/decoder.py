"""From channels back to counts: expected rates, and what is known of each gene.

Shared by every method that predicts gene programmes. What it learns about a gene (its
level, its dispersion) comes from leave-one-out predictions at the visible spots.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from napari_stentrans.methods.channels import ChannelEstimate
from napari_stentrans.methods.composition import Composition
from napari_stentrans.methods.parallel import map_in_order
from napari_stentrans.methods.programmes import Programmes
from napari_stentrans.portions import gene_portions
from napari_stentrans.section.lattice import Float32Array, IntArray
from napari_stentrans.section.section import Section

VALUES_AT_ONCE = 2**20
"""Learnt from by a thread: what a processor has at hand."""
TIMES = 1.645
"""Standard deviations on each side that a 90 % interval of a normal variable has."""
_TINY = 1e-9
"""Instead of nothing, to divide by."""
_LEAST_STRETCH = 0.5
_MOST_TIMES = 20.0
"""A library of more times what the surroundings make one expect is of a broken spot."""
_LEAST_SHARE = 0.02
"""Of a gene's mean share: no surroundings make an own count impossible."""
_FEWEST_COUNTS = 4
"""A gene with fewer counts in the whole section can show no pattern."""
_OF_UNSEEN = np.array([[0, 0, _LEAST_STRETCH, 0, 0]], np.float32).T
"""`GeneStatistics` of a gene without counts: nothing is predicted."""


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
    mean_share : ndarray, shape (gene,)
        Counts per relative library size, over all spots.
    has_pattern : ndarray, shape (gene,)
        One where there are counts enough to show a pattern at all, else zero.
    """

    level: Float32Array
    dispersion: Float32Array
    stretch: Float32Array
    mean_share: Float32Array
    has_pattern: Float32Array


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
        self, section: Section, programmes: Programmes, left_out: ChannelEstimate
    ) -> None:
        self.section = section
        self.programmes = programmes
        self.left_out = left_out
        self._known = section.detected_in == 0
        self._statistics = np.repeat(_OF_UNSEEN, section.n_genes, axis=1)
        self.composition = Composition(
            section, programmes, left_out, self.library(left_out)
        )

    def rates(self, estimate: ChannelEstimate, genes: IntArray) -> Float32Array:
        """Expected counts at the estimated library size, shape (position, gene)."""
        return self.rates_at(self.library(estimate), estimate, genes)

    def library(self, estimate: ChannelEstimate) -> Float32Array:
        """Expected library size, relative to the median, shape (position,).

        What is kriged is its logarithm, and the exponential of a mean is less than the
        mean of exponentials: the left-out spots say by how much.
        """
        library = self.programmes.library(estimate.mean) * self._smearing
        return library.astype(np.float32)

    @cached_property
    def own_library(self) -> Float32Array:
        """Library size of each visible spot, relative to the median, shape (spot,)."""
        own = self.section.library_size / self.programmes.median_library
        return own.astype(np.float32)

    @cached_property
    def _smearing(self) -> float:
        left_out = self.programmes.library(self.left_out.mean).sum()
        own = (self.own_library * self._believed).sum()
        return float(own / max(left_out, _TINY))

    @cached_property
    def _believed(self) -> Float32Array:
        """Share of each spot's counts that others learn from, shape (spot,).

        One, but for the odd spot that broke, which would raise all others: of that
        as much as its surroundings make one expect.
        """
        own, expected = self.own_library, self.programmes.library(self.left_out.mean)
        share = np.ones_like(own)
        broken = own > _MOST_TIMES * expected
        share[broken] = expected[broken] / own[broken]
        return share

    def rates_at(
        self, library: Float32Array, estimate: ChannelEstimate, genes: IntArray
    ) -> Float32Array:
        """Expected counts at given relative library sizes, shape (position, gene).

        A gene too rare to show a pattern stays at its mean share.
        """
        known = self.statistics(genes)
        share = self._share(estimate, genes) * known.level
        share = np.where(known.has_pattern > 0, share, known.mean_share)
        share = np.maximum(share, _LEAST_SHARE * known.mean_share)
        rate: Float32Array = share * library[:, None]
        return rate

    def _share(self, estimate: ChannelEstimate, genes: IntArray) -> Float32Array:
        """Shares of a position's library, but for each gene's level, same shape."""
        share = self.programmes.share(estimate.mean, genes)
        share *= self.composition.factor(estimate)[:, None]
        return share

    def statistics(self, genes: IntArray) -> GeneStatistics:
        """Level, dispersion and stretch of some genes."""
        new = genes[~self._known[genes]]
        n_spots = self.section.n_spots
        blocks = [
            new[part] for part in gene_portions(len(new), n_spots, VALUES_AT_ONCE)
        ]
        on_cores = map_in_order if len(blocks) > 1 else map
        for block, learnt in zip(blocks, on_cores(self._learn, blocks), strict=True):
            self._statistics[:, block] = learnt
            self._known[block] = True
        return GeneStatistics(*self._statistics[:, genes])

    def deviation(self, rate: Float32Array, genes: IntArray) -> Float32Array:
        """Expected standard deviation of counts around a rate, same shape."""
        dispersion = self.statistics(genes).dispersion
        spread: Float32Array = np.sqrt(rate + dispersion * rate**2)
        return spread

    def with_residual(
        self, rate: Float32Array, residual: Float32Array | None, genes: IntArray
    ) -> Float32Array:
        """Rate with what programmes left of each gene added; never negative."""
        if residual is None:
            return rate
        moved = rate + residual * self.deviation(rate, genes)
        kept: Float32Array = np.maximum(moved, 0.1 * rate)
        return kept

    def counts(self, genes: IntArray) -> Float32Array:
        """Counts of some genes at the visible spots, dense, shape (spot, gene)."""
        dense: Float32Array = self.section.by_gene[:, genes].toarray()
        return dense

    def mean_log_variance(self, genes: IntArray) -> Float32Array:
        """Mean over the spots of the leave-one-out variance of log expression."""
        typical = self.left_out.variance.mean(axis=0, keepdims=True)
        mean: Float32Array = self.programmes.log_variance(typical, genes)[0]
        return mean

    def _learn(self, genes: IntArray) -> Float32Array:
        """Statistics of genes read for the first time, shape (statistic, gene)."""
        library = self.library(self.left_out)
        counts = self.counts(genes)
        if self._believed.min(initial=1.0) < 1:
            counts *= self._believed[:, None]
        rate = self._share(self.left_out, genes) * library[:, None]
        level = level_of(rate, counts)
        rate *= level
        mean_share = counts.sum(axis=0) / max(float(library.sum()), _TINY)
        flat = library[:, None] * mean_share
        patterned = has_pattern(counts)
        rate = np.where(patterned, rate, flat)
        missed = counts - rate
        dispersion = np.maximum(dispersion_around(rate, counts), 0)
        spread = np.sqrt(rate + dispersion * rate**2) + 1e-6
        stretch = conformal_stretch(np.abs(missed) / spread)
        return np.stack([level, dispersion, stretch, mean_share, patterned])


def has_pattern(counts: Float32Array) -> NDArray[np.bool_]:
    """Whether there are counts enough to show a pattern at all, shape (gene,)."""
    return np.asarray(counts.sum(axis=0) >= _FEWEST_COUNTS)


def level_of(rate: Float32Array, counts: Float32Array) -> Float32Array:
    """Factor that brings the total of each gene's rates to its counts, (gene,)."""
    expected = np.maximum(rate.sum(axis=0), _TINY)
    level: Float32Array = np.divide(counts.sum(axis=0), expected)
    return level


def dispersion_around(rate: Float32Array, counts: Float32Array) -> Float32Array:
    """Squared error beyond counting noise, over the squared rate, shape (gene,).

    Without bias, so that it may be below zero.
    """
    excess = ((counts - rate) ** 2 - rate).sum(axis=0)
    squared = np.maximum(np.square(rate).sum(axis=0), _TINY)
    dispersion: Float32Array = np.divide(excess, squared)
    return dispersion


def conformal_stretch(ratio: Float32Array) -> Float32Array:
    """Factor of the sd that makes 90 % intervals hold 90 % of the spots.

    Parameters
    ----------
    ratio : ndarray, shape (spot, gene)
        Deviations that were seen, over the sd.

    Returns
    -------
    ndarray of float32, shape (gene,)
        Within 0.5 and 2.
    """
    n_spots = len(ratio)
    rank = min(n_spots, int(np.ceil(0.9 * (n_spots + 1))))  # the new spot counts too
    reached = np.partition(ratio, rank - 1, axis=0)[rank - 1]
    stretch: Float32Array = np.clip(reached / TIMES, _LEAST_STRETCH, 1 / _LEAST_STRETCH)
    return stretch
