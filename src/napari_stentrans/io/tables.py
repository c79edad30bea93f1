"""What our tables have in common: names of columns, and how they become an AnnData."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pandas as pd
from scipy import sparse

from napari_stentrans import keys
from napari_stentrans.errors import ReadError
from napari_stentrans.io.damage import from_library

if TYPE_CHECKING:
    from anndata import AnnData

PLACES: Final = (keys.ARRAY_ROW, keys.ARRAY_COL)
NO_GENES: Final = (*PLACES, "x", "y", keys.ORIGIN, keys.BARCODE, keys.IN_TISSUE)
"""Columns that may stand between the names and the genes of a text table."""
_MARK = "_gene"
_LIBRARY = "section"


def column_of(gene: str) -> str:
    """Name of a gene's column: with ``_gene`` behind it, where it would be a place."""
    return f"{gene}{_MARK}" if _is_marked(gene) else gene


def gene_of(column: str) -> str:
    """Return the gene of a column, as `column_of` named it."""
    bare = column.removesuffix(_MARK)
    return bare if bare != column and _is_marked(bare) else column


def _is_marked(gene: str) -> bool:
    """Whether a gene is called as a place, or as if that had been marked already."""
    while gene.endswith(_MARK):
        gene = gene.removesuffix(_MARK)
    return gene in NO_GENES


def read_anndata(path: str | Path) -> AnnData:
    """Return all that a csv, tsv or parquet table of ours holds, the sd included.

    As `EnhancedSection.to_anndata` returned it, or the section's counts; without the
    picture, which no table holds.

    Raises
    ------
    ReadError
        If it is no table of ours, or damaged.
    """
    from napari_stentrans.io import parquet_table, spot_table

    path = Path(path).expanduser()
    with from_library(path.name):
        for module in (parquet_table, spot_table):
            if module.sniff(path):
                return module.read_anndata(path)
    msg = f"{path} is no csv, tsv or parquet table that stEnTrans wrote"
    raise ReadError(msg)


def as_anndata(
    values: sparse.csr_matrix,
    obs: pd.DataFrame,
    var: pd.DataFrame,
    told: Mapping[str, Any],
) -> AnnData:
    """Put values and tables together.

    Parameters
    ----------
    values : csr_matrix, shape (position, gene)
        Counts, or expected counts.
    obs, var
        A row a position, and a row a gene.
    told
        What a file tells besides: ``section`` (see `io.kept`), ``scalefactors`` as
        Space Ranger names them, ``provenance`` of a result. Any may be missing.
    """
    from anndata import AnnData

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # repeated names: the section lists them
        adata = AnnData(values, obs=obs, var=var)
    if told.get("section"):
        adata.uns[keys.SECTION] = told["section"]
    if told.get("provenance"):
        adata.uns[keys.PROVENANCE] = told["provenance"]
    factors = told.get("scalefactors") or {}
    if factors:
        adata.uns[keys.SPATIAL] = {_LIBRARY: {"scalefactors": dict(factors)}}
    return adata
