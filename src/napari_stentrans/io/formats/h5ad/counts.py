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
from napari_stentrans.io.assembly.counts import (
    NORMALISED_NOTE,
    are_counts,
    as_counts,
    plain,
    unique_names,
)
from napari_stentrans.io.assembly.kept import kept_in
from napari_stentrans.section.technology import ENHANCED_NOTE

if TYPE_CHECKING:
    from anndata import AnnData

_SYMBOL_COLUMNS = (
    "feature_name",
    "gene_name",
    "gene_symbol",
    "gene_symbols",
    "symbol",
    "real_gene_name",  # stereopy
)
_LEFT_NOTE = (
    "Its standard deviations, and the settings of its run, stay in that file: what is "
    "written of this section does not have them."
)
_ENSEMBL = re.compile(r"ENS[A-Z]*G\d{6,}")


@dataclass(frozen=True, eq=False)
class Values:
    """Expression, its genes, and what to say about where it was found."""

    counts: sparse.csr_matrix
    var: pd.DataFrame
    notes: tuple[str, ...] = ()


def find_values(adata: AnnData, *, allowed: bool) -> Values:
    """Raw counts, from the first place that holds some; else normalised, if allowed.

    What an earlier run of ours wrote holds expected counts, whose fractions are right.
    What holds zeros alone is taken only where nothing else holds anything.
    """
    if adata.X is not None and _was_enhanced(adata):
        left = keys.SD in adata.layers or keys.PROVENANCE in adata.uns
        notes = (ENHANCED_NOTE, _LEFT_NOTE) if left else (ENHANCED_NOTE,)
        return Values(as_counts(adata.X), adata.var, notes)
    looked: list[str] = []
    fallback: Values | None = None
    empty: Values | None = None
    for place, matrix, var in _matrices(adata):
        counts = as_counts(matrix)
        if are_counts(counts):
            took = () if place == "X" else (f"Raw counts were taken from {place}.",)
            found = Values(counts, var, took)
            if counts.nnz:
                return found
            empty = empty or found
            continue
        broken = _broken(counts)
        looked.append(f"{place} holds {broken or 'fractions, so normalised values'}")
        if fallback is None and not broken:
            fallback = Values(counts, var, (NORMALISED_NOTE,))
    if fallback is not None and allowed:
        return fallback
    if empty is not None and not looked:
        return empty
    if not looked:
        msg = "there is no expression: X is empty, and there are no layers and no raw"
        raise ReadError(msg)
    insist = (
        ", or insist with allow_normalised=True, given to read_section or "
        "section_from_anndata (command line: --allow-normalised)"
        if fallback is not None
        else ""
    )
    msg = (
        f"there are no raw counts: {'; '.join(looked)}. Put the counts into "
        f'layers["{keys.COUNTS}"]{insist}.'
    )
    raise ReadError(msg)


def _was_enhanced(adata: AnnData) -> bool:
    """Whether it is a result of ours, or was exported from one that was read."""
    kept = kept_in(adata.uns.get(keys.SECTION))
    return keys.PROVENANCE in adata.uns or (kept is not None and kept.expected)


def _broken(counts: sparse.csr_matrix) -> str:
    """Why values cannot be expression at all, or nothing."""
    if not np.isfinite(counts.data).all():
        return "NaN or infinite values"
    return "negative, so scaled values" if (counts.data < 0).any() else ""


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


def named_genes(
    var: pd.DataFrame, notes: list[str], *, as_they_are: bool = False
) -> pd.DataFrame:
    """Genes by symbol where the index holds Ensembl ids and a column the symbols.

    ``as_they_are`` leaves them their names: a file of ours has those that were wanted.
    """
    table = plain(var)
    symbols = [column for column in _SYMBOL_COLUMNS if column in table]
    symbols = [] if as_they_are else symbols
    ids = table.index
    if symbols and ids.str.match(_ENSEMBL).mean() > 0.5:
        names = table[symbols[0]].astype(str)
        table = table.assign(gene_ids=ids)
        table.index = pd.Index(np.where(names == "", ids, names), dtype=object)
        notes.append(f"Genes are named by var[{symbols[0]!r}]; ids are in gene_ids.")
    table.index, repeated = unique_names(table.index)
    notes += repeated
    return table
