"""MERSCOPE output: a table of counts and one of cells, with centres in µm."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Final

import pandas as pd

from napari_stentrans.errors import ReadError
from napari_stentrans.io.assembly.cells import (
    CellTable,
    cell_section,
    first_of,
    matched_rows,
    one_pair,
    positions_of,
    without_probes,
)
from napari_stentrans.io.files.text import read_table
from napari_stentrans.io.files.wide_table import header_of, read_wide
from napari_stentrans.io.formats.merscope.pictures import chosen_picture, own_picture
from napari_stentrans.io.options import ReadOptions
from napari_stentrans.io.pictures.laid import LaidPicture, with_own_picture
from napari_stentrans.section.section import Section

TITLE: Final = "MERSCOPE output"
TAKES: Final[frozenset[str]] = frozenset()

_COUNTS = "cell_by_gene"
_CELLS = "cell_metadata"
_CENTRE = ("center_x", "center_y")


def sniff(path: Path) -> bool:
    """Whether this is an output folder or one of its two tables."""
    return None not in _parts(path)


def read(path: Path, options: ReadOptions) -> Section:
    """Read the cells.

    Raises
    ------
    ReadError
        If the two tables do not fit each other.
    """
    counts_path, cells_path = _parts(path)
    if counts_path is None or cells_path is None:
        msg = f"{path.name} lacks {_COUNTS}.csv or {_CELLS}.csv"
        raise ReadError(msg)
    table = read_table(cells_path)
    ids = table["EntityID"] if "EntityID" in table else table.iloc[:, 0]
    table = table.set_axis(pd.Index(ids.astype(str), dtype=object), axis=0)
    wide = read_wide(counts_path, [header_of(counts_path)[0]])
    names = pd.Index(wide.keys.iloc[:, 0], dtype=object)
    place, notes = matched_rows(names, table, cells_path.name)
    wide, left_out = without_probes(
        wide, lambda name: name.lower().startswith("blank"), "blank probes"
    )
    cells = CellTable(
        counts=wide.counts,
        names=names,
        var=wide.var,
        xy=positions_of(table, _CENTRE, place, cells_path.name),
        obs=table.iloc[place].iloc[:, 1:],
        what="MERSCOPE cells",
        notes=notes + left_out,
    )
    section = cell_section(cells, path, options)
    return with_own_picture(section, partial(own_picture, cells_path.parent), options)


def laid_picture(source: Path, picture: Path) -> LaidPicture | None:
    """Where a picture that a person chose lies under the cells; None: unknown.

    Raises
    ------
    ReadError
        If the file that tells is damaged.
    """
    return chosen_picture(picture) if sniff(source) else None


def _parts(path: Path) -> tuple[Path | None, Path | None]:
    """Tables of counts and of cells of a folder, or of the one a table lies in."""
    is_part = path.is_file() and (_COUNTS in path.name or _CELLS in path.name)
    folder = path.parent if is_part else path
    if not folder.is_dir():
        return None, None
    counts = sorted(folder.glob(f"*{_COUNTS}*.csv*"))
    cells = [
        file
        for file in sorted(folder.glob(f"*{_CELLS}*.csv*"))
        if first_of(header_of(file), _CENTRE)
    ]
    return one_pair(counts, cells, (_COUNTS, _CELLS), path if is_part else None)
