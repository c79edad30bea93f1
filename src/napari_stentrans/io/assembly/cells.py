"""Cells or beads at free positions, made into a section. Knows no file format."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import sparse

from napari_stentrans.errors import ReadError
from napari_stentrans.io.assembly.columns import columns_among
from napari_stentrans.io.assembly.counts import (
    as_counts,
    normalised_notes,
    plain,
    unique_names,
)
from napari_stentrans.io.assembly.together import section_of_parts
from napari_stentrans.io.files.wide_table import WideTable
from napari_stentrans.io.options import ReadOptions
from napari_stentrans.section.lattice import FloatArray
from napari_stentrans.section.section import Section


@dataclass(frozen=True, eq=False)
class CellTable:
    """Counts of cells with their positions.

    Attributes
    ----------
    counts : sparse matrix, shape (cell, gene)
    names
        Of the cells.
    var
        Indexed by gene names, which may repeat.
    xy : ndarray, shape (cell, 2)
        Centres; NaN where a cell has none.
    obs
        More about each cell; may be empty.
    unit
        What positions are measured in.
    what
        What was recognised, such as "Xenium cells".
    notes
        What a person should know.
    files
        What it was read from.
    """

    counts: sparse.csr_matrix
    names: pd.Index
    var: pd.DataFrame
    xy: FloatArray
    obs: pd.DataFrame
    unit: str = "µm"
    what: str = "cells"
    notes: list[str] = field(default_factory=list)
    files: tuple[Path, ...] = ()


def without_probes(
    table: WideTable, is_probe: Callable[[str], object], what: str
) -> tuple[WideTable, list[str]]:
    """Leave out what an instrument measures besides genes; also say how many.

    Parameters
    ----------
    table
        Counts of all that was measured.
    is_probe
        Whether something of this name is no gene.
    what
        What such probes are called.
    """
    genes = np.array([not is_probe(name) for name in table.genes])
    kept = np.flatnonzero(genes)
    fewer = replace(
        table, counts=table.counts[:, kept], genes=[table.genes[at] for at in kept]
    )
    left_out = [] if genes.all() else [f"{(~genes).sum()} {what} left out."]
    return fewer, left_out


def cell_section(cells: CellTable, path: Path, options: ReadOptions) -> Section:
    """Make a section of cells at their true places.

    Raises
    ------
    ReadError, InvalidSectionError
        If no cell has counts and a position, or names repeat.
    """
    placed = np.flatnonzero(np.isfinite(cells.xy).all(axis=1))
    if not len(placed):
        msg = f"none of the {len(cells.names)} cells of {path.name} has a position"
        raise ReadError(msg)
    notes = [f"Read as {cells.what}, at their positions in {cells.unit}.", *cells.notes]
    if len(placed) < len(cells.names):
        n_without = len(cells.names) - len(placed)
        notes.append(f"{n_without} cells without a position left out.")
    names, repeated = unique_names(cells.var.index)
    counts = as_counts(cells.counts)[placed]
    notes += normalised_notes(counts, allowed=options.allow_normalised)
    xy = cells.xy[placed]
    found = options.place_free(xy)
    obs = plain(cells.obs.iloc[placed]) if len(cells.obs) else pd.DataFrame()
    obs.index = pd.Index(cells.names[placed].astype(str), dtype=object)
    return section_of_parts(
        name=options.name_for(path),
        counts=counts,
        obs=obs,
        var=cells.var.set_axis(names, axis=0),
        array_rc=found.array_rc,
        lattice=found.lattice,
        pixel_xy=xy,
        source=str(path),
        files=tuple(map(str, cells.files)),
        notes=tuple(notes + repeated),
    )


def matched_rows(
    wanted: pd.Index, table: pd.DataFrame, table_name: str
) -> tuple[np.ndarray[tuple[int], np.dtype[np.int64]], list[str]]:
    """Row of ``table`` of each wanted name (-1: none), and notes on what is not there.

    Raises
    ------
    ReadError
        If nothing is listed, a name is listed twice, or no wanted name is listed.
    """
    if not len(table):
        msg = f"{table_name} lists no cell, so there is nothing to show"
        raise ReadError(msg)
    if not table.index.is_unique:
        twice = table.index[table.index.duplicated()]
        msg = f"{table_name} lists {len(twice)} cells more than once ({twice[0]!r})"
        raise ReadError(msg)
    place = table.index.get_indexer(wanted)
    if not (place >= 0).any():
        msg = (
            f"none of the {len(wanted)} cells with counts (first: "
            f"{wanted[:1].tolist()}) is in {table_name} (first: "
            f"{table.index[:1].tolist()}): they belong to different sections"
        )
        raise ReadError(msg)
    notes = []
    if unused := len(table) - len(np.unique(place[place >= 0])):
        notes.append(f"{unused} cells of {table_name} have no counts.")
    return place.astype(np.int64), notes


def centres_of(
    table: pd.DataFrame, columns: tuple[str, str], place: np.ndarray, name: str
) -> FloatArray:
    """Positions (x, y) of the matched rows, NaN where there is none.

    Columns may be spelled in capital or small letters.

    Raises
    ------
    ReadError
        If a listed position is no number.
    """
    columns = columns_among(table.columns, [columns]) or columns
    numbers = [pd.to_numeric(table[key], errors="coerce") for key in columns]
    listed = np.column_stack([column.to_numpy(np.float64) for column in numbers])
    bad = np.flatnonzero(~np.isfinite(listed).all(axis=1))
    if len(bad):
        msg = (
            f"{name} has {len(bad)} rows without numbers in {', '.join(columns)} "
            f"(first: {table.index[bad[0]]!r})"
        )
        raise ReadError(msg)
    xy: FloatArray = np.where((place >= 0)[:, None], listed[place], np.nan)
    return xy
