"""Parquet tables, held against memory before they are read."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq

from napari_stentrans.io.limits import SMALL, require, require_held

_ROW_BYTES = 8.0


def column_names(path: Path) -> list[str]:
    """Column names of a parquet file."""
    names: list[str] = pq.read_schema(path).names
    return names


def read_parquet(path: Path) -> pd.DataFrame:
    """Read a whole parquet table, if it fits into memory.

    Raises
    ------
    ReadError
        If it declares more than it can hold, or than fits.
    """
    found = pq.ParquetFile(path).metadata
    groups = [found.row_group(at) for at in range(found.num_row_groups)]
    unpacked = float(sum(group.total_byte_size for group in groups))
    wide = float(found.num_rows) * found.num_columns * _ROW_BYTES
    # Repeated values are stored once, so few bytes may well be many rows; not any.
    require_held(unpacked, path.stat().st_size, path.name)
    require(max(unpacked, wide) * 2 - SMALL, path.name)
    return pd.read_parquet(path)
