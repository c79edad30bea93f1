"""Count matrices as 10x Genomics writes them: one h5, or a folder with an mtx."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd
from scipy import io as scipy_io
from scipy import sparse

from napari_stentrans.errors import ReadError
from napari_stentrans.io.damage import attempt
from napari_stentrans.io.matrix import as_counts, unique_names
from napari_stentrans.io.text import opened

_EXPRESSION = "Gene Expression"
_MTX_PARTS = {
    "matrix": ("matrix.mtx", "MatchedBead.mtx"),  # the second by Curio
    "barcodes": ("barcodes.tsv",),
    "features": ("features.tsv", "genes.tsv"),
}


@dataclass(frozen=True, eq=False)
class CountMatrix:
    """Counts with their names.

    Attributes
    ----------
    counts : csr_matrix of float32, shape (barcode, gene)
    barcodes
    var
        Indexed by unique gene names, with ``gene_ids`` and ``feature_types``.
    notes
        What a person should know about it.
    """

    counts: sparse.csr_matrix
    barcodes: pd.Index
    var: pd.DataFrame
    notes: tuple[str, ...] = ()


def is_matrix_h5(path: Path) -> bool:
    """Whether a file is a 10x count matrix in h5."""
    if not (path.is_file() and h5py.is_hdf5(path)):
        return False
    with h5py.File(path, "r") as file:
        return "matrix" in file and "barcodes" in file["matrix"]


def is_matrix_folder(path: Path) -> bool:
    """Whether a folder holds a 10x count matrix as mtx."""
    return path.is_dir() and any(_part(path, name) for name in _MTX_PARTS["matrix"])


def read_matrix(path: Path) -> CountMatrix:
    """Read an h5 or an mtx folder.

    Raises
    ------
    ReadError
        Naming every part that is missing or does not fit.
    """
    return _read_folder(path) if path.is_dir() else _read_h5(path)


def _read_h5(path: Path) -> CountMatrix:
    if not h5py.is_hdf5(path):
        msg = f"{path.name} is not an HDF5 file, or it is cut off; copy it again"
        raise ReadError(msg)
    with h5py.File(path, "r") as file:
        group = file["matrix"]
        n_genes, n_barcodes = (int(size) for size in group["shape"][:])
        barcodes = _texts(group["barcodes"])
        features = {
            column: _texts(group["features"][key])
            for column, key in (
                ("id", "id"),
                ("name", "name"),
                ("type", "feature_type"),
            )
            if key in group["features"]
        }
        parts = tuple(group[key][:] for key in ("data", "indices", "indptr"))
    # Columns of genes a barcode are rows of barcodes: no transposition is needed.
    counts = sparse.csr_matrix(parts, shape=(n_barcodes, n_genes))
    return _assembled(counts, barcodes, features)


def _read_folder(path: Path) -> CountMatrix:
    problems: list[str] = []
    found: dict[str, Any] = {}
    for what, names in _MTX_PARTS.items():
        parts = [part for name in names if (part := _part(path, name)) is not None]
        if parts:
            reader = _read_mtx if what == "matrix" else _read_names
            found[what] = attempt(problems, parts[0].name, partial(reader, parts[0]))
        else:
            problems.append(f"{path.name} holds no {' or '.join(names)}")
    if problems:
        raise ReadError("\n".join(problems))
    columns = dict(zip(("id", "name", "type"), found["features"].T, strict=False))
    return _assembled(found["matrix"].T, found["barcodes"][:, 0], columns)


def _assembled(
    matrix: Any, barcodes: np.ndarray[Any, Any], features: Mapping[str, Any]
) -> CountMatrix:
    ids = features.get("id", features.get("name"))
    n_barcodes, n_genes = matrix.shape
    problems = []
    if len(barcodes) != n_barcodes:
        problems.append(f"{len(barcodes)} barcodes for {n_barcodes} columns of counts")
    if ids is None or len(ids) != n_genes:
        n_names = 0 if ids is None else len(ids)
        problems.append(f"{n_names} gene names for {n_genes} rows of counts")
    if ids is None or problems:
        raise ReadError("\n".join(problems))
    symbols = np.asarray(features.get("name", ids), dtype=object)
    symbols = np.where(symbols == "", ids, symbols)
    kinds = np.asarray(features.get("type", [_EXPRESSION] * n_genes), dtype=object)

    notes = []
    chosen = kinds == _EXPRESSION
    if chosen.any() and not chosen.all():
        others = ", ".join(sorted({str(kind) for kind in kinds[~chosen]}))
        notes.append(
            f"{(~chosen).sum()} features that are no genes left out ({others})."
        )
    else:
        chosen = np.ones(n_genes, dtype=bool)
    names, repeated = unique_names(pd.Index(symbols[chosen]))
    var = pd.DataFrame(
        {"gene_ids": np.asarray(ids)[chosen], "feature_types": kinds[chosen]},
        index=names,
    )
    counts = as_counts(sparse.csr_matrix(matrix)[:, np.flatnonzero(chosen)])
    return CountMatrix(
        counts, pd.Index(barcodes, dtype=object), var, tuple(notes + repeated)
    )


def _part(folder: Path, name: str) -> Path | None:
    """File of that name, packed or not, with any prefix (GEO adds one)."""
    found = [*folder.glob(f"*{name}"), *folder.glob(f"*{name}.gz")]
    return min(found, key=lambda file: (len(file.name), file.name), default=None)


def _read_mtx(path: Path) -> Any:
    return scipy_io.mmread(path)


def _read_names(path: Path) -> np.ndarray[Any, Any]:
    """Cells of a table without header, as text, shape (row, column)."""
    with opened(path) as file:
        table = pd.read_csv(
            file, sep="\t", header=None, dtype=str, keep_default_na=False
        )
    return table.to_numpy(dtype=object)


def _texts(dataset: h5py.Dataset) -> np.ndarray[Any, Any]:
    return np.array(
        [v.decode() if isinstance(v, bytes) else str(v) for v in dataset[:]],
        dtype=object,
    )
