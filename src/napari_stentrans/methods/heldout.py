"""How well each gene is predicted at spots that were left out, loadings and all."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from napari_stentrans.keys import HAS_SIGNAL, HELDOUT_KRIGING_PCC, HELDOUT_PCC
from napari_stentrans.methods.decoder import GeneDecoder
from napari_stentrans.methods.left_out import LEAST_REST, TINY, LeftOut, gene_rows
from napari_stentrans.methods.parallel import map_in_order
from napari_stentrans.portions import gene_portions
from napari_stentrans.section.lattice import Float32Array, FloatArray, IntArray

Floats = NDArray[np.floating]

_CLEAR = 2.5
"""Standard errors of evidence that make a gene's pattern more than noise."""
_LIKELY = 1.645
"""Standard errors above zero that chance reaches in one of twenty genes."""
_VARIES = 1e-6
"""Spread of a gene that is more than rounding, relative to its highest value."""
_VALUES_AT_ONCE = 2**19
"""In a block: of smaller ones threads wait for one another, as Python runs one of them
at a time."""


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
        what does not vary), and ``has_signal``, whether that and the gene's own
        pattern, beyond library sizes, are clearly borne out. With ``kriged`` also
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
        self._decoder = decoder
        self._left_out = LeftOut(decoder)
        self._kriged = LeftOut(kriged) if kriged else None

    def scores(self, genes: IntArray) -> FloatArray:
        """Correlation, evidence and correlation of kriging, shape (3, gene)."""
        rows = gene_rows(self._decoder, genes)
        deviations = centred(rows.counts)
        of_kriging = np.full(len(genes), np.nan)
        if self._kriged:
            of_kriging = correlation(centred(self._kriged.rates(rows)), deviations)
        rate = self._left_out.rates(rows)
        pearson = correlation(centred(rate), deviations)
        flat = rows.totals * self._left_out.library_share
        shown = evidence(rate - flat, rows.counts - flat)
        # A flat gene differs from the library, too: its map must be borne out as well.
        is_borne_out = pearson * np.sqrt(rows.counts.shape[1]) > _LIKELY
        return np.stack([pearson, np.where(is_borne_out, shown, 0), of_kriging])


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
    error /= np.maximum(1.0 - pattern**2, LEAST_REST)
    found: Floats = slope[:, 0] / np.maximum(_length(error), TINY)
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
    unit: Floats = values / np.maximum(_length(values), TINY)[:, None]
    return unit


def _length(values: Floats) -> Floats:
    length: Floats = np.sqrt(_products(values, values))
    return length


def _products(left: Floats, right: Floats) -> Floats:
    """Scalar product of each row with its like."""
    products: Floats = np.einsum("ij,ij->i", left, right)
    return products
