"""Spot positions as Space Ranger writes them, in each of its three ways."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from napari_stentrans.errors import ReadError
from napari_stentrans.io.files.many_names import as_names, n_repeated
from napari_stentrans.io.files.parquet import column_types, read_columns, read_parquet
from napari_stentrans.io.files.text import (
    fields,
    first_lines,
    read_table,
    separator,
    why_no_text,
)
from napari_stentrans.io.files.visible import visible

_COLUMNS = (
    "in_tissue",
    "array_row",
    "array_col",
    "pxl_row_in_fullres",
    "pxl_col_in_fullres",
)
_SEURAT = dict(
    zip(("tissue", "row", "col", "imagerow", "imagecol"), _COLUMNS, strict=True)
)
"""What Seurat calls the same columns."""


def list_positions(folder: Path) -> list[Path]:
    """Files of positions in a folder: csv before parquet, the older name last."""
    return [
        file
        for pattern in ("*tissue_positions*.csv*", "*tissue_positions*.parquet")
        for file in visible(folder.glob(pattern))
        if file.is_file()
    ]


@dataclass(frozen=True, eq=False)
class Positions:
    """All spots of a slide, in tissue or not: 11 million bins of Visium HD.

    Attributes
    ----------
    barcodes : ChunkedArray of string, shape (spot,)
        Each once.
    table : DataFrame, one row a spot
        in_tissue, array_row, array_col, pxl_row_in_fullres, pxl_col_in_fullres.
    """

    barcodes: pa.ChunkedArray
    table: pd.DataFrame


def read_positions_table(path: Path) -> pd.DataFrame:
    """Positions of all spots of a slide, as one table indexed by barcode.

    Raises
    ------
    ReadError
        Naming every problem of the table.
    """
    found = read_positions(path)
    return found.table.set_axis(pd.Index(found.barcodes.to_numpy(), dtype=object))


def read_positions(path: Path) -> Positions:
    """Positions of all spots of a slide, in tissue or not.

    Raises
    ------
    ReadError
        Naming every problem of the table.
    """
    is_parquet = path.suffix == ".parquet"
    found = _columns(path) if is_parquet else None
    if found is None:
        found = _cells(path, _parquet(path) if is_parquet else _csv(path))
    barcodes, columns = next(found), zip(_COLUMNS, found, strict=True)
    if not len(barcodes):
        msg = f"{path.name} lists no spot"
        raise ReadError(msg)
    problems = []
    if n_twice := n_repeated(barcodes):
        problems.append(f"{path.name} lists {n_twice} barcodes more than once")
    numbers = {}
    for name, cells in columns:
        column = pd.to_numeric(cells, errors="coerce")
        if column.isna().any():
            first = barcodes[int(np.argmax(column.isna()))]
            problems.append(
                f"{path.name} has {column.isna().sum()} cells that are no numbers in "
                f"{name} (first: spot {first})"
            )
        numbers[name] = column.to_numpy()
    if problems:
        raise ReadError("\n".join(problems))
    return Positions(barcodes, pd.DataFrame(numbers, copy=False))


def _columns(path: Path) -> Iterator[Any] | None:
    """Barcodes and columns of a table as Space Ranger writes it; None: otherwise."""
    types = column_types(path)
    names = ("barcode", *_COLUMNS)
    numbers = (types.get(name, pa.null()) for name in _COLUMNS)
    if types.get("barcode") != pa.string() or not all(
        pa.types.is_integer(each) or pa.types.is_floating(each) for each in numbers
    ):
        return None
    return (
        column if pa.types.is_string(column.type) else column.to_pandas()
        for column in read_columns(path, names)
    )


def _cells(path: Path, table: pd.DataFrame) -> Iterator[Any]:
    """Barcodes and columns of any other table."""
    missing = [name for name in ("barcode", *_COLUMNS) if name not in table.columns]
    if missing:
        msg = f"{path.name} has no column {', '.join(missing)}"
        raise ReadError(msg)
    yield as_names(table["barcode"].astype(str))
    yield from (table[name] for name in _COLUMNS)


def _parquet(path: Path) -> pd.DataFrame:
    table = read_parquet(path)
    return table if "barcode" in table.columns else table.reset_index(names="barcode")


def _csv(path: Path) -> pd.DataFrame:
    lines = first_lines(path, 1)
    if not lines:
        msg = f"{path.name} {why_no_text(path)}"
        raise ReadError(msg)
    first = fields(lines[0], separator(lines[0]))
    has_header = not {"array_row", "in_tissue", *_SEURAT}.isdisjoint(first)
    barcode = "barcode" if "barcode" in first else first[0]
    table = read_table(path, header=has_header, names=barcode if has_header else 0)
    if has_header:
        table = table.rename(columns=_SEURAT)
        return table if "barcode" in table.columns else _named_first(table)
    if table.shape[1] != 6:
        msg = f"{path.name} has {table.shape[1]} columns and no header, expected 6"
        raise ReadError(msg)
    return table.set_axis(["barcode", *_COLUMNS], axis=1)


def _named_first(table: pd.DataFrame) -> pd.DataFrame:
    return table.rename(columns={table.columns[0]: "barcode"})
