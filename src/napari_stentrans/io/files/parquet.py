"""Parquet tables, held against memory before they are read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from napari_stentrans.io.files.limits import SMALL, require, require_held

_ROW_BYTES = 8.0
_WITH_THREADS = False
"""Arrow's threads, once a damaged file has failed in them, may abort the program when
it ends: 3 of 38 programs on a busy machine with pyarrow 26, none of 30 without them."""


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
    _check(path)
    with pq.ParquetFile(path) as file:
        table = file.read(use_threads=_WITH_THREADS, use_pandas_metadata=True)
    frame: pd.DataFrame = table.to_pandas(use_threads=_WITH_THREADS)
    return frame


def read_columns(path: Path, names: Iterable[str]) -> Iterator[pa.ChunkedArray]:
    """Read some columns one by one: nothing else is in memory meanwhile.

    Raises
    ------
    ReadError
        As `read_parquet` does.
    """
    _check(path)
    with pq.ParquetFile(path) as file:
        for name in names:
            read = file.read(columns=[name], use_threads=_WITH_THREADS)
            yield read.column(0)


def read_batches(
    path: Path, names: Sequence[str], n_rows: int
) -> Iterator[pa.RecordBatch]:
    """Read some columns, some rows at a time.

    Values that take little once they are sparse may be many: only what is in memory at
    one time must fit.

    Raises
    ------
    ReadError
        If it declares more than it can hold, or than fits at one time.
    """
    with pq.ParquetFile(path) as file:
        n_together = min(n_rows, file.metadata.num_rows)
        _check_groups(path, file.metadata)
        require(float(n_together) * len(names) * _ROW_BYTES - SMALL, path.name)
        yield from file.iter_batches(
            batch_size=n_rows, columns=list(names), use_threads=_WITH_THREADS
        )


def metadata_of(path: Path) -> dict[bytes, bytes]:
    """What was written down about a table beside its columns, by key."""
    found: dict[bytes, bytes] = pq.read_schema(path).metadata or {}
    return found


def to_pandas(batch: pa.RecordBatch) -> pd.DataFrame:
    """Return rows as pandas has them."""
    frame: pd.DataFrame = batch.to_pandas(use_threads=_WITH_THREADS)
    return frame


def column_types(path: Path) -> dict[str, pa.DataType]:
    """Types of the columns of a parquet file, by name."""
    schema = pq.read_schema(path)
    return dict(zip(schema.names, schema.types, strict=True))


def _check(path: Path) -> None:
    """Hold what a table declares against its size and against memory."""
    with pq.ParquetFile(path) as file:
        found = file.metadata
    unpacked = float(sum(_group_bytes(found)))
    wide = float(found.num_rows) * found.num_columns * _ROW_BYTES
    # Repeated values are stored once, so few bytes may well be many rows; not any.
    require_held(unpacked, path.stat().st_size, path.name)
    require(max(unpacked, wide) * 2 - SMALL, path.name)


def _check_groups(path: Path, found: pq.FileMetaData) -> None:
    """Hold each group of rows, as they were written together, against the same."""
    for unpacked in _group_bytes(found):
        require_held(float(unpacked), path.stat().st_size, path.name)


def _group_bytes(found: pq.FileMetaData) -> list[int]:
    return [found.row_group(at).total_byte_size for at in range(found.num_row_groups)]
