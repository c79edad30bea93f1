"""Where an AnnData keeps raw counts, and what its genes are called."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy import sparse

from napari_stentrans import keys
from napari_stentrans.errors import ReadError
from napari_stentrans.io.matrix import (
    NORMALISED_NOTE,
    are_counts,
    as_counts,
    plain,
    unique_names,
)

if TYPE_CHECKING:
    from anndata import AnnData

_SYMBOL_COLUMNS = ("feature_name", "gene_name", "gene_symbol", "gene_symbols", "symbol")
_ENSEMBL = re.compile(r"ENS[A-Z]*G\d{6,}")


@dataclass(frozen=True, eq=False)
class Values:
    """Expression, its genes, and what to say about where it was found."""

    counts: sparse.csr_matrix
    var: pd.DataFrame
    notes: tuple[str, ...] = ()


def find_values(adata: AnnData, *, allowed: bool) -> Values:
    """Raw counts, from the first place that holds some; else normalised, if allowed."""
    looked, fallback = [], None
    for place, matrix, var in _matrices(adata):
        looked.append(place)
        counts = as_counts(matrix)
        if are_counts(counts):
            took = () if place == "X" else (f"Raw counts were taken from {place}.",)
            return Values(counts, var, took)
        usable = not (counts.data < 0).any()
        if fallback is None or (usable and (fallback.counts.data < 0).any()):
            fallback = Values(counts, var, (NORMALISED_NOTE,))
    if fallback is None:
        msg = "there is no expression: X is empty, and there are no layers and no raw"
        raise ReadError(msg)
    if allowed:
        return fallback
    msg = (
        f"there are no raw counts: {', '.join(looked)} "
        f"hold{'s' if len(looked) == 1 else ''} normalised values. "
        'Put the counts into layers["counts"], or insist with allow_normalised=True '
        "(command line: --allow-normalised)."
    )
    raise ReadError(msg)


def _matrices(adata: AnnData) -> Iterator[tuple[str, Any, pd.DataFrame]]:
    if adata.X is not None:
        yield "X", adata.X, adata.var
    first = [keys.COUNTS, "raw_counts", "raw"]
    others = [layer for layer in adata.layers if layer not in first]
    for layer in [layer for layer in first if layer in adata.layers] + others:
        if layer not in (keys.SD, "spliced", "unspliced", "ambiguous"):
            yield f'layers["{layer}"]', adata.layers[layer], adata.var
    if adata.raw is not None:
        yield "raw", adata.raw.X, adata.raw.var


def named_genes(var: pd.DataFrame, notes: list[str]) -> pd.DataFrame:
    """Genes by symbol where the index holds Ensembl ids and a column the symbols."""
    table = plain(var)
    symbols = [column for column in _SYMBOL_COLUMNS if column in table]
    ids = table.index
    if symbols and ids.str.match(_ENSEMBL).mean() > 0.5:
        names = table[symbols[0]].astype(str)
        table = table.assign(gene_ids=ids)
        table.index = pd.Index(np.where(names == "", ids, names), dtype=object)
        notes.append(f"Genes are named by var[{symbols[0]!r}]; ids are in gene_ids.")
    table.index, repeated = unique_names(table.index)
    notes += repeated
    return table
