"""A 10x count matrix with a positions file of some other origin, Curio's among them."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from napari_stentrans.errors import ReadError
from napari_stentrans.io.assembly.counts import normalised_notes
from napari_stentrans.io.formats.listed.positions import (
    is_positions_file,
    read_spot_positions,
)
from napari_stentrans.io.formats.listed.spots import from_list, placed_section
from napari_stentrans.io.formats.tenx_matrix import (
    is_matrix_folder,
    is_matrix_h5,
    is_matrix_mtx,
    read_matrix,
)
from napari_stentrans.io.options import ReadOptions
from napari_stentrans.section.section import Section

TITLE: Final = "a 10x matrix with a positions file"
TAKES: Final = frozenset({"positions"})

_MAX_BESIDE = 100


def sniff(path: Path, positions: Path | None = None) -> bool:
    """Whether this is a matrix, or a folder of one, with one list of positions."""
    matrix = _matrix(path)
    return matrix is not None and (positions or _positions(matrix)) is not None


def read(path: Path, options: ReadOptions) -> Section:
    """Read the spots that have both counts and a position.

    Raises
    ------
    ReadError
        If none has both.
    """
    matrix_path = _matrix(path)
    listed_path = options.positions or (matrix_path and _positions(matrix_path))
    if matrix_path is None or listed_path is None:
        msg = f"{path.name} holds no count matrix with one list of positions"
        raise ReadError(msg)
    matrix = read_matrix(matrix_path)
    listed = read_spot_positions(listed_path, matrix.barcodes)
    placed = from_list(list(matrix.barcodes), listed)
    placed.files += [*matrix.files, listed_path]
    notes = [f"Positions were taken from {listed_path.name}.", *matrix.notes]
    notes += normalised_notes(matrix.counts, allowed=options.allow_normalised)
    return placed_section(path, (matrix.counts, matrix.var), placed, notes, options)


def _matrix(path: Path) -> Path | None:
    """Return the one matrix that a path is or holds."""
    if is_matrix_h5(path) or is_matrix_folder(path) or is_matrix_mtx(path):
        return path
    if not path.is_dir():
        return None
    inside = [
        child
        for child in sorted(path.iterdir())[:_MAX_BESIDE]
        if is_matrix_h5(child) or is_matrix_folder(child)
    ]
    return inside[0] if len(inside) == 1 else None


def _positions(matrix: Path) -> Path | None:
    """Return the one list of positions in the folder of a matrix, or the one above."""
    folders = [matrix, matrix.parent] if matrix.is_dir() else [matrix.parent]
    if is_matrix_mtx(matrix):
        folders.append(matrix.parent.parent)
    for folder in folders:
        found = [
            file
            for file in sorted(folder.iterdir())[:_MAX_BESIDE]
            if file.is_file() and is_positions_file(file)
        ]
        if found:
            return found[0] if len(found) == 1 else None
    return None
