"""Lists of spots by name: which column holds the names, and which spots they are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from napari_stentrans.errors import InvalidRequestError
from napari_stentrans.io.assembly.spot_names import ListedNames
from napari_stentrans.io.files.text import (
    fields,
    first_lines,
    is_number,
    read_table,
    separator,
)
from napari_stentrans.io.regions.columns import (
    LABEL,
    as_known,
    is_barcode_title,
    is_title,
)
from napari_stentrans.section.lattice import IntArray

_LOOKED_AT = 100
"""Lines of a list that tell which of its columns holds the names."""


@dataclass(frozen=True, eq=False)
class SpotNames:
    """Names of the spots of a section, found in any of their spellings."""

    barcodes: pd.Index

    def find(self, names: Iterable[str]) -> IntArray:
        """Spot of each name, -1 where there is none, shape (name,).

        Names of another capture are none of these spots: nobody could be told.
        """
        found = self._listed.find(list(names))
        return found.place if found.captures is None else np.full_like(found.place, -1)

    def captures(self, names: Iterable[str]) -> tuple[str, str] | None:
        """Return how all names end, and all barcodes, if these are other captures."""
        return self._listed.find(list(names)).captures

    @cached_property
    def _listed(self) -> ListedNames:
        return ListedNames(self.barcodes)


@dataclass(frozen=True)
class _Layout:
    """Where a list has its names, whether it has a header, and how many it knows."""

    place: int
    has_header: bool
    n_known: int


def lists_spots(path: Path, barcodes: pd.Index) -> bool:
    """Whether a list names spots of a section."""
    return _layout(path, SpotNames(barcodes)).n_known > 0


def read_spot_list(
    path: Path, barcodes: pd.Index
) -> tuple[IntArray, pd.DataFrame, str, int]:
    """Read a list of spots, with or without a header.

    Returns
    -------
    ndarray of int, shape (line,)
        The spots.
    table : DataFrame
        All columns.
    column : str
        The one with the names.
    first_line : int
        Of the file, that holds a spot.

    Raises
    ------
    InvalidRequestError
        If it lists none, or some that the section does not have.
    """
    spot_names = SpotNames(barcodes)
    layout = _layout(path, spot_names)
    place = layout.place
    table = read_table(path, header=layout.has_header, names=place)
    if layout.has_header:
        titles = as_known(table.columns)
    else:
        titles = [f"Unnamed: {number}" for number in range(table.shape[1])]
        titles[place : place + 2] = ["barcode", LABEL][: len(titles) - place]
    table = table.set_axis(titles, axis=1)
    if not len(table):
        msg = f"{path.name} lists no spot"
        raise InvalidRequestError(msg)
    names = table.iloc[:, place]
    spots = spot_names.find(names)
    if (spots < 0).any():
        unknown = names[spots < 0].str.strip()
        msg = (
            f"{path.name}: {len(unknown)} of {len(names)} barcodes are not in the "
            f"section (first: {unknown.iloc[0]!r})."
            f"{_of_another_capture(spot_names.captures(names))} Give barcodes of this "
            "section, or columns array_row and array_col."
        )
        raise InvalidRequestError(msg)
    return spots, table, titles[place], 2 if layout.has_header else 1


def _of_another_capture(captures: tuple[str, str] | None) -> str:
    """Say why barcodes that differ by their endings alone are not taken."""
    if captures is None:
        return ""
    listed, own = captures
    return (
        f" All of the list end with {listed}, those of the section with {own}, as of "
        f"another capture area. Write {own} if they are of this one."
    )


def _layout(path: Path, names: SpotNames) -> _Layout:
    """Look at the first lines of a list.

    Names are in the first column, or further to the right in one that is called so or
    holds more than numbers: of these the one with the most names that are known.
    """
    lines = first_lines(path, _LOOKED_AT)
    rows = [fields(line, separator(lines[0])) for line in lines]
    width = max(map(len, rows), default=0)
    columns = [
        [row[place] for row in rows if place < len(row)] for place in range(width)
    ]
    choice: list[tuple[int, bool, int]] = []
    has_header = _is_header(rows[0], names) if rows else True
    for place, cells in enumerate(columns):
        titled = has_header and is_barcode_title(cells[0])
        body = cells[1:] if has_header else cells
        if place == 0 or titled or not all(map(is_number, body)):
            n_known = int((names.find(body) >= 0).sum())
            choice.append((n_known, titled, -place))
    n_known, _, place = max(choice, default=(0, False, 0))
    return _Layout(-place, has_header, n_known)


def _is_header(cells: list[str], names: SpotNames) -> bool:
    """Whether the first line of a list of spots names its columns."""
    told = [cell for cell in cells[1:] if not is_number(cell)]
    if any((names.find([cell]) >= 0).any() for cell in (cells[0], *told)):
        return False
    titled = len(cells) > 1 and not is_number(cells[1])
    return titled or (bool(cells[0]) and is_title(cells[0]))
