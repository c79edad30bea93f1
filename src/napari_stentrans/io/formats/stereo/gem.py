"""Stereo-seq molecules as text (gem): counts of genes at places of the chip.

Read in pieces and added up in square bins, so that memory grows with the filled bins,
not with the molecules.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from napari_stentrans.errors import ReadError
from napari_stentrans.io.assembly.binning import Binner
from napari_stentrans.io.files.text import (
    fields,
    first_lines,
    opened,
    separator,
    skip_comments,
    whole_lines,
)
from napari_stentrans.io.formats.stereo.chip import DEFAULT_BIN, stereo_section
from napari_stentrans.io.options import ReadOptions
from napari_stentrans.section.section import Section

TITLE: Final = "Stereo-seq molecules (gem)"
TAKES: Final = frozenset({"bin_size"})

_GENES = ("geneName", "geneID", "gene", "genes")
_COUNTS = ("MIDCounts", "MIDCount", "UMICount", "UMICounts", "MIDcount")
_CELLS = {"CellID", "cellID", "cell_id", "cell", "label"}
_CELLS_NOTE = (
    "It also names the cell of each molecule, which is not looked at: for cells, open "
    "the .cellbin.gef of the same chip."
)
_PIECE = 1_000_000
"""Lines read at a time."""


def sniff(path: Path) -> bool:
    """Whether this is a table of genes, x, y and counts of molecules."""
    lines = _start(path)
    return len(lines) > 0 and _columns(lines[0]) is not None


def read(path: Path, options: ReadOptions) -> Section:
    """Read and bin the molecules.

    Raises
    ------
    ReadError
        At the first line that is no molecule.
    """
    binner = Binner(options.bin_size or DEFAULT_BIN, path.name)
    numbers: dict[str, int] = {}
    for piece in _pieces(path):
        codes, names = pd.factorize(piece["gene"])
        number = np.array([numbers.setdefault(name, len(numbers)) for name in names])
        binner.add(piece["x"], piece["y"], number[codes], piece["count"])
    if not numbers:
        msg = f"{path.name} lists no molecule"
        raise ReadError(msg)
    counts, bin_rc = binner.result(len(numbers))
    genes = pd.DataFrame(index=pd.Index(list(numbers), dtype=object))
    section = stereo_section(counts, bin_rc, genes, path, options)
    header = _start(path)[0]
    if not _CELLS.isdisjoint(fields(header, separator(header))):
        section = replace(section, notes=(*section.notes, _CELLS_NOTE))
    return section


def _start(path: Path) -> list[str]:
    """Header and first molecule: what follows the comments at the start."""
    return first_lines(path, 2, comment="#")


def _columns(header: str) -> dict[str, str] | None:
    """What the columns gene, x, y and count are called, or None without them."""
    names = fields(header, separator(header))
    known = {name.lower(): name for name in names}
    found = {"x": known.get("x"), "y": known.get("y")}
    for what, spellings in (("gene", _GENES), ("count", _COUNTS)):
        here = [known[each.lower()] for each in spellings if each.lower() in known]
        found[what] = here[0] if here else None
    complete = {what: name for what, name in found.items() if name is not None}
    return complete if len(complete) == len(found) else None


def _pieces(path: Path) -> Iterator[pd.DataFrame]:
    """Tables of gene, x, y and count, checked."""
    header = _start(path)[0]
    columns = _columns(header)
    if columns is None:
        msg = f"{path.name} has no columns gene, x, y and counts"
        raise ReadError(msg)
    names = fields(header, separator(header))
    at = {names.index(name): what for what, name in columns.items()}
    with opened(path) as file, whole_lines(path.name):
        skip_comments(file, path.name)  # genes further down may be called #1
        pieces = pd.read_csv(
            file,
            sep=separator(header),
            header=None,
            names=range(len(names)),
            usecols=list(at),
            dtype=dict.fromkeys(at, str),
            keep_default_na=False,
            chunksize=_PIECE,
            index_col=False,
        )
        for piece in pieces:
            yield _checked(piece.rename(columns=at), path.name)


def _checked(piece: pd.DataFrame, name: str) -> pd.DataFrame:
    for what in ("x", "y", "count"):
        numbers = pd.to_numeric(piece[what], errors="coerce")
        wrong = ~np.isfinite(numbers.to_numpy(np.float64))
        if what == "count":
            counts = numbers.to_numpy(np.float64)
            wrong |= (counts < 0) | (counts != np.floor(counts))
        if wrong.any():
            first = int(np.flatnonzero(wrong)[0])
            msg = (
                f"{name} has {wrong.sum()} molecules whose {what} is no "
                f"{'count' if what == 'count' else 'position'} (first: molecule "
                f"{piece.index[first] + 1:,}, {piece[what].iloc[first]!r}). "
                "The file may be cut off; copy it again."
            )
            raise ReadError(msg)
        piece[what] = numbers
    return piece
