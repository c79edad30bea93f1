"""Spot positions as Space Ranger writes them, in each of its three ways."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from napari_stentrans.errors import ReadError
from napari_stentrans.io.parquet import read_parquet
from napari_stentrans.io.text import fields, first_lines, read_table, separator

_COLUMNS = (
    "in_tissue",
    "array_row",
    "array_col",
    "pxl_row_in_fullres",
    "pxl_col_in_fullres",
)


def find_positions(folder: Path) -> Path | None:
    """Positions file of a folder: csv before parquet, the older name last."""
    found = [
        file
        for pattern in ("*tissue_positions*.csv*", "*tissue_positions*.parquet")
        for file in sorted(folder.glob(pattern))
        if file.is_file()
    ]
    return found[0] if found else None


def read_positions_table(path: Path) -> pd.DataFrame:
    """Positions of all spots of a slide, in tissue or not.

    Returns
    -------
    DataFrame, one row a spot
        Indexed by barcode; in_tissue, array_row, array_col, pxl_row_in_fullres,
        pxl_col_in_fullres.

    Raises
    ------
    ReadError
        Naming every problem of the table.
    """
    table = _parquet(path) if path.suffix == ".parquet" else _csv(path)
    missing = [name for name in ("barcode", *_COLUMNS) if name not in table.columns]
    if missing:
        msg = f"{path.name} has no column {', '.join(missing)}"
        raise ReadError(msg)
    if not len(table):
        msg = f"{path.name} lists no spot"
        raise ReadError(msg)
    barcodes = pd.Index(table["barcode"].astype(str), dtype=object, name=None)
    problems = []
    if not barcodes.is_unique:
        n_twice = barcodes.duplicated().sum()
        problems.append(f"{path.name} lists {n_twice} barcodes more than once")
    numbers = {}
    for name in _COLUMNS:
        column = pd.to_numeric(table[name], errors="coerce")
        if column.isna().any():
            first = barcodes[column.isna().to_numpy()][0]
            problems.append(
                f"{path.name} has {column.isna().sum()} cells that are no numbers in "
                f"{name} (first: spot {first})"
            )
        numbers[name] = column.to_numpy()
    if problems:
        raise ReadError("\n".join(problems))
    return pd.DataFrame(numbers, index=barcodes)


def _parquet(path: Path) -> pd.DataFrame:
    table = read_parquet(path)
    return table if "barcode" in table.columns else table.reset_index(names="barcode")


def _csv(path: Path) -> pd.DataFrame:
    lines = first_lines(path, 1)
    if not lines:
        msg = f"{path.name} is empty or not text"
        raise ReadError(msg)
    first = fields(lines[0], separator(lines[0]))
    has_header = "array_row" in first or "in_tissue" in first
    barcode = "barcode" if "barcode" in first else first[0]
    table = read_table(path, header=has_header, names=barcode if has_header else 0)
    if has_header:
        return table if "barcode" in table.columns else _named_first(table)
    if table.shape[1] != 6:
        msg = f"{path.name} has {table.shape[1]} columns and no header, expected 6"
        raise ReadError(msg)
    return table.set_axis(["barcode", *_COLUMNS], axis=1)


def _named_first(table: pd.DataFrame) -> pd.DataFrame:
    return table.rename(columns={table.columns[0]: "barcode"})
