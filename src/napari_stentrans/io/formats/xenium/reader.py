"""Xenium output: a 10x count matrix and the cells it counts, with centroids in µm."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

import h5py
import pandas as pd

from napari_stentrans.errors import ReadError
from napari_stentrans.io.assembly.cells import (
    CellTable,
    cell_section,
    centres_of,
    matched_rows,
)
from napari_stentrans.io.assembly.columns import columns_among
from napari_stentrans.io.files.damage import DAMAGE, from_library
from napari_stentrans.io.files.parquet import column_names, read_parquet
from napari_stentrans.io.files.text import read_table
from napari_stentrans.io.files.wide_table import header_of
from napari_stentrans.io.formats.tenx_matrix import (
    is_matrix_folder,
    is_matrix_h5,
    read_matrix,
)
from napari_stentrans.io.formats.xenium.pictures import chosen_picture, own_picture
from napari_stentrans.io.options import ReadOptions
from napari_stentrans.io.pictures.laid import LaidPicture, with_own_picture
from napari_stentrans.section.section import Section

TITLE: Final = "Xenium output"
TAKES: Final[frozenset[str]] = frozenset()

_CENTROID = ("x_centroid", "y_centroid")
_TABLES = ("cells.parquet", "cells.csv.gz", "cells.csv")
_MATRICES = ("cell_feature_matrix.h5", "cell_feature_matrix")
_PART = re.compile(
    r"(?P<prefix>.*?)(?:cells\.(?:parquet|csv|csv\.gz)|cell_feature_matrix(?:\.h5)?"
    r"|experiment\.xenium)"
)


def sniff(path: Path) -> bool:
    """Whether this is an output folder, its table of cells, or its matrix.

    Parts that are damaged count by their names: whoever reads them tells of it.
    """
    at = _at(path)
    return _matrix(*at)[0] is not None and _cells(*at)[0] is not None


def read(path: Path, options: ReadOptions) -> Section:
    """Read the cells.

    Raises
    ------
    ReadError
        If matrix and table do not fit each other.
    """
    folder, prefix = _at(path)
    matrix_path, of_matrix = _matrix(folder, prefix)
    table_path, of_table = _cells(folder, prefix)
    if matrix_path is None or table_path is None:
        msg = f"{folder.name} lacks cell_feature_matrix or cells (csv or parquet)"
        raise ReadError(msg)
    with from_library(matrix_path.name):
        matrix = read_matrix(matrix_path)
    with from_library(table_path.name):
        is_parquet = table_path.suffix == ".parquet"
        table = read_parquet(table_path) if is_parquet else read_table(table_path)
    table = table.set_axis(
        pd.Index([_id(cell) for cell in table["cell_id"]], dtype=object), axis=0
    )
    place, notes = matched_rows(matrix.barcodes, table, table_path.name)
    cells = CellTable(
        counts=matrix.counts,
        names=matrix.barcodes,
        var=matrix.var,
        xy=centres_of(table, _CENTROID, place, table_path.name),
        obs=table.iloc[place].drop(columns="cell_id"),
        what="Xenium cells",
        notes=[*of_matrix, *of_table, *matrix.notes, *notes],
        files=(*matrix.files, table_path),
    )
    section = cell_section(cells, path, options)
    return with_own_picture(section, partial(own_picture, folder), options)


def laid_picture(source: Path, picture: Path) -> LaidPicture | None:
    """Where a picture that a person chose lies under the cells; None: unknown.

    Raises
    ------
    ReadError
        If the file that tells is damaged.
    """
    folder, _ = _at(source)
    return chosen_picture(folder, picture) if sniff(source) else None


def _at(path: Path) -> tuple[Path, str]:
    """Output folder that a part of it lies in, and how names begin there (GEO)."""
    found = _PART.fullmatch(path.name)
    if found:
        return path.parent, found["prefix"]
    if path.is_dir() and not any((path / name).exists() for name in _TABLES):
        begins = {_PART.fullmatch(child.name) for child in path.iterdir()} - {None}
        several = {found["prefix"] for found in begins if found}
        if len(several) == 1:
            return path, several.pop()
    return path, ""


def _matrix(folder: Path, prefix: str) -> tuple[Path | None, list[str]]:
    return _first(folder, prefix, _MATRICES, _is_matrix)


def _cells(folder: Path, prefix: str) -> tuple[Path | None, list[str]]:
    return _first(folder, prefix, _TABLES, _is_table)


def _first(
    folder: Path, prefix: str, names: tuple[str, ...], is_one: Callable[[Path], bool]
) -> tuple[Path | None, list[str]]:
    """Find the first whole part of these names, else a damaged one.

    Notes say which damaged ones were passed over.
    """
    damaged: list[Path] = []
    for path in (folder / f"{prefix}{name}" for name in names):
        try:
            if path.exists() and is_one(path):
                return path, [_instead(other, path) for other in damaged]
        except DAMAGE:
            damaged.append(path)
    return (damaged[0] if damaged else None), []


def _instead(damaged: Path, read: Path) -> str:
    return (
        f"{damaged.name} is damaged; {read.name}, which holds the same, was read "
        "instead. Copy or download it again."
    )


def _is_matrix(path: Path) -> bool:
    """Whether a part is a 10x matrix; raises one of `DAMAGE` if it is not whole."""
    if path.is_dir():
        return is_matrix_folder(path)
    if not h5py.is_hdf5(path):
        raise ValueError(path)
    return is_matrix_h5(path)


def _is_table(path: Path) -> bool:
    """Whether a part lists cells; raises one of `DAMAGE` if it is not whole."""
    names = column_names(path) if path.suffix == ".parquet" else header_of(path)
    if not names:
        raise ValueError(path)
    return columns_among(names, [(*_CENTROID, "cell_id")]) is not None


def _id(cell: object) -> str:
    return cell.decode() if isinstance(cell, bytes) else str(cell)
