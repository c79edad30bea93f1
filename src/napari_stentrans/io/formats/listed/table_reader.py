"""Legacy ST: a text table of counts, whose spots are named ROWxCOL or listed beside it.

Spots may be rows or columns; a coordinates or selection file and an image may lie
beside the table (see `listed.positions`).
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
from scipy import sparse

from napari_stentrans.errors import ReadError
from napari_stentrans.io.assembly.counts import normalised_notes
from napari_stentrans.io.assembly.spot_names import pairs, share_of_spots
from napari_stentrans.io.files.damage import attempt
from napari_stentrans.io.files.text import first_lines
from napari_stentrans.io.formats.listed.counts import TableStart, read_count_table
from napari_stentrans.io.formats.listed.pictures import add_picture
from napari_stentrans.io.formats.listed.positions import (
    is_positions_file,
    positions_beside,
    read_spot_positions,
)
from napari_stentrans.io.formats.listed.spots import Placed, from_list, placed_section
from napari_stentrans.io.options import ReadOptions
from napari_stentrans.section.lattice import LatticeKind
from napari_stentrans.section.section import Section

TITLE: Final = "a table of counts"
TAKES: Final = frozenset({"positions"})

_KNOWN_SHARE = 0.5
"""Share of names on an axis that must be spots for it to be the axis of spots."""


def sniff(path: Path, positions: Path | None = None) -> bool:
    """Whether this is a count table whose spots have positions."""
    if not path.is_file() or is_positions_file(path):
        return False
    lines = first_lines(path, 20)
    if len(lines) < 2:
        return False
    start = TableStart.of(lines)
    columns, rows = start.column_names, start.row_names
    if max(share_of_spots(columns), share_of_spots(rows)) > _KNOWN_SHARE:
        return True
    beside = positions or positions_beside(path)
    if beside is None or len(columns) < 2:
        return False
    try:
        listed = read_spot_positions(beside, [*columns, *rows])
    except ReadError:  # a table of counts all the same: reading it tells what is wrong
        return True
    return max(map(listed.share_of, (columns, rows))) > _KNOWN_SHARE


def read(path: Path, options: ReadOptions) -> Section:
    """Read a count table with whatever belongs to it.

    Raises
    ------
    ReadError, InvalidSectionError
        Naming every problem found.
    """
    problems: list[str] = []
    beside = options.positions or positions_beside(path)
    table = attempt(problems, path.name, lambda: read_count_table(path))
    positions = None
    if beside is not None:
        names = [] if table is None else [*table.row_names, *table.column_names]
        positions = attempt(
            problems, beside.name, lambda: read_spot_positions(beside, names)
        )
    if table is None or problems:
        raise ReadError("\n".join(problems))

    in_rows, in_columns = (
        max(share_of_spots(names), positions.share_of(names) if positions else 0.0)
        for names in (table.row_names, table.column_names)
    )
    counts, spots, genes = table.values, table.row_names, table.column_names
    if in_columns > in_rows:
        counts, spots, genes = sparse.csr_matrix(counts.T), genes, spots
    if max(in_rows, in_columns) <= _KNOWN_SHARE:
        msg = f"neither the rows nor the columns of {path.name} are named after spots"
        raise ReadError(msg)
    notes = normalised_notes(table.values, allowed=options.allow_normalised)
    placed, named_by_place = _from_names(spots), share_of_spots(spots) > _KNOWN_SHARE
    unasked = named_by_place and options.positions is None
    if positions is not None and unasked and positions.has_places_alone:
        # such as those for --at, or regions: they are no choice of spots
        told = "tells no more than the names of the spots and is not used."
        notes.append(f"{positions.path.name} {told}")
    elif positions is not None and positions.share_of(spots):
        placed = from_list(spots, positions)
        notes.append(f"Positions were taken from {positions.path.name}.")
        placed.notes += add_picture(path, placed)
    elif positions is not None:
        notes.append(f"{positions.path.name} names none of the spots and is not used.")
    if beside is not None:
        placed.files.append(beside)
    if named_by_place:
        placed.checkerboard = LatticeKind.QUINCUNX
    var = pd.DataFrame(index=pd.Index(genes, dtype=object))
    return placed_section(path, (counts, var), placed, notes, options)


def _from_names(spots: list[str]) -> Placed:
    """Positions from names ROWxCOL, rounded to the array where that is unambiguous."""
    named_rc = pairs(spots)
    rows = np.flatnonzero(np.isfinite(named_rc).all(axis=1))
    array_rc = named_rc[rows]
    notes = []
    if len(rows) < len(spots):
        notes.append(
            f"{len(spots) - len(rows)} spots whose name is no position left out."
        )
    rounded = np.rint(array_rc)
    if not np.array_equal(rounded, array_rc):
        if len(np.unique(rounded, axis=0)) == len(rounded):
            array_rc = rounded
            notes.append("Fractional spot names were rounded to whole array positions.")
        else:
            notes.append("Fractional spot names are taken as free positions.")
    obs = pd.DataFrame(index=pd.Index([spots[row] for row in rows], dtype=object))
    return Placed(rows, obs, array_rc, notes=notes)
