"""The coordinates or selection file that lies beside a legacy ST table.

Two kinds: array_row and array_col by spot name, or the selections of the ST spot
detector, in which x is the column and y the row of the array, a spot is called
``{x}x{y}``, pixel_x and pixel_y are pixels of the image, and ``selected`` tells what is
under tissue.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from napari_stentrans import keys
from napari_stentrans.errors import ReadError
from napari_stentrans.io.damage import DAMAGE, attempt
from napari_stentrans.io.st_names import identity, pair_key, share_of_spots, spot_key
from napari_stentrans.io.st_table import TableStart
from napari_stentrans.io.text import fields, first_lines, read_table, separator
from napari_stentrans.section.lattice import FloatArray

_ROW_COL = ((keys.ARRAY_ROW, keys.ARRAY_COL), ("row", "col"))
_X_Y = (("x", "y"), ("xcoord", "ycoord"))
_MAX_BESIDE = 200


@dataclass(frozen=True, eq=False)
class SpotPositions:
    """Positions by spot name.

    Attributes
    ----------
    path
        Where they come from.
    key : ndarray of str, shape (listed,)
        How each spot is called in the count table, as `st_names.spot_key` spells it.
    array_rc : ndarray, shape (listed, 2)
    pixel_xy : ndarray, shape (listed, 2), optional
        Pixels of the image they were picked on.
    selected : ndarray of bool, shape (listed,)
        Whether a spot is under tissue.
    table : DataFrame
        All columns, as they were.
    """

    path: Path
    key: np.ndarray[tuple[int], np.dtype[np.str_]]
    array_rc: FloatArray
    pixel_xy: FloatArray | None
    selected: np.ndarray[tuple[int], np.dtype[np.bool_]]
    table: pd.DataFrame


def is_positions_file(path: Path) -> bool:
    """Whether a text file is a table of positions, from its header."""
    lines = first_lines(path, 1)
    return bool(lines) and _axes(fields(lines[0], separator(lines[0]))) is not None


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
        return same[0]
    nameless = [file for file in beside if not identity(file)]
    if len(nameless) != 1 or _has_other_tables(path, beside):
        return None
    return nameless[0]


def read_spot_positions(path: Path, spot_names: Iterable[str]) -> SpotPositions:
    """Read a positions file, for a count table that has these spot names.

    Raises
    ------
    ReadError
        If positions are no numbers.
    """
    table = read_table(path)
    table.columns = [str(column).strip() for column in table.columns]
    axes = _axes(list(table.columns))
    if axes is None:
        msg = f"{path.name} has no columns array_row and array_col, nor x and y"
        raise ReadError(msg)
    problems: list[str] = []
    array_rc = attempt(problems, path.name, lambda: _numbers(path, table, *axes))
    pixel_xy = None
    if {"pixel_x", "pixel_y"} <= set(table.columns):
        pixel_xy = attempt(
            problems, path.name, lambda: _numbers(path, table, "pixel_x", "pixel_y")
        )
    if array_rc is None or problems:
        raise ReadError("\n".join(problems))
    selected = np.ones(len(table), dtype=bool)
    if "selected" in table:
        selected = pd.to_numeric(table["selected"], errors="coerce").to_numpy() == 1
    key = _keys(table, axes, array_rc, set(map(spot_key, spot_names)))
    return SpotPositions(path, key, array_rc, pixel_xy, selected, table)


def _axes(columns: list[str]) -> tuple[str, str] | None:
    """(row, col) columns of a positions table."""
    for row, col in _ROW_COL:
        if row in columns and col in columns:
            return row, col
    for x, y in _X_Y:
        if x in columns and y in columns and len(columns) < 50:
            return y, x
    return None


def _numbers(path: Path, table: pd.DataFrame, first: str, second: str) -> FloatArray:
    columns = [pd.to_numeric(table[name], errors="coerce") for name in (first, second)]
    found = np.column_stack([column.to_numpy(np.float64) for column in columns])
    bad = np.flatnonzero(~np.isfinite(found).all(axis=1))
    if len(bad):
        msg = (
            f"{path.name} has {len(bad)} rows without numbers in {first}, {second} "
            f"(first: line {bad[0] + 2})"
        )
        raise ReadError(msg)
    return found


def _keys(
    table: pd.DataFrame, axes: tuple[str, str], array_rc: FloatArray, known: set[str]
) -> np.ndarray[tuple[int], np.dtype[np.str_]]:
    """Name of each listed spot: of the ways to name it, the one best known."""
    row, col = array_rc.T
    ways: list[list[str]] = []
    named = table.columns[0]
    if named not in ("x", "y", *axes):
        ways.append([spot_key(str(name)) for name in table[named]])
    if axes[0] in ("y", "ycoord"):
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
