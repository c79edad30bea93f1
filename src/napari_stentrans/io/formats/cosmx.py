"""CosMx flat files: a table of counts and one of cells, by field of view and number."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from napari_stentrans.errors import ReadError
from napari_stentrans.io.assembly.cells import (
    CellTable,
    cell_section,
    centres_of,
    matched_rows,
    without_probes,
)
from napari_stentrans.io.assembly.columns import columns_among
from napari_stentrans.io.assembly.features import is_control
from napari_stentrans.io.assembly.pairs import pair_at
from napari_stentrans.io.files.text import read_table
from napari_stentrans.io.files.wide_table import WideTable, header_of, read_wide
from napari_stentrans.io.options import ReadOptions
from napari_stentrans.section.lattice import FloatArray
from napari_stentrans.section.section import Section

TITLE: Final = "CosMx flat files"
TAKES: Final[frozenset[str]] = frozenset()

_KEYS = ("fov", "cell_ID")
_CENTRE = ("CenterX_global_px", "CenterY_global_px")
_COUNTS = ("exprMat", _KEYS)
_CELLS = ("metadata", (*_KEYS, *_CENTRE))
_PIXEL_UM = 0.12028
"""Side of a pixel of the instrument."""


def sniff(path: Path) -> bool:
    """Whether this is a folder of flat files or one of its two tables."""
    return None not in pair_at(path, _COUNTS, _CELLS)


def read(path: Path, options: ReadOptions) -> Section:
    """Read the cells; positions become µm.

    Raises
    ------
    ReadError
        If the two tables do not fit each other.
    """
    counts_path, cells_path = pair_at(path, _COUNTS, _CELLS)
    if counts_path is None or cells_path is None:
        msg = f"{path.name} lacks *_exprMat_file.csv or *_metadata_file.csv"
        raise ReadError(msg)
    table = read_table(cells_path)
    keys = columns_among(table.columns, [_KEYS]) or _KEYS
    table = table.set_axis(_names(table[list(keys)]), axis=0)
    wide = _read_counts(counts_path)
    real = np.flatnonzero(_numbers(wide.keys, 1) != 0)
    names = _names(wide.keys)[real]
    place, notes = matched_rows(names, table, cells_path.name)
    notes.append(f"Pixels of {_PIXEL_UM} µm were taken for the positions.")
    if len(real) < len(wide.keys):
        notes.append("Counts outside cells (cell_ID 0) left out.")
    wide, left_out = without_probes(wide, is_control, "control probes")
    xy = centres_of(table, _CENTRE, place, cells_path.name) * _PIXEL_UM
    xy, turned = _upright(xy)
    cells = CellTable(
        counts=wide.counts[real],
        names=names,
        var=wide.var,
        xy=xy,
        obs=table.iloc[place],
        what="CosMx cells",
        notes=[*notes, turned, *left_out],
        files=(counts_path, cells_path),
    )
    return cell_section(cells, path, options)


def _upright(xy: FloatArray) -> tuple[FloatArray, str]:
    """Count y downwards, as pictures do, between the same two ends; and a note.

    NanoString says of its exports that the origin of global pixels is bottom left:
    taken as they are, sections are seen in a mirror.
    """
    ends = float(np.nanmin(xy[:, 1]) + np.nanmax(xy[:, 1]))
    note = (
        "CosMx counts y upwards from the bottom left: so that the section is not seen "
        f"in a mirror, y is {ends:.6g} µm minus that of {_CENTRE[1]}."
    )
    return np.column_stack([xy[:, 0], ends - xy[:, 1]]), note


def _read_counts(path: Path) -> WideTable:
    """Read the counts; newer exports name each cell in a third column as well."""
    columns = header_of(path)
    keys = columns_among(columns, [_KEYS]) or _KEYS
    wide = read_wide(path, [*keys, *(name for name in columns if name == "cell")])
    return replace(wide, keys=wide.keys.drop(columns="cell", errors="ignore"))


def _numbers(keys: pd.DataFrame, column: int) -> np.ndarray:
    found: np.ndarray = pd.to_numeric(keys.iloc[:, column], errors="coerce").to_numpy()
    return found


def _names(keys: pd.DataFrame) -> pd.Index:
    """Name of each cell: field of view and number."""
    fov, number = (_whole(keys.iloc[:, at]) for at in (0, 1))
    return pd.Index(fov + "_" + number, dtype=object, name=None)


def _whole(column: pd.Series) -> pd.Series:
    """Return whole numbers written in one way: 7, 007 and 7.0 are one cell."""
    numbers = pd.to_numeric(column, errors="coerce")
    if numbers.notna().all() and (numbers % 1 == 0).all():
        return numbers.astype(np.int64).astype(str)
    return column.astype(str)
