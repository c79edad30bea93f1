"""What our tables have in common: names of columns, and how they become an AnnData."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import pandas as pd
from scipy import sparse

from napari_stentrans import keys
from napari_stentrans.io.writers.as_anndata import without_blanks

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


def as_in_h5ad(adata: AnnData) -> AnnData:
    """Give ``obs`` the columns and types that it has in an h5ad of the same.

    All that is written is in tissue, which a text table does not say; and AnnData keeps
    text that repeats as categories.
    """
    obs = without_blanks(adata.obs)
    if keys.IN_TISSUE not in obs:
        obs[keys.IN_TISSUE] = 1
    if keys.PROVENANCE in adata.uns and keys.ORIGIN in obs:
        obs[keys.ORIGIN] = pd.Categorical(obs[keys.ORIGIN])
    adata.strings_to_categoricals(obs)
    adata.obs = obs
    return adata


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
        What a file tells besides: ``section`` (see `assembly.kept`), ``scalefactors``
        as Space Ranger names them, ``provenance`` of a result. Any may be missing.
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
