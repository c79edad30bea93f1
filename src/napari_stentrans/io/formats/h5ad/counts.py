"""Where an AnnData keeps raw counts, and what its genes are called."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import sparse

from napari_stentrans import keys
from napari_stentrans.errors import ReadError
from napari_stentrans.io.assembly.columns import columns_among
from napari_stentrans.io.assembly.counts import (
    NORMALISED_NOTE,
    as_counts,
    is_text,
    plain,
    unique_names,
)
from napari_stentrans.io.assembly.features import control_notes, genes_among
from napari_stentrans.io.formats.h5ad.expected import (
    enhanced_notes,
    has_unmeasured,
    made_of_expected,
    was_enhanced,
)
from napari_stentrans.io.formats.h5ad.matrices import (
    FRACTIONS,
    ZEROS,
    Matrix,
    matrices_of,
)

if TYPE_CHECKING:
    from anndata import AnnData

_SYMBOL_COLUMNS = (
    "feature_name",
    "gene_name",
    "gene_symbol",
    "gene_symbols",
    "symbol",
    "real_gene_name",  # stereopy
    "features",  # in R, where it may repeat the ids
)
"""What tells names of genes beside their ids; in capital or small letters."""
_TYPE_COLUMNS = (("feature_types",), ("feature_type",), ("type",))
"""What says of which type a feature is; the last in R."""
_TWOS_EXPECTED = 10
"""If so many are to be expected, counts without any are hardly chance (1 in 20,000)."""
_ENSEMBL = re.compile(r"ENS[A-Z]*G\d{6,}")


@dataclass(frozen=True, eq=False)
class Values:
    """Expression, its genes, and what to say about where it was found."""

    counts: sparse.csr_matrix
    var: pd.DataFrame
    notes: tuple[str, ...] = ()


def find_values(adata: AnnData, *, allowed: bool) -> Values:
    """Raw counts, from the first place that holds some; else normalised, if allowed.

    What an earlier run of ours wrote holds expected counts, whose fractions are right:
    in ``X``, unless it shows that these were made into something else since, and in a
    layer that is for counts. What holds zeros alone is taken only where nothing else
    holds anything. A layer that is for counts is the better choice of normalised
    values: those of ``X`` were made of it.
    """
    looked: dict[str, str] = {}
    normalised: tuple[Matrix, sparse.csr_matrix] | None = None
    empty: Values | None = None
    ours = was_enhanced(adata)
    for matrix in matrices_of(adata):
        counts = as_counts(matrix.values)
        lacks = matrix.lacks(counts)
        changed = ""
        if ours and lacks == FRACTIONS and matrix.place == "X":
            changed = made_of_expected(adata, counts)
        is_expected = ours and not changed and _may_be_expected(adata, matrix, lacks)
        if counts.nnz and (is_expected or not lacks):
            what = "Expected counts" if is_expected else "Raw counts"
            told = enhanced_notes(adata) if is_expected else ()
            notes = (*told, *_taken(what, matrix, looked), *_as_mask(matrix, counts))
            return Values(counts, matrix.var, notes)
        looked[matrix.place] = changed or lacks or ZEROS
        if not lacks:
            told = enhanced_notes(adata) if ours else ()
            empty = empty or Values(counts, matrix.var, told)
        better = normalised is None or (
            matrix.is_for_counts and not normalised[0].is_for_counts
        )
        if lacks == FRACTIONS and better:
            normalised = matrix, counts
    if normalised is not None and allowed:
        matrix, counts = normalised
        del looked[matrix.place]
        notes = (NORMALISED_NOTE, *_taken("The values", matrix, looked))
        return Values(counts, matrix.var, notes)
    if empty is not None and {*looked.values()} == {ZEROS}:
        return empty
    raise ReadError(_no_counts(looked, may_insist=normalised is not None))


def _may_be_expected(adata: AnnData, matrix: Matrix, lacks: str) -> bool:
    """Whether a matrix of a result of ours may hold its expected counts."""
    if lacks == FRACTIONS:
        return matrix.place == "X" or matrix.is_for_counts
    return not lacks and has_unmeasured(adata)


def _taken(what: str, matrix: Matrix, passed: dict[str, str]) -> tuple[str, ...]:
    """Say where values were found, and what was passed over; nothing for X alone."""
    if matrix.place == "X" and not passed:
        return ()
    told = [f"{what} were taken from {matrix.place}", *_each(passed)]
    return (f"{'; '.join(told)}.",)


def _as_mask(matrix: Matrix, counts: sparse.csr_matrix) -> tuple[str, ...]:
    """Say that counts may be a mask: they are true and false, or 0 and 1 alone.

    A sparse section may well have no 2: of counts with a mean m, m^2 / 2 are to be
    expected at each spot and gene by chance, and more where genes differ.
    """
    n_spots, n_genes = counts.shape
    is_bool = np.dtype(getattr(matrix.values, "dtype", float)).kind == "b"
    twos_by_chance = counts.nnz**2 / (2 * n_spots * n_genes)
    if not is_bool and (counts.data.max() > 1 or twos_by_chance < _TWOS_EXPECTED):
        return ()
    held = "true and false" if is_bool else "0 and 1 alone, and no gene twice in a spot"
    note = (
        f"{matrix.place} holds {held}: it may say whether a gene was found, not how "
        "often. It was taken as counts; give the raw counts where there are some."
    )
    return (note,)


def _each(looked: dict[str, str]) -> list[str]:
    return [f"{place} holds {what}" for place, what in looked.items()]


def _no_counts(looked: dict[str, str], *, may_insist: bool) -> str:
    """Say why there are no raw counts, and what to do."""
    if not looked:
        return "there is no expression: X is empty, and there are no layers and no raw"
    insist = (
        ", or insist with allow_normalised=True, given to read_section or "
        "section_from_anndata (command line: --allow-normalised)"
        if may_insist
        else ""
    )
    return (
        f"there are no raw counts: {'; '.join(_each(looked))}. Put the counts into "
        f'layers["{keys.COUNTS}"]{insist}.'
    )


def genes_alone(values: Values) -> Values:
    """Leave out antibodies and controls, where a column says which are genes."""
    column = columns_among(values.var.columns, _TYPE_COLUMNS)
    if column is None:
        notes = control_notes(values.var.index.astype(str))
        return replace(values, notes=(*values.notes, *notes))
    genes, notes = genes_among(plain(values.var[[*column]])[column[0]])
    if genes.all():
        return values
    return Values(
        values.counts[:, np.flatnonzero(genes)],
        values.var[genes],
        (*values.notes, *notes),
    )


def named_genes(
    var: pd.DataFrame, notes: list[str], *, as_they_are: bool = False
) -> pd.DataFrame:
    """Genes by symbol where the index holds Ensembl ids and a column the symbols.

    ``as_they_are`` leaves them their names: a file of ours has those that were wanted.
    """
    table = plain(var)
    ids = table.index
    named = None if as_they_are or not _are_ids(ids) else _symbols_of(table)
    if named is not None:
        names = table[named].astype(str)
        table = table.assign(gene_ids=ids)
        table.index = pd.Index(np.where(names == "", ids, names), dtype=object)
        notes.append(f"Genes are named by var[{named!r}]; ids are in gene_ids.")
    table.index, repeated = unique_names(table.index)
    notes += repeated
    return table


def _symbols_of(table: pd.DataFrame) -> str | None:
    """Column with the names of genes that have ids; None without any."""
    for known in _SYMBOL_COLUMNS:
        there = columns_among(table.columns, [(known,)])
        if there is None or not is_text(table[there[0]]):
            continue
        if not _are_ids(table[there[0]].astype(str)):
            return there[0]
    return None


def _are_ids(names: pd.Index | pd.Series) -> bool:
    """Whether most are ids of Ensembl."""
    return bool(names.str.match(_ENSEMBL).mean() > 0.5)
