"""Cells of Visium HD, as Space Ranger 4 segments them: counts, outlines, pictures.

The matrix counts cells; the outline of each is a polygon in pixels of the
full-resolution picture, of which the cell's place is the middle.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from napari_stentrans.errors import ReadError
from napari_stentrans.io.assembly.cells import CellTable, cell_section, matched_rows
from napari_stentrans.io.formats.space_ranger.outlines import read_outlines
from napari_stentrans.io.formats.space_ranger.pictures import best_image, scale_factors
from napari_stentrans.io.formats.tenx_matrix import (
    is_matrix_folder,
    is_matrix_h5,
    read_matrix,
)
from napari_stentrans.io.options import ReadOptions
from napari_stentrans.io.pictures.images import misfit_note
from napari_stentrans.section.section import Section

TITLE: Final = "cells of Visium HD"
TAKES: Final[frozenset[str]] = frozenset()

_FOLDER = "segmented_outputs"
_OUTLINES = (
    "cell_segmentations.geojson",
    "graphclust_annotated_cell_segmentations.geojson",
)
_MATRICES = ("filtered_feature_cell_matrix.h5", "filtered_feature_cell_matrix")
_RAW = ("raw_feature_cell_matrix.h5", "raw_feature_cell_matrix")
_NUMBER = re.compile(r"(?:cellid_)?0*(\d+)(?:-\d+)?")
"""Of the cell in its barcode, such as cellid_000000123-1."""


@dataclass(frozen=True)
class _Parts:
    folder: Path
    matrix: Path
    outlines: Path


def sniff(path: Path) -> bool:
    """Whether this is a folder of segmented cells, its counts, or their outlines.

    Of an output with bins as well, the bins are meant, unless a person says otherwise.
    """
    return _parts(path) is not None


def read(path: Path, options: ReadOptions) -> Section:
    """Read the cells, in pixels of the full-resolution picture.

    Raises
    ------
    ReadError
        If counts and outlines do not fit each other.
    """
    parts = _parts(path)
    if parts is None:
        msg = f"{path.name} lacks {_MATRICES[0]} or {_OUTLINES[0]}"
        raise ReadError(msg)
    matrix = read_matrix(parts.matrix)
    outlines = read_outlines(parts.outlines)
    number = pd.Index([_number(name) for name in matrix.barcodes], dtype=object)
    place, notes = matched_rows(number, outlines, parts.outlines.name)
    factors = scale_factors(parts.folder / "spatial", notes)
    obs = outlines.iloc[place][[]]
    um = factors.get("microns_per_pixel", 0.0)
    if um > 0:
        obs = obs.assign(area_um2=outlines["area"].to_numpy()[place] * um**2)
        notes.append(f"A pixel is {um:.4g} µm; pitch (command line: --pitch) is in µm.")
    xy = outlines[["x", "y"]].to_numpy(np.float64)[place]
    cells = CellTable(
        counts=matrix.counts,
        names=matrix.barcodes,
        var=matrix.var,
        xy=np.where((place >= 0)[:, None], xy, np.nan),
        obs=obs,
        unit="pixels of the full-resolution picture",
        what="cells of Visium HD",
        notes=[*matrix.notes, *notes],
        files=(*matrix.files, parts.outlines, parts.folder / "spatial"),
    )
    section = cell_section(cells, path, options)
    told: list[str] = []
    image = best_image(parts.folder / "spatial", factors, told)
    if image is not None and section.pixel_xy is not None:
        told += misfit_note(image, section.pixel_xy)
    return replace(section, image=image, notes=(*section.notes, *told))


def units_per_um(path: Path) -> float:
    """Pixels of the full-resolution picture to a µm; 1 where the output is silent."""
    parts = _parts(path)
    factors = {} if parts is None else scale_factors(parts.folder / "spatial", [])
    um = factors.get("microns_per_pixel", 0.0)
    return 1 / um if um > 0 else 1.0


def cells_beside(root: Path) -> Path | None:
    """Return the folder of segmented cells of an output whose bins lie here."""
    for folder in (root, root.parent, root.parent.parent):
        if _parts_of(folder / _FOLDER) is not None:
            return folder / _FOLDER
    return None


def _parts(path: Path) -> _Parts | None:
    if path.name in (*_OUTLINES, *_MATRICES, *_RAW):
        return _parts_of(path.parent, path)
    has_bins = (path / "binned_outputs").is_dir()
    return _parts_of(path) or (None if has_bins else _parts_of(path / _FOLDER))


def _parts_of(folder: Path, chosen: Path | None = None) -> _Parts | None:
    if not folder.is_dir():
        return None
    outlines = [folder / name for name in _OUTLINES]
    matrices = [folder / name for name in (*_MATRICES, *_RAW)]
    if chosen in outlines:
        outlines = [chosen]
    if chosen in matrices:
        matrices = [chosen]
    counts = [each for each in matrices if is_matrix_h5(each) or is_matrix_folder(each)]
    drawn = [each for each in outlines if each.is_file()]
    return _Parts(folder, counts[0], drawn[0]) if counts and drawn else None


def _number(name: object) -> str:
    """Name of a cell as the outlines have it: its bare number, if it is one."""
    found = _NUMBER.fullmatch(str(name))
    return found[1] if found else str(name)
