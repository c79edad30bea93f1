"""The matrices of an AnnData that may hold raw counts, and what they hold instead.

Whole numbers alone make no counts: a mask and ranks are whole, too. Names decide which
layers are asked. Knows nothing of sections.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
from scipy import sparse

from napari_stentrans import keys
from napari_stentrans.io.assembly.counts import are_counts

if TYPE_CHECKING:
    from anndata import AnnData

ZEROS: Final = "zeros alone"
FRACTIONS: Final = "fractions, so normalised values"
_SURE = (keys.COUNTS, "raw_counts", "raw")
"""Layers that are for raw counts, surest first."""
_NEVER = (keys.SD, "spliced", "unspliced", "ambiguous")
_WORDS = {"count", "counts", "raw", "rawcounts", "umi", "umis"}
"""One of them in the name of a layer says that it holds counts."""
_WORD = re.compile("[A-Z]?[a-z]+|[A-Z]+")


@dataclass(frozen=True, eq=False)
class Matrix:
    """One place where expression may be.

    Attributes
    ----------
    place
        What to call it in messages.
    values : matrix, shape (spot, gene)
        Dense, any sparse type, or lazy.
    var : DataFrame
        Its genes.
    layer
        Name of the layer; "" for ``X`` and ``raw``.
    """

    place: str
    values: Any
    var: pd.DataFrame
    layer: str = ""

    @property
    def is_for_counts(self) -> bool:
        """Whether it is a layer that is there for raw counts."""
        return self.layer in _SURE

    def lacks(self, counts: sparse.csr_matrix) -> str:
        """Say what it holds in place of raw counts; "" where it may hold these.

        Parameters
        ----------
        counts : csr_matrix, shape (spot, gene)
            Its values, as `as_counts` gives them.
        """
        if not np.isfinite(counts.data).all():
            return "NaN or infinite values"
        if (counts.data < 0).any():
            return "negative, so scaled values"
        if not are_counts(counts):
            return FRACTIONS
        if not self.layer or self.is_for_counts or not counts.nnz:
            return ""
        if not _says_counts(self.layer):
            return "whole numbers, but its name does not say that they are counts"
        return "" if counts.data.max() > 1 else "0 and 1 alone, so a mask"


def matrices_of(adata: AnnData) -> Iterator[Matrix]:
    """Yield the places where expression may be, surest first."""
    if adata.X is not None:
        yield Matrix("X", adata.X, adata.var)
    layers = [layer for layer in layers_of(adata) if layer not in _NEVER]
    others = [layer for layer in layers if layer not in _SURE]
    named = [layer for layer in others if _says_counts(layer)]
    for layer in (*(layer for layer in _SURE if layer in layers), *named):
        yield _of_layer(adata, layer)
    if adata.raw is not None:
        yield Matrix("raw", adata.raw.X, adata.raw.var)
    for layer in others:
        if layer not in named:
            yield _of_layer(adata, layer)


def layers_of(adata: AnnData) -> dict[str, Any]:
    """Return the layers by name; from anndata 0.13 on, ``X`` is one without a name."""
    return {name: layer for name, layer in adata.layers.items() if name is not None}


def _of_layer(adata: AnnData, layer: str) -> Matrix:
    return Matrix(f'layers["{layer}"]', adata.layers[layer], adata.var, layer)


def _says_counts(layer: str) -> bool:
    """Whether a word of the name of a layer is one for counts."""
    return not _WORDS.isdisjoint(word.lower() for word in _WORD.findall(layer))
