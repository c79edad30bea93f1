"""What the genes of a position sum to: the counts that its library size says.

A share is the exponential of a mean logarithm, which is less than the mean share, and
the less so the fewer counts there were: at the shallowest spots all genes together
would come to half of the library. One factor a position makes them whole, and leaves
what the genes are to each other as it is.
"""

from __future__ import annotations

from weakref import WeakKeyDictionary

import numpy as np

from napari_stentrans.methods.channels import ChannelEstimate
from napari_stentrans.methods.programmes import Programmes
from napari_stentrans.portions import gene_portions
from napari_stentrans.section.lattice import Float32Array, FloatArray, IntArray
from napari_stentrans.section.section import Section

_HIGHEST = 1024
"""So many of the highest genes are summed each, and as many of all others."""
_LEAST_WHOLE = 0.1
"""Of the library: a position of which next to nothing is known is not blown up."""
_VALUES_AT_ONCE = 2**20


class Composition:
    """Brings the shares of all genes at a position to one whole.

    Parameters
    ----------
    section
        Visible spots.
    programmes
        Their programmes.
    left_out, library
        Channels of each visible spot, and its relative library size, predicted from
        the others: they tell each gene's level.
    """

    def __init__(
        self,
        section: Section,
        programmes: Programmes,
        left_out: ChannelEstimate,
        library: Float32Array,
    ) -> None:
        self._programmes = programmes
        self._genes, self._weights = _summed(section.gene_totals)
        for part in self._parts(left_out):
            expected = library @ programmes.share(left_out.mean, self._genes[part])
            totals = section.gene_totals[self._genes[part]]
            self._weights[part] *= totals / np.maximum(expected, 1e-9)
        self._known: WeakKeyDictionary[ChannelEstimate, Float32Array]
        self._known = WeakKeyDictionary({left_out: self._factor(left_out)})

    def factor(self, estimate: ChannelEstimate) -> Float32Array:
        """What makes the shares of a position sum to one, shape (position,)."""
        if estimate not in self._known:
            self._known[estimate] = self._factor(estimate)
        return self._known[estimate]

    def _factor(self, estimate: ChannelEstimate) -> Float32Array:
        whole = np.zeros(len(estimate.mean))
        for part in self._parts(estimate):
            share = self._programmes.share(estimate.mean, self._genes[part])
            whole += share @ self._weights[part]
        whole /= self._programmes.median_library
        factor = 1.0 / np.maximum(whole, _LEAST_WHOLE)
        return factor.astype(np.float32)

    def _parts(self, estimate: ChannelEstimate) -> list[slice]:
        return gene_portions(len(self._genes), len(estimate.mean), _VALUES_AT_ONCE)


def _summed(totals: FloatArray) -> tuple[IntArray, FloatArray]:
    """Genes that stand for all, highest first, and how many counts each speaks for.

    Parameters
    ----------
    totals : ndarray, shape (gene,)
        Counts of each gene.

    Returns
    -------
    genes : ndarray of int, shape (chosen,)
    weights : ndarray, shape (chosen,)
        One for the highest; the same for each of the others.
    """
    order = np.argsort(-totals, kind="stable")
    order = order[: np.count_nonzero(totals)]
    highest, others = order[:_HIGHEST], order[_HIGHEST:]
    every = max(-(-len(others) // _HIGHEST), 1)
    chosen = others[every // 2 :: every]
    weights = np.ones(len(highest) + len(chosen))
    weights[len(highest) :] = totals[others].sum() / max(totals[chosen].sum(), 1e-9)
    return np.concatenate([highest, chosen]), weights
