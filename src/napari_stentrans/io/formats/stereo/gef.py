"""Stereo-seq in HDF5 (gef): molecules or bins of the chip, or cells.

A square-bin gef lists, gene after gene, the places and counts of its molecules, often
in bins of several sides. The coarsest of which the wanted bins can be made are the
least to read: they are read in pieces and added up. A cell-bin gef lists the genes of
each cell.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import h5py
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from napari_stentrans.errors import InvalidRequestError, ReadError
from napari_stentrans.io.assembly.binning import Binner
from napari_stentrans.io.assembly.cells import CellTable, cell_section
from napari_stentrans.io.files.hdf5 import is_hdf5, opened_hdf5
from napari_stentrans.io.files.limits import require
from napari_stentrans.io.formats.stereo.chip import DEFAULT_BIN, stereo_section
from napari_stentrans.io.options import ReadOptions
from napari_stentrans.section.lattice import IntArray
from napari_stentrans.section.section import Section

TITLE: Final = "Stereo-seq HDF5 (gef)"
TAKES: Final = frozenset({"bin_size"})

_PIECE = 4_000_000


def sniff(path: Path) -> bool:
    """Whether this is a gef of square bins or of cells."""
    if not is_hdf5(path):
        return False
    with h5py.File(path, "r") as file:
        return "geneExp" in file or "cellBin" in file


def read(path: Path, options: ReadOptions) -> Section:
    """Read the bins of the wanted side, or the cells.

    Raises
    ------
    ReadError
        If parts are missing or do not fit.
    InvalidRequestError
        If bins cannot be made of those there are.
    """
    with opened_hdf5(path) as file:
        if "geneExp" not in file:
            if options.bin_size is not None:
                msg = (
                    f"{path.name} holds cells, not bins: use pitch to bin them "
                    "(command line: --pitch)"
                )
                raise InvalidRequestError(msg)
            return cell_section(_read_cells(file["cellBin"], path.name), path, options)
        size = options.bin_size or DEFAULT_BIN
        group, side = _coarsest_that_divides(file["geneExp"], size, path.name)
        names, owner = _genes(group, path.name)
        binner = Binner(size, path.name)
        for piece in _pieces(group["expression"], side):
            binner.add(piece.x, piece.y, owner[piece.at], piece.count)
    counts, bin_rc = binner.result(len(names))
    genes = pd.DataFrame(index=pd.Index(names, dtype=object))
    return stereo_section(counts, bin_rc, genes, path, options)


@dataclass(frozen=True, eq=False)
class _Piece:
    """Some entries: their places in chip steps, their counts, and which they are."""

    x: NDArray[np.int64]
    y: NDArray[np.int64]
    count: NDArray[np.int64]
    at: slice


def _coarsest_that_divides(
    bins: h5py.Group, size: float, name: str
) -> tuple[h5py.Group, int]:
    """Largest bins, and their side, of which bins of the wanted side can be made."""
    sides = sorted(
        int(key[3:])
        for key in bins
        if key.startswith("bin") and key[3:].isdigit() and "expression" in bins[key]
    )
    fitting = [side for side in sides if side and size % side == 0]
    if not fitting:
        listed = ", ".join(map(str, sides)) or "none"
        msg = f"{name} has no bins that make bins of {size:g}; there are {listed}"
        raise InvalidRequestError(msg)
    return bins[f"bin{fitting[-1]}"], fitting[-1]


def _genes(group: h5py.Group, name: str) -> tuple[list[str], IntArray]:
    """Gene names, and the number of the gene of each entry, shape (entry,)."""
    table = group["gene"]
    columns = table.dtype.names or ()
    named = [key for key in ("geneName", "gene", "geneID") if key in columns]
    if not named or not {"offset", "count"} <= set(columns):
        msg = f"{name}: its list of genes has no name, offset and count"
        raise ReadError(msg)
    rows = table[:]
    n_entries = group["expression"].shape[0]
    offset, count = (rows[key].astype(np.int64) for key in ("offset", "count"))
    require(n_entries * 8.0, name)
    whole = int(count.sum()) == n_entries and np.array_equal(
        offset, np.r_[0, np.cumsum(count)[:-1]]
    )
    if not whole:
        msg = (
            f"{name}: its genes do not share out its {n_entries} entries; it is damaged"
        )
        raise ReadError(msg)
    names = [_text(value) for value in rows[named[0]]]
    return names, np.repeat(np.arange(len(names)), count)


def _pieces(expression: h5py.Dataset, side: int) -> Iterator[_Piece]:
    if not {"x", "y", "count"} <= set(expression.dtype.names or ()):
        msg = "its entries have no x, y and count"
        raise ReadError(msg)
    n_entries = expression.shape[0]
    scale = 1 if side == 1 or _in_steps(expression, side) else side
    for begin in range(0, n_entries, _PIECE):
        at = slice(begin, min(begin + _PIECE, n_entries))
        rows = expression[at]
        x, y, count = (rows[key].astype(np.int64) for key in ("x", "y", "count"))
        yield _Piece(x * scale, y * scale, count, at)


def _in_steps(expression: h5py.Dataset, side: int) -> bool:
    """Whether places of bins are written in steps of the chip, not counted in bins."""
    rows = expression[: 1 << 16]
    return not any((rows[axis] % side).any() for axis in ("x", "y"))


def _read_cells(group: h5py.Group, name: str) -> CellTable:
    missing = [key for key in ("cell", "cellExp", "gene") if key not in group]
    if missing:
        msg = f"{name} has no {', '.join(missing)}"
        raise ReadError(msg)
    cells, entries, genes = (group[key][:] for key in ("cell", "cellExp", "gene"))
    indptr = np.r_[0, np.cumsum(cells["geneCount"].astype(np.int64))]
    columns = cells.dtype.names or ()
    begins = cells["offset"] if "offset" in columns else indptr[:-1]
    if indptr[-1] != len(entries) or not np.array_equal(begins, indptr[:-1]):
        msg = f"{name}: its cells do not share out its {len(entries)} entries"
        raise ReadError(msg)
    counts = sparse.csr_matrix(
        (entries["count"].astype(np.float32), entries["geneID"], indptr),
        shape=(len(cells), len(genes)),
    )
    named = "geneName" if "geneName" in (genes.dtype.names or ()) else "gene"
    ids = cells["id"] if "id" in columns else np.arange(len(cells))
    return CellTable(
        counts=counts,
        names=pd.Index([str(number) for number in ids], dtype=object),
        var=pd.DataFrame(
            index=pd.Index([_text(v) for v in genes[named]], dtype=object)
        ),
        xy=np.column_stack([cells["x"], cells["y"]]).astype(np.float64),
        obs=pd.DataFrame(),
        unit="steps of the chip",
        what="Stereo-seq cells",
    )


def _text(value: Any) -> str:
    return value.decode().rstrip("\0") if isinstance(value, bytes) else str(value)
