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
    centres_of,
    matched_rows,
    without_probes,
)
from napari_stentrans.io.assembly.columns import columns_among
from napari_stentrans.io.assembly.features import is_control
from napari_stentrans.io.assembly.pairs import pair_at
from napari_stentrans.io.files.text import read_table
from napari_stentrans.io.files.wide_table import header_of, read_wide
from napari_stentrans.io.formats.merscope.pictures import chosen_picture, own_picture
from napari_stentrans.io.options import ReadOptions
from napari_stentrans.io.pictures.laid import LaidPicture, with_own_picture
from napari_stentrans.section.section import Section

TITLE: Final = "MERSCOPE output"
TAKES: Final[frozenset[str]] = frozenset()

_NAME = ("EntityID",)
_CENTRE = ("center_x", "center_y")
_COUNTS = ("cell_by_gene", ())
_CELLS = ("cell_metadata", _CENTRE)


def sniff(path: Path) -> bool:
    """Whether this is an output folder or one of its two tables."""
    return None not in pair_at(path, _COUNTS, _CELLS)


def read(path: Path, options: ReadOptions) -> Section:
    """Read the cells.

    Raises
    ------
    ReadError
        If the two tables do not fit each other.
    """
    counts_path, cells_path = pair_at(path, _COUNTS, _CELLS)
    if counts_path is None or cells_path is None:
        msg = f"{path.name} lacks cell_by_gene.csv or cell_metadata.csv"
        raise ReadError(msg)
    listed = header_of(cells_path)
    named = columns_among(listed, [_NAME])
    cell = listed.index(*named) if named else 0
    table = read_table(cells_path, names=cell)
    table = table.set_axis(pd.Index(table.iloc[:, cell], dtype=object), axis=0)
    wide = read_wide(counts_path, [header_of(counts_path)[0]])
    names = pd.Index(wide.keys.iloc[:, 0], dtype=object)
    place, notes = matched_rows(names, table, cells_path.name)
    wide, left_out = without_probes(wide, is_control, "blank probes")
    cells = CellTable(
        counts=wide.counts,
        names=names,
        var=wide.var,
        xy=centres_of(table, _CENTRE, place, cells_path.name),
        obs=table.iloc[place].drop(columns=table.columns[cell]),
        what="MERSCOPE cells",
        notes=notes + left_out,
        files=(counts_path, cells_path),
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
