"""One text table with everything: names, array coordinates, perhaps pixels, then genes.

What `io.export_csv` writes, and what people make by hand: its second and third column
are array_row and array_col.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
from scipy import sparse

from napari_stentrans import keys
from napari_stentrans.errors import ReadError
from napari_stentrans.io.matrix import as_counts, normalised_notes, unique_names
from napari_stentrans.io.options import ReadOptions
from napari_stentrans.io.text import fields, first_lines, opened, separator
from napari_stentrans.section.section import Section

TITLE: Final = "a table of spots with coordinates and genes"
TAKES: Final[frozenset[str]] = frozenset()

_PLACES = (keys.ARRAY_ROW, keys.ARRAY_COL)
NO_GENES = (*_PLACES, "x", "y", keys.ORIGIN, keys.BARCODE, keys.IN_TISSUE)
"""Columns that may stand between the names and the genes; a gene that is called so
has ``_gene`` behind its name."""
_FEWEST_GENES = 2
_ROWS = 500


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
    return len(header) - first >= _FEWEST_GENES and all(map(_is_number, row[first:]))


def read(path: Path, options: ReadOptions) -> Section:
    """Read a table, some spots at a time.

    Raises
    ------
    ReadError, InvalidSectionError
        Naming every problem found.
    """
    header, heads, blocks = _parts(path)
    head = pd.concat(heads)
    first = len(head.columns)
    numbers = {
        name: np.array([_number(cell) for cell in head[name]], dtype=np.float64)
        for name in (*_PLACES, "x", "y")
        if name in head
    }
    array_rc = np.column_stack([numbers[name] for name in _PLACES])
    pixel_xy = (
        np.column_stack([numbers["x"], numbers["y"]])
        if {"x", "y"} <= numbers.keys()
        else None
    )
    counts = as_counts(sparse.vstack(blocks))
    genes = [_plain_name(name) for name in header[first:]]
    names, notes = unique_names(pd.Index(genes, dtype=object))
    notes += normalised_notes(counts, allowed=options.allow_normalised)
    placed = options.place(array_rc, pixel_xy)
    return Section(
        name=options.name_for(path),
        counts=counts,
        obs=pd.DataFrame(index=pd.Index(head.iloc[:, 0].astype(str), dtype=object)),
        var=pd.DataFrame(index=names),
        array_rc=placed.array_rc,
        lattice=placed.lattice,
        pixel_xy=pixel_xy,
        source=str(path),
        notes=tuple(notes),
    )


def _parts(path: Path) -> tuple[list[str], list[pd.DataFrame], list[sparse.csr_matrix]]:
    """Header, columns that are no genes, and counts, both in blocks of spots."""
    mark = separator(first_lines(path, 1)[0])
    heads, blocks = [], []
    with (
        opened(path) as file,
        pd.read_csv(
            file,
            sep=mark,
            chunksize=_ROWS,
            keep_default_na=False,
            na_values=[],
            header=None,
            dtype=str,
        ) as chunks,
    ):
        header: list[str] = []
        for chunk in chunks:
            if not header:
                header = [str(cell) for cell in chunk.iloc[0]]
                chunk = chunk.iloc[1:]
            first = _first_gene(header)
            named = chunk.iloc[:, :first].set_axis(header[:first], axis=1)
            heads.append(named)
            blocks.append(_numbers(path, chunk.iloc[:, first:], header[first:]))
    return header, heads, blocks


def _numbers(path: Path, cells: pd.DataFrame, genes: list[str]) -> sparse.csr_matrix:
    try:
        return sparse.csr_matrix(cells.to_numpy(dtype=np.float32))
    except ValueError:
        told = cells.apply(pd.to_numeric, errors="coerce").isna().any().to_numpy()
        named = genes[int(np.argmax(told))]
        msg = f"{path.name} has cells that are no numbers, the first under {named!r}"
        raise ReadError(msg) from None


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
    return float(cell) if _is_number(cell) else float("nan")


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
