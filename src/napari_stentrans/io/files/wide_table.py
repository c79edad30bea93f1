"""Tables with a cell a row and a gene a column, of any length, read in pieces."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

from napari_stentrans.errors import ReadError
from napari_stentrans.io.files.limits import Budget
from napari_stentrans.io.files.text import (
    MISSING,
    fields,
    first_lines,
    opened,
    separator,
    whole_lines,
)

_CELLS_A_PIECE = 4_000_000
"""Cells of the table that are read at a time."""


@dataclass(frozen=True, eq=False)
class WideTable:
    """Counts with the columns that name their rows.

    Attributes
    ----------
    counts : csr_matrix of float32, shape (row, gene)
    genes
    keys : DataFrame of text, one row a row
    """

    counts: sparse.csr_matrix
    genes: list[str]
    keys: pd.DataFrame

    @property
    def var(self) -> pd.DataFrame:
        """A table of the genes without columns."""
        return pd.DataFrame(index=pd.Index(self.genes, dtype=object))


def header_of(path: Path) -> list[str]:
    """Column names of a table; empty where it is no text."""
    lines = first_lines(path, 1)
    return fields(lines[0], separator(lines[0])) if lines else []


def read_wide(path: Path, keys: list[str]) -> WideTable:
    """Read a table whose columns are all genes, but for the keys.

    Parameters
    ----------
    path
        A csv or tsv, gzipped or not.
    keys
        Columns that name a row, as the header spells them.

    Raises
    ------
    ReadError
        If cells are empty or no numbers.
    """
    columns = header_of(path)
    kept = [at for at, name in enumerate(columns) if name not in keys]
    key_at = [columns.index(key) for key in keys]
    budget = Budget(path.name)
    counts: list[sparse.csr_matrix] = []
    named: list[pd.DataFrame] = []
    for piece in _pieces(path, len(columns), key_at):
        if piece.empty:  # pandas gives one where there is nothing but the header
            continue
        table = piece.iloc[:, kept]
        values = _numbers(table, path.name)
        counts.append(sparse.csr_matrix(values))
        budget.take(counts[-1].nnz * 24.0)  # once here, once when put together
        named.append(piece.iloc[:, key_at].astype(str).set_axis(keys, axis=1))
    if not counts:
        msg = f"{path.name} has no rows under its header"
        raise ReadError(msg)
    whole = sparse.csr_matrix(sparse.vstack(counts, format="csr"))
    return WideTable(
        whole, [columns[at] for at in kept], pd.concat(named, ignore_index=True)
    )


def _pieces(path: Path, n_columns: int, keys: list[int]) -> Iterator[pd.DataFrame]:
    line = first_lines(path, 1)[0]
    with opened(path) as file, whole_lines(path.name):
        yield from pd.read_csv(
            file,
            sep=separator(line),
            header=0,
            index_col=False,
            chunksize=max(1, _CELLS_A_PIECE // n_columns),
            keep_default_na=False,
            na_values=MISSING,
            converters=dict.fromkeys(keys, str),  # "007" is not 7
            low_memory=False,
        )


def _numbers(table: pd.DataFrame, name: str) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Values of one piece, shape (row, gene)."""
    for column in table.select_dtypes(exclude="number"):
        cells = table[column]
        wrong = np.flatnonzero(
            pd.to_numeric(cells, errors="coerce").isna() & cells.notna()
        )
        shown = cells.iloc[wrong[0]] if len(wrong) else cells.iloc[0]
        msg = f"{name}: {shown!r} in column {column!r} is no number"
        raise ReadError(msg)
    values = table.to_numpy(dtype=np.float32)
    absent = np.argwhere(np.isnan(values))
    if len(absent):
        row, col = absent[0]
        msg = (
            f"{name} has {len(absent)} empty cells (first: row "
            f"{table.index[row] + 1:,}, column {table.columns[col]!r}). The file may "
            "be cut off; copy it again."
        )
        raise ReadError(msg)
    return values
