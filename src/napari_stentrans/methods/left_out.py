"""Each visible spot, predicted from all others: also without its part in loadings.

Channels of a spot are predicted from the other spots, but loadings are regressed on
the scores of all of them: what a spot has is in the loadings, and would bear itself
out. What the regression says without the spot follows in closed form from the one with
it (the leverages of its hat matrix), so that nothing is fitted anew.

Blocks have a row a gene here: what a gene has at all spots lies together in memory.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import sparse

from napari_stentrans.methods.base import ExpressionField, Prediction
from napari_stentrans.methods.decoder import GeneDecoder, has_pattern
from napari_stentrans.methods.programmes import floored_library, solve
from napari_stentrans.section.lattice import Float32Array, FloatArray, IntArray

LEAST_REST = 0.1
"""Of what is regressed on a spot, the part of the other spots at least."""
TINY = np.float32(1e-30)
"""Instead of nothing, to divide by."""


@dataclass(frozen=True, eq=False)
class GeneRows:
    """What the visible spots have of some genes.

    Attributes
    ----------
    genes : ndarray, shape (gene,)
        Columns of the section.
    counts, log : ndarray, shape (gene, spot)
        Counts, and log-normalised expression as programmes were found on.
    totals : ndarray, shape (gene, 1)
        Counts in all.
    """

    genes: IntArray
    counts: Float32Array
    log: Float32Array
    totals: Float32Array


def gene_rows(decoder: GeneDecoder, genes: IntArray) -> GeneRows:
    """Read some genes of the section that a decoder is of."""
    section, counts = decoder.section, decoder.section.by_gene.T[genes]
    library, _ = floored_library(section)
    factor = (decoder.programmes.median_library / library).astype(np.float32)
    logs = np.log1p(counts.data * factor[counts.indices])
    log = sparse.csr_matrix((logs, counts.indices, counts.indptr), counts.shape)
    dense = counts.toarray()
    return GeneRows(genes, dense, log.toarray(), dense.sum(axis=1, keepdims=True))


class LeftOut:
    """Expected counts of each visible spot, from all others.

    Attributes
    ----------
    library_share : ndarray, shape (spot,)
        Expected library size, as a share of all of them.
    """

    def __init__(self, decoder: GeneDecoder) -> None:
        programmes, left_out = decoder.programmes, decoder.left_out
        own, predicted = programmes.scores[:, 1:], left_out.mean[:, 1:]
        taken_back = _taken_back(own, predicted)
        library = decoder.library(left_out)
        self.library_share = library / library.sum()
        self._whole = self.library_share * decoder.composition.factor(left_out)
        self._programmes = programmes
        self._taken_back = taken_back.astype(np.float32)
        self._scores = (predicted + taken_back[:, None] * own).T.astype(np.float32)

    def rates(self, rows: GeneRows) -> Float32Array:
        """Expected counts, shape (gene, spot); in all as many as there are."""
        mean = self._programmes.gene_mean[rows.genes, None]
        rate: Float32Array = self._programmes.loadings[:, rows.genes].T @ self._scores
        rate += mean
        rate += self._taken_back * (mean - rows.log)
        np.maximum(rate, 0, out=rate)
        np.expm1(rate, out=rate)
        rate *= self._whole
        rate[~has_pattern(rows.counts.T)] = self.library_share
        rate *= rows.totals / np.maximum(rate.sum(axis=1, keepdims=True), TINY)
        return rate


@dataclass(frozen=True, eq=False)
class LeftOutField(ExpressionField):
    """The visible spots as places where nothing was measured."""

    decoder: GeneDecoder

    @property
    def n_positions(self) -> int:
        """Number of visible spots."""
        return self.decoder.section.n_spots

    @property
    def depth(self) -> Float32Array:
        """Library size as the other spots make one expect it, shape (spot,)."""
        return self.decoder.library(self.decoder.left_out)

    def read(self, genes: IntArray) -> Prediction:
        """Mean and sd of some genes."""
        mean = self._left_out.rates(gene_rows(self.decoder, genes)).T
        spread = self.decoder.deviation(mean, genes)
        return Prediction(mean, spread * self.decoder.statistics(genes).stretch)

    @cached_property
    def _left_out(self) -> LeftOut:
        return LeftOut(self.decoder)


def _taken_back(own: FloatArray, predicted: FloatArray) -> FloatArray:
    """How much of a spot's residual its loadings take to its prediction, (spot,).

    The mean over the spots stays, with the spot's own part in it: it is one number,
    which correlates with nothing. Means without the spot would be high where it is low.

    Parameters
    ----------
    own, predicted : ndarray, shape (spot, programme)
        Scores that loadings were regressed on, and those that they are applied to.
    """
    dual = solve(own.T @ own, own.T).T
    leverage = 1.0 / max(len(own), 1) + (own * dual).sum(axis=1)
    reached = (predicted * dual).sum(axis=1)
    share: FloatArray = reached / np.maximum(1.0 - leverage, LEAST_REST)
    return share
