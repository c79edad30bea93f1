"""loom: an HDF5 table of genes by cells with attributes of both."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any, Final

import h5py
import numpy as np
import pandas as pd
from scipy import sparse

from napari_stentrans.errors import ReadError
from napari_stentrans.io.assembly.counts import are_counts
from napari_stentrans.io.files.hdf5 import is_hdf5, opened_hdf5, texts
from napari_stentrans.io.files.limits import Budget
from napari_stentrans.io.options import ReadOptions
from napari_stentrans.section.section import Section

TITLE: Final = "loom file"
TAKES: Final = frozenset({"library"})

_GENES = (
    "Gene",
    "gene",
    "gene_name",
    "GeneName",
    "gene_names",
    "var_names",
    "Accession",
)
_CELLS = ("CellID", "cell_id", "barcode", "Barcode", "obs_names", "cell_names")
_LAYERS = ("counts", "raw_counts", "raw", "count", "umi", "UMI")
_VALUES_A_PIECE = 4_000_000


def sniff(path: Path) -> bool:
    """Whether this is a loom file."""
    if not is_hdf5(path):
        return False
    with h5py.File(path, "r") as file:
        return {"matrix", "row_attrs", "col_attrs"} <= set(file)


def read(path: Path, options: ReadOptions) -> Section:
    """Read counts and whatever is known of cells and genes.

    Raises
    ------
    ReadError
        If names are missing, or there are no positions.
    """
    import anndata

    from napari_stentrans.io.formats.h5ad.reader import section_of

    with opened_hdf5(path) as file:
        n_genes, n_cells = _shape(file["matrix"], path.name)
        var = _attributes(file["row_attrs"], n_genes, _GENES, "gene")
        obs = _attributes(file["col_attrs"], n_cells, _CELLS, "cell")
        counts = _counts(file["matrix"], path.name)
        layers = {} if are_counts(counts) else _layers(file, path.name)
        spatial = _positions(file["col_attrs"], n_cells)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # repeated names: the section lists them
        adata = anndata.AnnData(counts, obs=obs, var=var, layers=layers)
    if spatial is not None:
        adata.obsm["spatial"] = spatial
    return section_of(adata, path, options)


def _shape(matrix: h5py.Dataset, name: str) -> tuple[int, int]:
    if matrix.ndim != 2:
        msg = f"{name}: its matrix has {matrix.ndim} dimensions, not 2"
        raise ReadError(msg)
    return int(matrix.shape[0]), int(matrix.shape[1])


def _counts(matrix: h5py.Dataset, name: str) -> sparse.csr_matrix:
    """Read some genes at a time, keeping what is not 0, shape (cell, gene)."""
    n_genes, n_cells = _shape(matrix, name)
    step = max(1, _VALUES_A_PIECE // max(n_cells, 1))
    budget = Budget(name)
    pieces = []
    for begin in range(0, n_genes, step):
        piece = sparse.csr_matrix(matrix[begin : begin + step].astype(np.float32))
        budget.take(piece.nnz * 24.0)
        pieces.append(piece)
    if not pieces:
        return sparse.csr_matrix(np.zeros((n_cells, 0), dtype=np.float32))
    return sparse.csr_matrix(sparse.vstack(pieces, format="csr").T)


def _layers(file: h5py.File, name: str) -> dict[str, sparse.csr_matrix]:
    """Raw counts that lie beside a matrix of other values."""
    layers = file.get("layers", {})
    found = [each for each in _LAYERS if each in layers]
    shape = file["matrix"].shape
    return {
        each: _counts(layers[each], name)
        for each in found[:1]
        if layers[each].shape == shape
    }


def _attributes(
    group: h5py.Group, n: int, names: tuple[str, ...], what: str
) -> pd.DataFrame:
    """Read those attributes that have one value a gene or cell."""
    columns: dict[str, Any] = {}
    for key in group:
        found = group[key]
        if isinstance(found, h5py.Dataset) and found.shape == (n,):
            is_text = found.dtype.kind in "OS"
            columns[key] = texts(found) if is_text else found[:]
    named = [name for name in names if name in columns]
    if not named:
        raise ReadError(_no_names(group, n, names, what, list(columns)))
    index = pd.Index(columns[named[0]].astype(str), dtype=object)
    return pd.DataFrame(columns, index=index)


def _no_names(
    group: h5py.Group, n: int, names: tuple[str, ...], what: str, there: list[str]
) -> str:
    """Say why a gene or cell has no name, and what to do."""
    where = group.name.strip("/")
    lines = "rows" if what == "gene" else "columns"
    for name in names:
        size = getattr(group.get(name), "size", None)
        if size is not None:
            return (
                f"{where}/{name} has {size:,} values, but the matrix has {n:,} "
                f"{lines}, one a {what}: it may be transposed. Save it again with a "
                "row for each gene and a column for each cell."
            )
    only = f", only {', '.join(there)}" if there else ""
    return f"there are no {what} names{only}: {where} must have {names[0]}"


def _positions(group: h5py.Group, n: int) -> np.ndarray[Any, Any] | None:
    """Positions (x, y) that are one attribute of two values a cell."""
    for key in ("spatial", "X_spatial", "coordinates", "Spatial"):
        if key in group and group[key].shape == (n, 2):
            return np.asarray(group[key][:], dtype=np.float64)
    return None
