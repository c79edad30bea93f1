"""How well each gene is predicted at spots that were left out, loadings and all.

Channels of a spot are predicted from the other spots, but loadings are regressed on
the scores of all of them: what a spot has is in the loadings, and would bear itself
out. What the regression says without the spot follows in closed form from the one with
it (the leverages of its hat matrix), so that nothing is fitted anew.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from napari_stentrans.keys import HAS_SIGNAL, HELDOUT_PCC
from napari_stentrans.methods.decoder import (
    VALUES_AT_ONCE,
    Float32Array,
    GeneDecoder,
    has_pattern,
    level_of,
)
from napari_stentrans.methods.parallel import map_in_order
from napari_stentrans.methods.programmes import floored_library, solve
from napari_stentrans.portions import gene_portions
from napari_stentrans.section.lattice import FloatArray, IntArray

_CLEAR = 2.5
"""Standard errors of evidence that make a gene's pattern more than noise."""
_LEAST_REST = 0.1
"""Of what is regressed on a spot, the part of the other spots at least."""
_VARIES = 1e-6
"""Spread of a gene that is more than rounding, relative to its highest value."""


def heldout_scores(decoder: GeneDecoder, genes: IntArray) -> pd.DataFrame:
    """Score genes at left-out spots, one row a gene.

    Returns
    -------
    DataFrame
        ``heldout_pcc``, the correlation of the predictions with the counts (NaN of
        what does not vary), and ``has_signal``, whether the gene's own pattern, beyond
        library sizes, is clearly borne out.
    """
    section = decoder.section
    parts = gene_portions(len(genes), section.n_spots, VALUES_AT_ONCE)
    on_cores = map_in_order if len(parts) > 1 else map
    scores = on_cores(_HeldOut(decoder).scores, [genes[part] for part in parts])
    pearson, shown = np.concatenate([np.empty((2, 0)), *scores], axis=1)
    return pd.DataFrame(
        {HELDOUT_PCC: pearson.astype(np.float32), HAS_SIGNAL: shown > _CLEAR},
        index=section.genes[genes],
    )


class _HeldOut:
    """Each visible spot, predicted from all others."""

    def __init__(self, decoder: GeneDecoder) -> None:
        programmes, left_out = decoder.programmes, decoder.left_out
        own, predicted = programmes.scores[:, 1:], left_out.mean[:, 1:]
        taken_back = _taken_back(own, predicted)[:, None]
        self._decoder = decoder
        self._library = decoder.library(left_out)[:, None]
        self._taken_back = taken_back.astype(np.float32)
        self._scores = (predicted + taken_back * own).astype(np.float32)
        self._log = _log_by_gene(decoder)

    def scores(self, genes: IntArray) -> FloatArray:
        """Correlation and evidence, shape (2, gene)."""
        counts = self._decoder.counts(genes)
        rate = self._shares(genes) * self._library
        rate *= level_of(rate, counts)
        flat = self._library * level_of(self._library, counts)
        rate = np.where(has_pattern(counts), rate, flat)
        pearson = correlation(rate, counts)
        shown = evidence(rate - flat, counts - flat)
        return np.stack([pearson, np.where(np.isnan(pearson), 0.0, shown)])

    def _shares(self, genes: IntArray) -> Float32Array:
        """Expected counts at the median library size, shape (spot, gene)."""
        programmes = self._decoder.programmes
        log = self._scores @ programmes.loadings[:, genes]
        log += (1 + self._taken_back) * programmes.gene_mean[genes]
        log -= self._taken_back * self._log[:, genes].toarray()
        np.maximum(log, 0, out=log)
        shares: Float32Array = np.expm1(log, out=log)
        return shares


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
    share: FloatArray = reached / np.maximum(1.0 - leverage, _LEAST_REST)
    return share


def _log_by_gene(decoder: GeneDecoder) -> sparse.csc_matrix:
    """Log-normalised expression, as programmes were found on, shape (spot, gene)."""
    counts, programmes = decoder.by_gene, decoder.programmes
    library, _ = floored_library(decoder.section)
    factor = (programmes.median_library / library).astype(np.float32)
    log = np.log1p(counts.data * factor[counts.indices])
    return sparse.csc_matrix((log, counts.indices, counts.indptr), counts.shape)


def evidence(
    pattern: NDArray[np.floating], measured: NDArray[np.floating]
) -> FloatArray:
    """Regression of the measured on the predicted pattern, in standard errors.

    Spots of many counts are noisier, so that errors are those that were seen there
    (HC3 of MacKinnon and White, Journal of Econometrics 29, 1985).
    """
    pattern, measured = pattern.astype(np.float64), measured.astype(np.float64)
    weight = pattern**2
    power = np.maximum(weight.sum(axis=0), 1e-12)
    slope = (pattern * measured).sum(axis=0) / power
    rest = np.maximum(1.0 - weight / power, _LEAST_REST)
    error = pattern * (measured - slope * pattern) / rest
    noise = np.sqrt(np.maximum((error**2).sum(axis=0), 1e-12))
    found: FloatArray = slope * power / noise
    return found


def correlation(predicted: Float32Array, measured: Float32Array) -> FloatArray:
    """Pearson's r over the spots, shape (gene,); NaN where there is none."""
    left, right = _centred(predicted), _centred(measured)
    scale = np.sqrt((left**2).sum(axis=0)) * np.sqrt((right**2).sum(axis=0))
    with np.errstate(invalid="ignore", divide="ignore"):
        found: FloatArray = (left * right).sum(axis=0) / scale
    return found


def _centred(values: Float32Array) -> FloatArray:
    """Deviations from the mean; zero of a gene that does not vary."""
    spread = values.max(axis=0, initial=0.0) - values.min(axis=0, initial=np.inf)
    varies = spread > _VARIES * np.abs(values).max(axis=0, initial=0.0)
    exact = values.astype(np.float64)
    return np.where(varies, exact - exact.mean(axis=0), 0.0)
