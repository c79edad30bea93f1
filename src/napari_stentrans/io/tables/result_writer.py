"""A result as a text table: a row a position, a column a gene; its sd beside it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from numpy.typing import NDArray

from napari_stentrans.errors import InvalidRequestError
from napari_stentrans.io.files.text import check_names
from napari_stentrans.io.tables.beside import (
    Beside,
    mark_of,
    part_of,
    replacing_both,
    to_write,
    write_beside,
)
from napari_stentrans.io.tables.columns import column_of
from napari_stentrans.progress import Progress, Steps

_ROWS = 500
"""Written between two signs of life."""
_DIGITS = "%.9g"
"""All that a value of 32 bits has."""
_MOST_VALUES = 400_000_000


@dataclass(frozen=True, eq=False)
class ResultTable:
    """What of a result goes into a table.

    Attributes
    ----------
    positions : DataFrame, one row a position
        The first columns; the index is the very first.
    mean : mapping of ndarray, shape (position,)
        Expected counts, a column a gene, named by `io.tables.columns.column_of`.
    sd : mapping of ndarray, shape (position,)
        Standard deviations of the same genes; empty, if they are not wanted.
    """

    positions: pd.DataFrame
    mean: Mapping[str, NDArray[Any]]
    sd: Mapping[str, NDArray[Any]]


def table_steps(
    path: Path, table: ResultTable, beside: Beside, inputs: Iterable[str] = ()
) -> Steps[Path]:
    """Write a table, and what belongs to it into the folder beside it.

    Parameters
    ----------
    path
        ``.csv`` or ``.tsv``, with ``.gz`` to compress. What is there already is
        replaced, once all is complete.
    table, beside
        What to write.
    inputs
        What was read, which is never written to.

    Raises
    ------
    InvalidRequestError
        If there is too much to write, or no place for it.
    """
    check_names([*table.positions.index, *table.mean], path)
    with replacing_both(path, inputs) as (unfinished, folder):
        yield from _rows_steps(unfinished, path, table.positions, table.mean)
        if table.sd:
            names = table.positions[[]]
            yield from _rows_steps(part_of(path, folder, "sd"), path, names, table.sd)
        write_beside(path, unfinished, folder, beside)
    return path


def _rows_steps(
    to: Path, like: Path, positions: pd.DataFrame, genes: Mapping[str, NDArray[Any]]
) -> Steps[None]:
    """Write rows of positions and genes, as the name of ``like`` says."""
    places = positions.select_dtypes("float").map(repr)  # to their last digit
    positions = positions.assign(**{str(name): places[name] for name in places})
    columns = {column_of(name): values for name, values in genes.items()}
    with to_write(to, like) as file:
        for start in range(0, max(len(positions), 1), _ROWS):
            rows = slice(start, start + _ROWS)
            block = pd.DataFrame(
                {name: values[rows] for name, values in columns.items()},
                index=positions.index[rows],
            )
            both = pd.concat([positions.iloc[rows], block], axis=1)
            both.to_csv(
                file, sep=mark_of(like), header=start == 0, float_format=_DIGITS
            )
            yield Progress(
                "Writing rows", min(start + _ROWS, len(positions)), len(positions)
            )


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
