"""One text table with everything: names, array coordinates, perhaps pixels, then genes.

What `io.export_csv` writes, and what people make by hand: its second and third column
are array_row and array_col.
"""

from __future__ import annotations

import csv
from array import array
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
from scipy import sparse

from napari_stentrans import keys
from napari_stentrans.errors import ReadError
from napari_stentrans.io.matrix import as_counts, normalised_notes, unique_names
from napari_stentrans.io.options import ReadOptions
from napari_stentrans.io.text import fields, first_lines, is_number, opened, separator
from napari_stentrans.section.section import Section

TITLE: Final = "a table of spots with coordinates and genes"
TAKES: Final[frozenset[str]] = frozenset()

_PLACES = (keys.ARRAY_ROW, keys.ARRAY_COL)
NO_GENES = (*_PLACES, "x", "y", keys.ORIGIN, keys.BARCODE, keys.IN_TISSUE)
"""Columns that may stand between the names and the genes; a gene that is called so
has ``_gene`` behind its name."""
_FEWEST_GENES = 2


def sniff(path: Path) -> bool:
    """Whether this is such a table."""
    lines = first_lines(path, 2)
    if len(lines) < 2:
        return False
    mark = separator(lines[0])
    header, row = fields(lines[0], mark), fields(lines[1], mark)
    if tuple(header[1:3]) != _PLACES or len(row) != len(header):
        return False
    first = _first_gene(header)
    return len(header) - first >= _FEWEST_GENES and all(map(is_number, row[first:]))


def read(path: Path, options: ReadOptions) -> Section:
    """Read a table, spot by spot.

    Raises
    ------
    ReadError, InvalidSectionError
        Naming every problem found.
    """
    mark = separator(first_lines(path, 1)[0])
    with opened(path) as file:
        rows = csv.reader(file, delimiter=mark)
        header = next(rows)
        heads, counts = _spots(path, rows, header)
    first = _first_gene(header)
    numbers = {
        name: np.array([_number(head[at]) for head in heads], dtype=np.float64)
        for at, name in enumerate(header[:first])
        if name in (*_PLACES, "x", "y")
    }
    array_rc = np.column_stack([numbers[name] for name in _PLACES])
    pixel_xy = (
        np.column_stack([numbers["x"], numbers["y"]])
        if {"x", "y"} <= numbers.keys()
        else None
    )
    genes = [_plain_name(name) for name in header[first:]]
    names, notes = unique_names(pd.Index(genes, dtype=object))
    notes += normalised_notes(counts, allowed=options.allow_normalised)
    placed = options.place(array_rc, pixel_xy)
    return Section(
        name=options.name_for(path),
        counts=counts,
        obs=pd.DataFrame(index=pd.Index([head[0] for head in heads], dtype=object)),
        var=pd.DataFrame(index=names),
        array_rc=placed.array_rc,
        lattice=placed.lattice,
        pixel_xy=pixel_xy,
        source=str(path),
        notes=tuple(notes),
    )


def _spots(
    path: Path, rows: Iterable[list[str]], header: list[str]
) -> tuple[list[list[str]], sparse.csr_matrix]:
    """Cells in front of the genes, and the counts: most are zero and pass unread."""
    first, heads = _first_gene(header), []
    values, genes, ends = array("f"), array("l"), array("q", [0])
    for row in filter(None, rows):
        if len(row) != len(header):
            msg = f"{path.name}: spot {row[0]!r} has {len(row)} cells of {len(header)}"
            raise ReadError(msg)
        heads.append(row[:first])
        stored = [at for at in range(first, len(row)) if row[at] != "0"]
        try:
            values.extend([float(row[at]) for at in stored])
        except (ValueError, OverflowError):
            wrong = next(at for at in stored if not is_number(row[at]))
            msg = (
                f"{path.name}: spot {row[0]!r} has {row[wrong]!r} under "
                f"{header[wrong]!r}, which is no number"
            )
            raise ReadError(msg) from None
        genes.extend([at - first for at in stored])
        ends.append(len(values))
    shape = (len(heads), len(header) - first)
    parts = (np.asarray(values), np.asarray(genes), np.asarray(ends))
    return heads, as_counts(sparse.csr_matrix(parts, shape=shape))


def _first_gene(header: list[str]) -> int:
    """Column of the first gene: behind the names, and what is known to be none."""
    at = 3
    while at < len(header) and header[at] in NO_GENES:
        at += 1
    return at


def _plain_name(gene: str) -> str:
    """Name of a gene that was renamed because columns of places are called so."""
    bare = gene.removesuffix("_gene")
    return bare if bare in NO_GENES else gene


def _number(cell: str) -> float:
    """Return a coordinate to its last digit; NaN, which a section names, for text."""
    return float(cell) if is_number(cell) else float("nan")
