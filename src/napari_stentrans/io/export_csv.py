"""Positions and genes as one text table: a row a position, a column a gene."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TextIO

import pandas as pd
from numpy.typing import NDArray

from napari_stentrans.errors import InvalidRequestError
from napari_stentrans.io.replacing import check_writable, replacing
from napari_stentrans.progress import Progress, Steps

_ROWS = 500
"""Written between two signs of life."""
_DIGITS = "%.9g"
"""All that a value of 32 bits has."""
_MOST_VALUES = 400_000_000


def table_steps(
    path: Path, positions: pd.DataFrame, genes: Mapping[str, NDArray[Any]]
) -> Steps[Path]:
    """Write a table.

    Parameters
    ----------
    path
        ``.csv`` or ``.tsv``, with ``.gz`` to compress. An existing file is replaced,
        once the new one is complete.
    positions : DataFrame, one row a position
        The first columns; the index is the very first.
    genes : mapping of ndarray, shape (position,)
        A column each. Where one is called as a column of positions is, ``_gene`` is
        put behind its name.

    Raises
    ------
    InvalidRequestError
        If there is too much to write, or no place for it.
    """
    check_writable(path)
    check_size(len(positions), len(genes))
    separator = "\t" if ".tsv" in "".join(path.suffixes[-2:]).lower() else ","
    taken = {*positions.columns, positions.index.name}
    columns = {
        f"{name}_gene" if name in taken else name: values
        for name, values in genes.items()
    }
    with replacing(path) as unfinished, _opened(unfinished, path) as file:
        for start in range(0, max(len(positions), 1), _ROWS):
            rows = slice(start, start + _ROWS)
            block = pd.DataFrame(
                {name: values[rows] for name, values in columns.items()},
                index=positions.index[rows],
            )
            both = pd.concat([positions.iloc[rows], block], axis=1)
            both.to_csv(file, sep=separator, header=start == 0, float_format=_DIGITS)
            yield Progress(
                "Writing rows", min(start + _ROWS, len(both)), len(positions)
            )
    return path


def check_size(n_positions: int, n_columns: int) -> None:
    """Refuse what would fill the memory.

    Raises
    ------
    InvalidRequestError
        Saying what to write instead.
    """
    if n_positions * n_columns > _MOST_VALUES:
        msg = (
            f"{n_positions:,} positions of {n_columns:,} columns are too many for a "
            "text table; choose fewer genes, or save an h5ad"
        )
        raise InvalidRequestError(msg)


def _opened(unfinished: Path, path: Path) -> TextIO:
    if path.suffix.lower() == ".gz":
        return gzip.open(unfinished, "wt", encoding="utf-8", newline="")
    return unfinished.open("w", encoding="utf-8", newline="")
