"""Count matrices as 10x Genomics writes them: one h5, or a folder with an mtx."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd
from scipy import sparse

from napari_stentrans.errors import ReadError
from napari_stentrans.io.assembly.counts import as_counts, unique_names
from napari_stentrans.io.assembly.features import EXPRESSION, genes_among
from napari_stentrans.io.files.damage import attempt
from napari_stentrans.io.files.hdf5 import opened_hdf5, texts
from napari_stentrans.io.files.limits import require
from napari_stentrans.io.files.mtx import mtx_shape, read_mtx
from napari_stentrans.io.files.text import Measured, opened
from napari_stentrans.io.files.visible import visible

_BARCODE_BYTES = 300.0
_VALUE_BYTES = 24.0
"""What reading takes at most, measured on five million bins."""
_MTX = re.compile(
    r"(?P<prefix>.*?)(?:matrix|MoleculesPerMatchedBead)\.mtx(?:\.gz)?", re.IGNORECASE
)
_PART = re.compile(
    r"(?P<prefix>.*?)(?:matrix\.mtx|MoleculesPerMatchedBead\.mtx"
    r"|(?:barcodes|features|genes)\.tsv)(?:\.gz)?",
    re.IGNORECASE,
)
_OF_PROBES = frozenset({"probe_region", "filtered_probes"})
"""What Space Ranger tells of features that are probes, in raw_probe_bc_matrix.h5."""
_ENDS = (".h5", "")
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
    files
        What it was read from.
    notes
        What a person should know about it.
    """

    counts: sparse.csr_matrix
    barcodes: pd.Index
    var: pd.DataFrame
    files: tuple[Path, ...] = ()
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


def is_matrix_mtx(path: Path) -> bool:
    """Whether a file is the mtx of a 10x count matrix, by its name."""
    return path.is_file() and _MTX.fullmatch(path.name) is not None


def read_matrix(path: Path) -> CountMatrix:
    """Read an h5, an mtx folder, or the mtx in one with what is named alike.

    Raises
    ------
    ReadError
        Naming every part that is missing or does not fit.
    """
    if path.is_dir():
        return _read_folder(path)
    found = _MTX.fullmatch(path.name)
    return _read_folder(path.parent, found["prefix"]) if found else _read_h5(path)


def _read_h5(path: Path) -> CountMatrix:
    with opened_hdf5(path) as file:
        group = file["matrix"]
        of_probes = not _OF_PROBES.isdisjoint(group["features"])
        told = _probes_note(path) if of_probes else []
        n_genes, n_barcodes = (int(size) for size in group["shape"][:])
        barcodes = texts(group["barcodes"])
        features = {
            column: texts(group["features"][key])
            for column, key in (
                ("id", "id"),
                ("name", "name"),
                ("type", "feature_type"),
            )
            if key in group["features"]
        }
        _check_names(barcodes, features, (n_barcodes, n_genes))
        n_values = len(group["data"])
        require(n_barcodes * _BARCODE_BYTES + n_values * _VALUE_BYTES, path.name)
        parts = (
            group["data"].astype(np.float32)[:],
            _whole_numbers(group["indices"]),
            group["indptr"][:],
        )
    # Columns of genes a barcode are rows of barcodes: no transposition is needed.
    counts = sparse.csr_matrix(parts, shape=(n_barcodes, n_genes))
    counts.check_format(full_check=True)
    matrix = _assembled(counts, barcodes, features, (path,))
    return replace(matrix, notes=(*told, *matrix.notes))


def _probes_note(path: Path) -> list[str]:
    """Say that counts are of probes, several a gene.

    Raises
    ------
    ReadError
        Where the counts of genes lie beside them: there is no reason to do without.
    """
    begin = path.name.partition("raw_probe_bc_matrix")[0]
    kinds = ("filtered_feature_bc_matrix", "raw_feature_bc_matrix")
    named = (path.parent / f"{begin}{kind}{end}" for kind in kinds for end in _ENDS)
    beside = next((each.name for each in named if each.exists()), None)
    if beside is not None:
        msg = f"{path.name} counts probes, not genes; open {beside}, which counts genes"
        raise ReadError(msg)
    note = (
        f"{path.name} counts probes, not genes: a gene may have several, which are "
        f"numbered here. Open {kinds[0]}.h5 of the same output for genes."
    )
    return [note]


def _whole_numbers(dataset: h5py.Dataset) -> np.ndarray[Any, Any]:
    """Read indices with 32 bits, where these are enough to count all values.

    HDF5 turns what does not fit into the largest number: no gene has that.
    """
    is_short = dataset.dtype.kind in "iu" and dataset.size <= np.iinfo(np.int32).max
    found: np.ndarray[Any, Any] = (
        dataset.astype(np.int32)[:] if is_short else dataset[:]
    )
    return found


def _read_folder(path: Path, prefix: str | None = None) -> CountMatrix:
    problems: list[str] = []
    found: dict[str, Any] = {}
    for what, names in _MTX_PARTS.items():
        parts = [part for name in names if (part := _part(path, name, prefix))]
        if parts and not prefix:  # the first that has one tells that of the rest
            prefix = _begin(parts[0])
        if parts:
            reader = mtx_shape if what == "matrix" else _read_names
            found[what] = attempt(problems, parts[0].name, partial(reader, parts[0]))
            found[f"{what} file"] = parts[0]
        else:
            problems.append(_missing(path, names, prefix))
    if problems:
        raise ReadError("\n".join(problems))
    barcodes = found["barcodes"][:, 0]
    columns = dict(zip(("id", "name", "type"), found["features"].T, strict=False))
    n_rows, n_columns = found["matrix"]
    named = (len(barcodes), len(found["features"]))
    a_row_a_barcode = (n_rows, n_columns) == named != (n_columns, n_rows)
    if not a_row_a_barcode:
        _check_names(barcodes, columns, (n_columns, n_rows))
    file = found["matrix file"]
    matrix = attempt(problems, file.name, partial(read_mtx, file))
    if matrix is None:
        raise ReadError("\n".join(problems))
    files = tuple(found[f"{what} file"] for what in _MTX_PARTS)
    counts = matrix if a_row_a_barcode else matrix.T
    return _assembled(counts, barcodes, columns, files)


def _check_names(
    barcodes: np.ndarray[Any, Any], features: Mapping[str, Any], shape: tuple[int, int]
) -> None:
    """Hold the declared shape (barcode, gene) against the names, before it is believed.

    Raises
    ------
    ReadError
        If there are more or fewer names.
    """
    ids = features.get("id", features.get("name"))
    n_barcodes, n_genes = shape
    problems = []
    if len(barcodes) != n_barcodes:
        problems.append(f"{len(barcodes)} barcodes for {n_barcodes} columns of counts")
    if ids is None or len(ids) != n_genes:
        n_names = 0 if ids is None else len(ids)
        problems.append(f"{n_names} gene names for {n_genes} rows of counts")
    if problems:
        raise ReadError("\n".join(problems))


def _assembled(
    matrix: Any,
    barcodes: np.ndarray[Any, Any],
    features: Mapping[str, Any],
    files: tuple[Path, ...],
) -> CountMatrix:
    n_genes = matrix.shape[1]
    if not len(barcodes):
        msg = (
            f"{files[0].name} has no barcodes: it holds no spot. Copy or download it "
            "again, or look into the report of the run that made it."
        )
        raise ReadError(msg)
    ids = features["id"] if "id" in features else features["name"]
    symbols = np.asarray(features.get("name", ids), dtype=object)
    symbols = np.where(symbols == "", ids, symbols)
    kinds = np.asarray(features.get("type", [EXPRESSION] * n_genes), dtype=object)
    chosen, notes = genes_among(kinds)
    names, repeated = unique_names(pd.Index(symbols[chosen]))
    var = pd.DataFrame(
        {"gene_ids": np.asarray(ids)[chosen], "feature_types": kinds[chosen]},
        index=names,
    )
    matrix = sparse.csr_matrix(matrix)
    # The matrix was made here, so it is put in order in place.
    counts = as_counts(
        matrix if chosen.all() else matrix[:, np.flatnonzero(chosen)], copy=False
    )
    return CountMatrix(
        counts, pd.Index(barcodes, dtype=object), var, files, tuple(notes + repeated)
    )


def matrix_begin(folder: Path) -> str:
    """How the name of the mtx in a folder begins, before what 10x calls it."""
    each = (_part(folder, name) for name in _MTX_PARTS["matrix"])
    return next((_begin(part) for part in each if part is not None), "")


def _part(folder: Path, name: str, prefix: str | None = None) -> Path | None:
    """File of that name, packed or not, of those that begin alike (GEO adds a prefix).

    That is with this prefix, else with none. With any, where no prefix is known; where
    the known one is empty, only if no other sample could be meant.
    """
    found = [
        file
        for ending in ("", ".gz")
        for file in visible(folder.glob(f"*{name}{ending}"))
    ]
    if prefix is not None and not (prefix == "" and len(found) == 1):
        own = [file for file in found if _begin(file) == prefix]
        found = own or [file for file in found if not _begin(file)]
    return min(found, key=lambda file: (len(file.name), file.name), default=None)


def _begin(part: Path) -> str:
    found = _PART.fullmatch(part.name)
    return found["prefix"] if found else ""


def _missing(folder: Path, names: tuple[str, ...], prefix: str | None) -> str:
    """Say what is not there, and what to do where another sample has it."""
    others = [part.name for name in names if (part := _part(folder, name))]
    if not others:
        return f"{folder.name} holds no {' or '.join(names)}"
    wanted = " or ".join(f"{prefix}{name}" for name in names)
    return (
        f"{folder.name} holds no {wanted}, only {others[0]}, whose name begins "
        "otherwise: put the missing file there, or rename it if it belongs to these "
        "counts"
    )


def _read_names(path: Path) -> np.ndarray[Any, Any]:
    """Cells of a table without header, as text, shape (row, column)."""
    try:
        with opened(path) as file:
            table = pd.read_csv(
                Measured(file, path.name),  # type: ignore[call-overload]
                sep="\t",
                header=None,
                dtype=str,
                keep_default_na=False,
            )
    except pd.errors.EmptyDataError:  # no names: whoever wants some says so
        return np.empty((0, 1), dtype=object)
    cells: np.ndarray[Any, Any] = table.to_numpy(dtype=object)
    return cells
