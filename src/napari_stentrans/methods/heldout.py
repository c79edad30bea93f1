"""How well each gene is predicted at spots that were left out, loadings and all.

Channels of a spot are predicted from the other spots, but loadings are regressed on
the scores of all of them: what a spot has is in the loadings, and would bear itself
out. What the regression says without the spot follows in closed form from the one with
it (the leverages of its hat matrix), so that nothing is fitted anew.

Blocks have a row a gene here: what a gene has at all spots lies together in memory.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from napari_stentrans.keys import HAS_SIGNAL, HELDOUT_KRIGING_PCC, HELDOUT_PCC
from napari_stentrans.methods.decoder import Float32Array, GeneDecoder, has_pattern
from napari_stentrans.methods.parallel import map_in_order
from napari_stentrans.methods.programmes import floored_library, solve
from napari_stentrans.portions import gene_portions
from napari_stentrans.section.lattice import FloatArray, IntArray

Floats = NDArray[np.floating]

_CLEAR = 2.5
"""Standard errors of evidence that make a gene's pattern more than noise."""
_LEAST_REST = 0.1
"""Of what is regressed on a spot, the part of the other spots at least."""
_VARIES = 1e-6
"""Spread of a gene that is more than rounding, relative to its highest value."""
_TINY = np.float32(1e-30)
"""Instead of nothing, to divide by."""
_VALUES_AT_ONCE = 2**17
"""In a block: half a dozen of them are what a core has at hand."""


def heldout_scores(
    decoder: GeneDecoder, genes: IntArray, kriged: GeneDecoder | None = None
) -> pd.DataFrame:
    """Score genes at left-out spots, one row a gene.

    Parameters
    ----------
    decoder
        Of the prediction that is scored.
    genes : ndarray, shape (gene,)
        Columns of the section.
    kriged
        Of kriging alone, where that is another prediction; of the same counts.

    Returns
    -------
    DataFrame
        ``heldout_pcc``, the correlation of the predictions with the counts (NaN of
        what does not vary), and ``has_signal``, whether the gene's own pattern, beyond
        library sizes, is clearly borne out. With ``kriged`` also
        ``heldout_kriging_pcc``.
    """
    section = decoder.section
    parts = gene_portions(len(genes), section.n_spots, _VALUES_AT_ONCE)
    on_cores = map_in_order if len(parts) > 1 else map
    scores = on_cores(_HeldOut(decoder, kriged).scores, [genes[part] for part in parts])
    pearson, shown, of_kriging = np.concatenate([np.empty((3, 0)), *scores], axis=1)
    columns = {HELDOUT_PCC: pearson.astype(np.float32), HAS_SIGNAL: shown > _CLEAR}
    if kriged is not None:
        columns[HELDOUT_KRIGING_PCC] = of_kriging.astype(np.float32)
    return pd.DataFrame(columns, index=section.genes[genes])


class _HeldOut:
    """Scores of one prediction, and of kriging alone beside it."""

    def __init__(self, decoder: GeneDecoder, kriged: GeneDecoder | None) -> None:
        self._counts = decoder.by_gene.T
        self._left_out = LeftOut(decoder)
        self._kriged = LeftOut(kriged) if kriged else None
        library, _ = floored_library(decoder.section)
        self._factor = (decoder.programmes.median_library / library).astype(np.float32)

    def scores(self, genes: IntArray) -> FloatArray:
        """Correlation, evidence and correlation of kriging, shape (3, gene)."""
        counts = self._counts[genes]
        measured, log = counts.toarray(), self._log(counts).toarray()
        deviations = centred(measured)
        of_kriging = np.full(len(genes), np.nan)
        if self._kriged:
            rate = self._kriged.rates(genes, measured, log)
            of_kriging = correlation(centred(rate), deviations)
        rate = self._left_out.rates(genes, measured, log)
        pearson = correlation(centred(rate), deviations)
        total = measured.sum(axis=1, keepdims=True)
        rate *= total / np.maximum(rate.sum(axis=1, keepdims=True), _TINY)
        flat = total * self._left_out.library_share
        shown = evidence(rate - flat, measured - flat)
        return np.stack([pearson, np.where(np.isnan(pearson), 0, shown), of_kriging])

    def _log(self, counts: sparse.csr_matrix) -> sparse.csr_matrix:
        """Log-normalised expression, as programmes were found on, same shape."""
        log = np.log1p(counts.data * self._factor[counts.indices])
        return sparse.csr_matrix((log, counts.indices, counts.indptr), counts.shape)


class LeftOut:
    """Each visible spot, predicted from all others.

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
        self._programmes = programmes
        self._taken_back = taken_back.astype(np.float32)
        self._scores = (predicted + taken_back[:, None] * own).T.astype(np.float32)

    def rates(
        self, genes: IntArray, measured: Float32Array, log: Float32Array
    ) -> Float32Array:
        """Expected counts, but for their level, shape (gene, spot).

        Parameters
        ----------
        genes : ndarray, shape (gene,)
            Columns of the section.
        measured, log : ndarray, shape (gene, spot)
            Their counts, and their log-normalised expression.
        """
        mean = self._programmes.gene_mean[genes, None]
        rate = self._programmes.loadings[:, genes].T @ self._scores
        rate += mean
        rate += self._taken_back * (mean - log)
        np.maximum(rate, 0, out=rate)
        np.expm1(rate, out=rate)
        rate[~has_pattern(measured.T)] = 1.0
        rate *= self.library_share
        return rate


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


def evidence(pattern: Floats, measured: Floats) -> Floats:
    """Regression of the measured on the predicted pattern, in standard errors.

    Spots of many counts are noisier, so that errors are those that were seen there
    (HC3 of MacKinnon and White, Journal of Econometrics 29, 1985).

    Parameters
    ----------
    pattern, measured : ndarray, shape (gene, spot)
        Of each gene; zero in the mean.

    Returns
    -------
    ndarray, shape (gene,)
    """
    pattern, measured = _unit(pattern), _unit(measured)
    slope = _products(pattern, measured)[:, None]
    error = pattern * (measured - slope * pattern)
    error /= np.maximum(1.0 - pattern**2, _LEAST_REST)
    found: Floats = slope[:, 0] / np.maximum(_length(error), _TINY)
    return found


def correlation(left: Floats, right: Floats) -> Floats:
    """Pearson's r, shape (gene,); NaN where there is none.

    Parameters
    ----------
    left, right : ndarray, shape (gene, spot)
        As `centred` leaves them.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        found: Floats = _products(left, right) / _length(left) / _length(right)
    return found


def centred(values: Float32Array) -> Float32Array:
    """Deviations from each row's mean; zero of a gene that does not vary."""
    highest = values.max(axis=1, initial=0.0)
    spread = highest - values.min(axis=1, initial=np.inf)
    deviations: Float32Array = values - values.mean(axis=1, keepdims=True)
    deviations[spread <= _VARIES * highest] = 0.0
    return deviations


def _unit(values: Floats) -> Floats:
    """Rows of length one, or zero: squares of large numbers would have no room."""
    unit: Floats = values / np.maximum(_length(values), _TINY)[:, None]
    return unit


def _length(values: Floats) -> Floats:
    length: Floats = np.sqrt(_products(values, values))
    return length


def _products(left: Floats, right: Floats) -> Floats:
    """Scalar product of each row with its like."""
    products: Floats = np.einsum("ij,ij->i", left, right)
    return products
