"""How sure a median correlation is: a bootstrap of blocks of tissue.

Genes are no independent witnesses (they share programmes and library sizes), and
neighbouring spots hardly are. So squares of tissue are resampled, spots and all: each
gets a random weight (exponential: the Bayesian bootstrap of Rubin 1981), every gene's
correlation is computed anew, and their median over genes taken. The weights depend on
square and replicate alone: all methods, tasks and seeds of a section share them, so
that replicates can be subtracted from each other.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from napari_stentrans.evaluation.metrics.values import Values, centred
from napari_stentrans.section.lattice import FloatArray, IntArray
from napari_stentrans.section.section import Section

REPLICATES = 500
_BLOCKS = 30
"""Squares that a small section is divided into, roughly."""
_WIDEST = 6.0
"""Pitches; wider squares than this are not needed for independence."""
_MOST_BLOCKS = 10_000
"""Squares are widened until there are no more (from 360,000 spots of a lattice on, or
where spots lie in clusters). Wider ones are no less independent, so many still tell a
spread to 1 % (one over the square root of twice as many), and each is 4 kB of weights.
"""


@dataclass(frozen=True, eq=False)
class TissueBlocks:
    """Squares of a section with a random weight for each replicate.

    Attributes
    ----------
    block : ndarray, shape (spot,)
        Number of the square of each spot.
    weights : ndarray, shape (replicate, block)
    """

    block: IntArray
    weights: FloatArray

    @classmethod
    def of(cls, section: Section, n_replicates: int = REPLICATES) -> TissueBlocks:
        """Divide a section into squares; the same section, the same result."""
        side = min(max(float(np.sqrt(section.n_spots / _BLOCKS)), 1.0), _WIDEST)
        block = _squares(section.pitch_rc, side)
        while block.max() >= _MOST_BLOCKS:
            side *= np.sqrt(2)
            block = _squares(section.pitch_rc, side)
        rng = np.random.default_rng(n_replicates)
        weights = rng.exponential(size=(n_replicates, int(block.max()) + 1))
        return cls(block, weights)

    def pearson(self, truth: Values, predicted: Values, spots: IntArray) -> FloatArray:
        """Pearson's correlation of each gene in each replicate.

        Parameters
        ----------
        truth, predicted : ndarray, shape (scored spot, gene)
            What is compared.
        spots : ndarray, shape (scored spot,)
            Which spots of the section they are of.

        Returns
        -------
        ndarray, shape (replicate, gene)
            0 where the prediction does not vary, NaN where the truth does not.
        """
        a, b = centred(truth), centred(predicted)
        one = _incidence(self.block[spots], self.weights.shape[1])

        def total(values: FloatArray) -> FloatArray:
            summed: FloatArray = self.weights @ (one @ values)
            return summed

        size = total(np.ones((len(spots), 1)))
        mean_a, mean_b = total(a) / size, total(b) / size
        var_a = total(a**2) / size - mean_a**2
        var_b = total(b**2) / size - mean_b**2
        both = total(a * b) / size - mean_a * mean_b
        known = var_a > 1e-9 * np.maximum((a**2).mean(axis=0), 1e-300)
        moves = var_b > 1e-9 * np.maximum((b**2).mean(axis=0), 1e-300)
        scale = np.sqrt(np.where(known & moves, var_a * var_b, 1.0))
        r: FloatArray = np.where(known, np.where(moves, both / scale, 0.0), np.nan)
        return r


def _squares(pitch_rc: FloatArray, side: float) -> IntArray:
    """Number of the square of this side that each spot is in, shape (spot,)."""
    square = np.floor((pitch_rc - pitch_rc.min(axis=0) + 1e-6) / side)
    _, block = np.unique(square, axis=0, return_inverse=True)
    return block.ravel().astype(np.int64)


def _incidence(block: IntArray, n_blocks: int) -> sparse.csr_matrix:
    """Which spots lie in which block, shape (block, spot): sparse, a spot is in one."""
    n_spots = len(block)
    places = (block, np.arange(n_spots))
    return sparse.csr_matrix((np.ones(n_spots), places), shape=(n_blocks, n_spots))


def over_seeds(replicates: FloatArray) -> FloatArray:
    """Join the replicates of several seeds, shape (seed, replicate), to one each.

    Seeds are resampled as well, by the same kind of weights.
    """
    n_seeds, n_replicates = replicates.shape
    if n_seeds == 1:
        return np.asarray(replicates[0])
    weights = np.random.default_rng(n_seeds).exponential(size=(n_seeds, n_replicates))
    joined: FloatArray = (weights * replicates).sum(axis=0) / weights.sum(axis=0)
    return joined


def interval(replicates: FloatArray, around: float) -> tuple[float, float]:
    """95 % interval of a figure: the percentiles of its replicates, moved onto it.

    Resampling adds noise, which shifts medians of correlations a little: the spread of
    the replicates is right, their middle is that of the figure itself.
    """
    if np.isnan(replicates).all():
        return float("nan"), float("nan")
    low, middle, high = np.nanquantile(replicates, [0.025, 0.5, 0.975])
    return around + float(low - middle), around + float(high - middle)


def compared(
    ours: float, theirs: float, of_ours: FloatArray, of_theirs: FloatArray
) -> dict[str, float]:
    """Difference and ratio of two figures, with 95 % intervals.

    From replicates that share their weights, so that what both have in common cancels.
    """
    difference = ours - theirs
    low, high = interval(of_ours - of_theirs, around=difference)
    ratio = ratio_low = ratio_high = float("nan")
    if theirs > 0:
        ratio = ours / theirs
        ratios = np.full(len(of_ours), np.nan)
        np.divide(of_ours, of_theirs, out=ratios, where=of_theirs > 0)
        ratio_low, ratio_high = interval(ratios, around=ratio)
    return {
        "difference": difference,
        "low": low,
        "high": high,
        "ratio": ratio,
        "ratio_low": ratio_low,
        "ratio_high": ratio_high,
    }
