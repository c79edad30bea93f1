"""One text table with everything: names, array places, perhaps pixels, then genes.

What `tables.result_writer` and `tables.section_writer` write, with what lies beside it;
and what people make by hand: its second and third column are array_row and array_col,
or x and y where there are many more columns.
"""

from __future__ import annotations

import csv
from array import array
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
from scipy import sparse

from napari_stentrans import keys
from napari_stentrans.errors import ReadError
from napari_stentrans.io.assembly.columns import MANY, ROW_COL, X_Y, columns_among
from napari_stentrans.io.assembly.counts import as_counts
from napari_stentrans.io.files.text import (
    fields,
    first_lines,
    is_number,
    opened,
    separator,
)
from napari_stentrans.io.formats.h5ad.reader import section_of
from napari_stentrans.io.options import ReadOptions
from napari_stentrans.io.tables.beside import (
    Beside,
    folder_of,
    mark_of,
    matched,
    part_of,
    read_beside,
)
from napari_stentrans.io.tables.columns import NO_GENES, PLACES, as_anndata, gene_of
from napari_stentrans.section.lattice import FloatArray
from napari_stentrans.section.section import Section

if TYPE_CHECKING:
    from anndata import AnnData

TITLE: Final = "a table of spots with coordinates and genes"
TAKES: Final[frozenset[str]] = frozenset()

_FEWEST_GENES = 2


def sniff(path: Path) -> bool:
    """Whether this is such a table."""
    lines = first_lines(path, 2)
    if len(lines) < 2:
        return False
    mark = _mark(lines[0])
    header, row = fields(lines[0], mark), fields(lines[1], mark)
    if not _has_places(header) or len(row) != len(header):
        return False
    first = _first_gene(header)
    is_ours = keys.ORIGIN in header[3:first] or folder_of(path).is_dir()
    fewest = 1 if is_ours else _FEWEST_GENES
    return len(header) - first >= fewest and all(map(is_number, row[first:]))


def _mark(line: str) -> str:
    """Return what separates the cells; names of genes may be full of other marks."""
    ours = (m for m in "\t,;" if tuple(fields(line, m)[1:3]) == PLACES)
    return next(ours, separator(line))


def _has_places(header: list[str]) -> bool:
    """Whether places stand behind the names: under our names, or in a large table."""
    if tuple(header[1:3]) == PLACES:
        return True
    pair = columns_among(header[1:3], (*ROW_COL, *X_Y))
    return pair is not None and len(header) >= MANY


def read(path: Path, options: ReadOptions) -> Section:
    """Read a table, spot by spot.

    Raises
    ------
    ReadError, InvalidSectionError
        Naming every problem found.
    """
    adata, notes = _whole(path, with_sd=False)
    section = section_of(adata, path, options)
    beside = folder_of(path)
    files = (str(beside),) if beside.is_dir() else ()
    return replace(section, notes=(*section.notes, *notes), files=files)


def read_anndata(path: Path) -> AnnData:
    """Return all that a table and the folder beside it hold.

    Raises
    ------
    ReadError
        If they are damaged.
    """
    return _whole(path, with_sd=True)[0]


def _whole(path: Path, *, with_sd: bool) -> tuple[AnnData, list[str]]:
    """All that they hold, perhaps without the sd; and what to say about it."""
    header, heads, counts = _table(path)
    first = _first_gene(header)
    cells = {
        name: [head[at] for head in heads]
        for at, name in enumerate(header[1:first], start=1)
    }
    barcodes, genes = [head[0] for head in heads], [*map(gene_of, header[first:])]
    notes: list[str] = []
    ours = _beside(path, barcodes, genes, notes)
    obs = ours.spots.copy()
    on_array = dict(zip(columns_among(cells, ROW_COL) or (), PLACES, strict=False))
    for column, texts in cells.items():
        if column in on_array:
            obs[on_array[column]] = _numbers(texts)
        elif column in (keys.ORIGIN, keys.BARCODE, keys.IN_TISSUE):
            obs[column] = np.array(texts, dtype=object)
    adata = as_anndata(counts, obs, ours.genes, ours.told)
    free = columns_among(cells, X_Y)
    if free is not None:
        adata.obsm[keys.SPATIAL] = np.column_stack(
            [_numbers(cells[name]) for name in free]
        )
    if with_sd and ours.as_written:
        _add_sd(adata, path)
    return adata, notes


def _add_sd(adata: AnnData, path: Path) -> None:
    """Add the standard deviations, where there are any of these spots and genes."""
    file = part_of(path, folder_of(path), keys.SD)
    if not file.is_file():
        return
    header, heads, sd = _table(file, first=1)
    genes, names = [*map(gene_of, header[1:])], pd.Index([head[0] for head in heads])
    are_known = names.is_unique and adata.obs_names.isin(names).all()
    if are_known and genes == list(adata.var_names):
        rows = names.get_indexer(adata.obs_names)  # the table may have been sorted
        adata.layers[keys.SD] = sd[rows].toarray()


def _beside(path: Path, spots: list[str], genes: list[str], notes: list[str]) -> Beside:
    """Return what belongs to the table; what is of other spots or genes is left out."""
    found = read_beside(path) or Beside(pd.DataFrame(), pd.DataFrame())
    fitting = replace(
        found, spots=matched(found.spots, spots), genes=matched(found.genes, genes)
    )
    if not found.as_written:
        notes.append(
            f"{path.name} was changed after it was written; what "
            f"{folder_of(path).name} tells of its values was left out."
        )
    for what in ("spots", "genes"):
        if getattr(fitting, what).shape[1] < getattr(found, what).shape[1]:
            folder = folder_of(path).name
            notes.append(f"{folder} tells of other {what}; that was left out.")
    return fitting


def _table(
    path: Path, first: int | None = None
) -> tuple[list[str], list[list[str]], sparse.csr_matrix]:
    """Header, cells in front of the genes (``first`` is the first one), and values."""
    with opened(path) as file:
        mark = _mark(first_lines(path, 1)[0]) if first is None else mark_of(path)
        rows = csv.reader(file, delimiter=mark)
        header = next(rows)
        first = _first_gene(header) if first is None else first
        return header, *_spots(path, rows, header, first)


def _spots(
    path: Path, rows: Iterable[list[str]], header: list[str], first: int
) -> tuple[list[list[str]], sparse.csr_matrix]:
    """Cells in front of the genes, and the counts: most are zero and pass unread."""
    heads: list[list[str]] = []
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


def _numbers(cells: list[str]) -> FloatArray:
    """Coordinates to their last digit; NaN, which a section names, for text."""
    return np.array(
        [float(cell) if is_number(cell) else float("nan") for cell in cells],
        dtype=np.float64,
    )
