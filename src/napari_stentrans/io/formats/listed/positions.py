"""The coordinates or selection file that lies beside a legacy ST table.

Two kinds: array_row and array_col by spot name, or the selections of the ST spot
detector, in which x is the column and y the row of the array, a spot is called
``{x}x{y}``, pixel_x and pixel_y are pixels of the image, and ``selected`` tells what is
under tissue.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

import numpy as np
import pandas as pd

from napari_stentrans import keys
from napari_stentrans.errors import ReadError
from napari_stentrans.io.assembly.columns import MANY, ROW_COL, X_Y, columns_among
from napari_stentrans.io.assembly.counts import is_text
from napari_stentrans.io.assembly.spot_names import (
    Found,
    ListedNames,
    pair_key,
    share_of_spots,
    spot_key,
)
from napari_stentrans.io.files.damage import DAMAGE, attempt
from napari_stentrans.io.files.text import (
    GROUPED,
    fields,
    first_lines,
    is_number,
    read_table,
    separator,
)
from napari_stentrans.io.formats.listed.counts import TableStart
from napari_stentrans.io.formats.listed.names import identity
from napari_stentrans.io.formats.space_ranger.positions import read_positions_table
from napari_stentrans.section.lattice import FloatArray

_MARKS = ("selected", keys.IN_TISSUE)
_PIXELS = (("pixel_x", "pixel_y"), ("pxl_col_in_fullres", "pxl_row_in_fullres"))
_MAX_BESIDE = 200
_PROMISING = re.compile("coord|pos|loc|spatial|centroid|align|select", re.IGNORECASE)


@dataclass(frozen=True, eq=False)
class SpotPositions:
    """Positions by spot name.

    Attributes
    ----------
    path
        Where they come from.
    key : ndarray of str, shape (listed,)
        How each spot is called in the count table, as `spot_key` spells it.
    array_rc : ndarray, shape (listed, 2)
    pixel_xy : ndarray, shape (listed, 2), optional
        Pixels of the image they were picked on.
    on_array
        Whether ``array_rc`` are said to be rows and columns; else they are (y, x).
    selected : ndarray of bool, shape (listed,)
        Whether a spot is under tissue.
    table : DataFrame
        All columns, as they were.
    """

    path: Path
    key: np.ndarray[tuple[int], np.dtype[np.str_]]
    array_rc: FloatArray
    pixel_xy: FloatArray | None
    on_array: bool
    selected: np.ndarray[tuple[int], np.dtype[np.bool_]]
    table: pd.DataFrame

    def find(self, names: Iterable[str]) -> Found:
        """Find the row of each name.

        Raises
        ------
        ReadError
            If the list names a spot twice, or is of one of several captures.
        """
        key = pd.Index(self.key)
        if not key.is_unique:
            twice = key[key.duplicated()][0]
            msg = f"{self.path.name} lists spot {twice} more than once"
            raise ReadError(msg)
        found = self._names.find(list(map(str, names)))
        found.refuse_several(self.path.name)
        return found

    def share_of(self, names: Iterable[str]) -> float:
        """Share of names that are in the list."""
        place = self._names.find(list(map(str, names))).place
        return float((place >= 0).mean()) if len(place) else 0.0

    @cached_property
    def _names(self) -> ListedNames:
        return ListedNames(pd.unique(self.key))

    @property
    def has_places_alone(self) -> bool:
        """Whether it lists places on the array without names, pixels or tissue."""
        columns = [str(column).lower() for column in self.table.columns]
        nameless = any(columns[0] in pair for pair in ROW_COL)
        marked = not set(_MARKS).isdisjoint(columns)
        return nameless and self.on_array and self.pixel_xy is None and not marked


def is_positions_file(path: Path) -> bool:
    """Whether a text file is a table of positions, from its header."""
    lines = first_lines(path, 2)
    if not lines:
        return False
    mark = separator(lines[0])
    rows = [fields(line, mark) for line in lines]
    return _axes(rows[0]) is not None or (len(rows) == 2 and all(map(_is_place, rows)))


def positions_beside(path: Path) -> Path | None:
    """Find the positions file that belongs to a count table, in the same folder.

    One whose name tells the same section; else, where there is no other count table
    that it could belong to, the only one with a name that tells no section.
    """
    beside = [
        file
        for file in sorted(path.parent.iterdir())[:_MAX_BESIDE]
        if file != path and file.is_file() and _is_positions_file(file)
    ]
    same = [file for file in beside if identity(file) == identity(path)]
    if same:
        return _best_named(same)[0]
    nameless = _best_named([file for file in beside if not identity(file)])
    if len(nameless) != 1 or _has_other_tables(path, beside):
        return None
    return nameless[0]


def _best_named(files: list[Path]) -> list[Path]:
    """Those whose names promise positions; all, where none does."""
    return [file for file in files if _PROMISING.search(file.name)] or files


def read_spot_positions(path: Path, spot_names: Iterable[str]) -> SpotPositions:
    """Read a positions file, for a count table that has these spot names.

    Raises
    ------
    ReadError
        If positions are no numbers.
    """
    table = _table(path)
    table.columns = [str(column).strip() for column in table.columns]
    axes = _axes(list(table.columns))
    if axes is None:
        msg = f"{path.name} has no columns array_row and array_col, nor x and y"
        raise ReadError(msg)
    problems: list[str] = []
    array_rc = attempt(problems, path.name, lambda: _numbers(path, table, *axes))
    pixel_xy = None
    for x, y in _PIXELS:
        if {x, y} <= set(table.columns) - set(axes):
            pixel_xy = attempt(
                problems, path.name, partial(_numbers, path, table, x, y)
            )
            break
    if array_rc is None or problems:
        raise ReadError("\n".join(problems))
    selected = np.ones(len(table), dtype=bool)
    for mark in _MARKS:
        if mark in table:
            selected &= pd.to_numeric(table[mark], errors="coerce").to_numpy() == 1
    key = _keys(table, axes, array_rc, set(map(spot_key, spot_names)))
    on_array = columns_among(axes, ROW_COL) is not None
    return SpotPositions(path, key, array_rc, pixel_xy, on_array, selected, table)


def _table(path: Path) -> pd.DataFrame:
    """Read a list of positions: csv or parquet, with a header or in a known order."""
    if path.suffix == ".parquet" or "tissue_positions" in path.name:
        return read_positions_table(path).reset_index(names="barcode")
    first = first_lines(path, 1)
    columns = fields(first[0], separator(first[0])) if first else []
    if _is_place(columns):
        table = read_table(path, header=False, names=0)
        return table.set_axis(["barcode", "x", "y"], axis=1)
    numbers = {*(_axes(columns) or ()), *_MARKS}
    is_named = bool(columns) and columns[0] not in numbers
    return read_table(path, names=0 if is_named else None)


def _axes(columns: list[str]) -> tuple[str, str] | None:
    """(row, col) columns of a positions table, as they are spelled there."""
    on_array = columns_among(columns, ROW_COL)
    if on_array is not None:
        return on_array
    free = columns_among(columns, X_Y) if len(columns) < MANY else None
    return None if free is None else (free[1], free[0])


def _is_place(cells: list[str]) -> bool:
    """Whether a line is a name, x and y: lists by Curio and others have no header."""
    return len(cells) == 3 and list(map(is_number, cells)) == [False, True, True]


def _numbers(path: Path, table: pd.DataFrame, first: str, second: str) -> FloatArray:
    for name in (first, second):
        _check_commas(path, table[name])
    columns = [_as_numbers(table[name]) for name in (first, second)]
    found = np.column_stack([column.to_numpy(np.float64) for column in columns])
    bad = np.flatnonzero(~np.isfinite(found).all(axis=1))
    if len(bad):
        msg = (
            f"{path.name} has {len(bad)} rows without numbers in {first}, {second} "
            f"(first: line {bad[0] + 2})"
        )
        raise ReadError(msg)
    return found


def _check_commas(path: Path, cells: pd.Series) -> None:
    """Refuse commas that may stand before decimals or between thousands.

    Where columns are parted by ";", as by programs that write decimal commas, they do.
    """
    if not is_text(cells) or separator(first_lines(path, 1)[0]) == ";":
        return
    commas = cells[cells.astype(str).str.contains(",")].astype(str)
    if len(commas) and commas.str.fullmatch(GROUPED).all():
        msg = (
            f"{path.name}: the commas in {cells.name} (first: line "
            f"{commas.index[0] + 2}, {commas.iloc[0]}) may stand before decimals or "
            "between thousands. Write decimals behind points, and no other marks."
        )
        raise ReadError(msg)


def _as_numbers(cells: pd.Series) -> pd.Series:
    """Read numbers, also with a decimal comma; NaN is none."""
    if is_text(cells):
        cells = cells.astype(str).str.replace(",", ".")
    return pd.to_numeric(cells, errors="coerce")


def _keys(
    table: pd.DataFrame, axes: tuple[str, str], array_rc: FloatArray, known: set[str]
) -> np.ndarray[tuple[int], np.dtype[np.str_]]:
    """Name of each listed spot: of the ways to name it, the one best known."""
    row, col = array_rc.T
    ways: list[list[str]] = []
    named = table.columns[0]
    if named not in ("x", "y", "X", "Y", *axes):
        ways.append([spot_key(str(name)) for name in table[named]])
    if axes[0].lower() not in (name for names in ROW_COL for name in names):
        ways.append([pair_key(x, y) for y, x in zip(row, col, strict=True)])
        if {"new_x", "new_y"} <= set(table.columns):
            new = table[["new_x", "new_y"]].apply(pd.to_numeric, errors="coerce")
            ways.append([pair_key(x, y) for x, y in new.to_numpy(np.float64)])
    else:
        ways.append([pair_key(r, c) for r, c in zip(row, col, strict=True)])
    return np.array(max(ways, key=lambda way: len(known.intersection(way))), dtype=str)


def _is_positions_file(path: Path) -> bool:
    try:
        return is_positions_file(path)
    except DAMAGE:
        return False


def _has_other_tables(path: Path, positions: list[Path]) -> bool:
    for file in sorted(path.parent.iterdir())[:_MAX_BESIDE]:
        if file == path or file in positions or not file.is_file():
            continue
        lines = first_lines(file, 5)
        if len(lines) > 1:
            start = TableStart.of(lines)
            shares = map(share_of_spots, (start.column_names, start.row_names))
            if max(shares) > 0.5:
                return True
    return False
