"""Which pictures lie in Xenium output, and where they lie under the cells.

Morphology pictures have square pixels, whose side the manifest tells, and begin where
the cells' coordinates do. A stained picture, taken afterwards, comes with a matrix of
Xenium Explorer that maps its pixels to those of the morphology picture.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from napari_stentrans.io.files.damage import DAMAGE
from napari_stentrans.io.pictures.laid import LaidPicture, picture_named, read_affine
from napari_stentrans.section.image import Modality
from napari_stentrans.section.lattice import FloatArray

_MANIFEST = "experiment.xenium"
_PIXEL_UM = 0.2125
"""Of every instrument so far, where the manifest is missing."""
_MORPHOLOGY = (
    "morphology_focus/*.ome.tif",
    "morphology_focus.ome.tif",
    "morphology_mip.ome.tif",
    "morphology.ome.tif",
)
"""Best first: of several channels the first is DAPI, of a stack the middle is taken."""
_ALIGNMENT = "alignment"


def own_picture(folder: Path) -> LaidPicture | None:
    """Return the best picture of an output folder: a stained one that is laid, or DAPI.

    Raises
    ------
    ReadError
        If the matrix of the stained one is damaged.
    """
    for matrix in sorted(folder.glob(f"*{_ALIGNMENT}.csv")):
        picture = picture_named(folder, matrix.name.removesuffix(f"{_ALIGNMENT}.csv"))
        if picture is not None:
            return _laid(picture, matrix, folder)
    for pattern in _MORPHOLOGY:
        for picture in sorted(folder.glob(pattern)):
            return LaidPicture(picture, _pixel(folder), Modality.FLUORESCENCE)
    return None


def chosen_picture(folder: Path, picture: Path) -> LaidPicture | None:
    """Where a picture lies that a person chose; None where nothing tells.

    Raises
    ------
    ReadError
        If its matrix is damaged.
    """
    stem = picture.name.split(".")[0]
    matrix = picture.with_name(f"{stem}{_ALIGNMENT}.csv")
    if matrix.is_file():
        return _laid(picture, matrix, folder)
    inside = folder.resolve() in picture.resolve().parents
    if inside and any(picture.match(pattern) for pattern in _MORPHOLOGY):
        return LaidPicture(picture, _pixel(folder), Modality.FLUORESCENCE)
    return None


def _laid(picture: Path, matrix: Path, folder: Path) -> LaidPicture:
    to_um = _pixel(folder) @ read_affine(matrix)
    return LaidPicture(picture, to_um, matrix=matrix)


def _pixel(folder: Path) -> FloatArray:
    """Map of pixels of the morphology picture to µm, shape (3, 3)."""
    size: Any = None
    try:
        size = json.loads((folder / _MANIFEST).read_text("utf-8")).get("pixel_size")
    except DAMAGE:
        size = None
    side = float(size) if isinstance(size, int | float) and size > 0 else _PIXEL_UM
    return np.diag([side, side, 1.0])
