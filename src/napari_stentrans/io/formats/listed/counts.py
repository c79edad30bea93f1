"""Count tables as text, of any size, read line by line into a sparse matrix."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from napari_stentrans.errors import ReadError
from napari_stentrans.io.files.limits import Budget
from napari_stentrans.io.files.text import (
    MISSING,
    fields,
    first_lines,
    is_number,
    lines_of,
    opened,
    separator,
)

_SHOWN = 3
_MOST_RAGGED = 10_000
_MOST_COMMENTS = 10
_ROW_BYTES = 400.0
_VALUE_BYTES = 24.0
"""What a row and a value of it take: once here, twice while they are put together."""
_CORNERS = ("", "barcode", "cell", "gene", "geneid", "id", "name", "spot", "symbol")
"""What the cell above the row names says, besides plurals."""


@dataclass(frozen=True, eq=False)
class CountTable:
    """A table of numbers with names on both sides.

    Attributes
    ----------
    values : csr_matrix of float32, shape (row, column)
    row_names, column_names
    """

    values: sparse.csr_matrix
    row_names: list[str]
    column_names: list[str]


@dataclass(frozen=True)
class TableStart:
    """What the first lines of a table show.

    A header may leave out the cell above the row names, as R does. Either a header or
    rows, or both, may end with a separator behind which there is nothing
    (``rows_end_empty``).
    """

    mark: str
    column_names: list[str]
    row_names: list[str]
    rows_end_empty: bool = False

    @classmethod
    def of(cls, lines: list[str]) -> TableStart:
        """Read the header and the row names of the first lines."""
        lines = lines[n_comments(lines) :]
        mark = separator(lines[0])
        columns = fields(lines[0], mark)
        rows = [fields(line, mark) for line in lines[1:]]
        width = len(rows[0]) if rows else len(columns)
        one_more = width == len(columns) + 1 and not _lacks_corner(columns)
        may_end = one_more or not columns[-1]
        end_empty = may_end and width > 1 and not any(row[-1] for row in rows)
        width -= end_empty
        if not columns[-1] and (len(columns) > width or _lacks_corner(columns)):
            columns = columns[:-1]
        if len(columns) != width - 1:
            columns = columns[1:]
        return cls(mark, columns, [row[0] for row in rows], end_empty)


def _lacks_corner(columns: list[str]) -> bool:
    """Whether the first cell of a header is the name of a column already."""
    return columns[0].lower().rstrip("s") not in _CORNERS


def n_comments(lines: list[str]) -> int:
    """Lines before the header: Drop-seq tools say there what they did, behind #."""
    count = 0
    for line, after in pairwise(lines[: _MOST_COMMENTS + 1]):
        mark = separator(after)
        if not line.startswith("#") or line.count(mark) >= after.count(mark) - 1:
            break
        count += 1
    return count


def read_count_table(path: Path) -> CountTable:
    """Read a table of counts.

    Raises
    ------
    ReadError
        Naming every kind of problem, and where it first occurs.
    """
    lines = first_lines(path, _MOST_COMMENTS + 2)
    skipped = n_comments(lines)
    if len(lines) < skipped + 2:
        msg = f"{path.name} has no rows under its header"
        raise ReadError(msg)
    start = TableStart.of(lines)
    with opened(path) as file:
        rest = enumerate(lines_of(file, path.name), start=1)
        for _ in range(skipped + 1):  # what precedes the header, and the header
            next(line for _, line in rest if line.strip())
        table = _read_lines(rest, start, Budget(path.name))
    if n_nameless := start.column_names.count(""):
        table.problems.append(f"{n_nameless} columns have no name in the header.")
    if n_nameless := table.names.count(""):
        table.problems.append(f"{n_nameless} lines have no name in their first cell.")
    if table.problems:
        raise ReadError("\n".join(f"{path.name}: {what}" for what in table.problems))
    values = sparse.csr_matrix(
        (
            np.concatenate([np.empty(0, np.float32), *table.values]),
            np.concatenate([np.empty(0, np.int32), *table.columns]),
            np.cumsum([0, *map(len, table.values)]),
        ),
        shape=(len(table.names), len(start.column_names)),
    )
    return CountTable(values, table.names, start.column_names)


@dataclass(frozen=True, eq=False)
class _Rows:
    names: list[str]
    columns: list[NDArray[np.int32]]
    values: list[NDArray[np.float32]]
    problems: list[str]


def _read_lines(
    lines: Iterable[tuple[int, str]], start: TableStart, budget: Budget
) -> _Rows:
    mark, column_names = start.mark, start.column_names
    rows = _Rows([], [], [], [])
    ragged: list[str] = []
    absent: list[str] = []
    strange: list[str] = []
    for number, line in lines:
        if not line.strip():
            continue
        name, *cells = fields(line.rstrip("\r\n"), mark)
        if start.rows_end_empty and cells and not cells[-1]:
            del cells[-1]
        if len(cells) != len(column_names):
            ragged.append(f"line {number} has {len(cells) + 1}")
            if len(ragged) > _MOST_RAGGED:
                break
            continue
        counted = [column for column, cell in enumerate(cells) if cell != "0"]
        try:
            values = np.array([cells[column] for column in counted], dtype=np.float32)
        except ValueError:
            for column in counted:
                place = f"in line {number}, column {column_names[column]!r}"
                if cells[column] in MISSING:
                    absent.append(place)
                elif not is_number(cells[column]):
                    strange.append(f"{cells[column]!r} {place}")
            continue
        budget.take(_ROW_BYTES + _VALUE_BYTES * len(counted))
        rows.names.append(name)
        rows.columns.append(np.array(counted, dtype=np.int32))
        rows.values.append(values)
    if ragged:
        rows.problems.append(
            f"{len(ragged)} lines do not fit the {len(column_names) + 1} cells of the "
            f"header ({_some(ragged)}). The file may be cut off; copy it again."
        )
    if absent:
        rows.problems.append(f"{len(absent)} cells are empty ({_some(absent)}).")
    if strange:
        rows.problems.append(f"{len(strange)} cells are no numbers ({_some(strange)}).")
    return rows


def _some(places: list[str]) -> str:
    return "; ".join(places[:_SHOWN]) + ("; ..." if len(places) > _SHOWN else "")
