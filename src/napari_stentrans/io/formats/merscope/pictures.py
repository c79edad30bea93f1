"""Which pictures lie in MERSCOPE output: mosaics of stains, one a plane.

A matrix beside them maps positions in µm to their pixels.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from napari_stentrans.io.pictures.laid import LaidPicture, read_affine
from napari_stentrans.section.image import Modality

_MATRIX = "micron_to_mosaic_pixel_transform.csv"
_MOSAIC = re.compile(r"mosaic_(?P<stain>.+)_z(?P<plane>\d+)\.tiff?")
_FIRST = "DAPI"


def own_picture(folder: Path) -> LaidPicture | None:
    """Return the mosaic of DAPI, else of another stain, in the middle of its planes.

    Raises
    ------
    ReadError
        If the matrix is damaged.
    """
    images = folder / "images"
    if not (images / _MATRIX).is_file():
        return None
    found = [
        (match["stain"], int(match["plane"]), path)
        for path in sorted(images.iterdir())
        if (match := _MOSAIC.fullmatch(path.name))
    ]
    if not found:
        return None
    stains = sorted({stain for stain, _, _ in found}, key=lambda s: (s != _FIRST, s))
    planes = sorted((plane, path) for stain, plane, path in found if stain == stains[0])
    return _laid(planes[len(planes) // 2][1])


def chosen_picture(picture: Path) -> LaidPicture | None:
    """Where a picture lies that a person chose; None where nothing tells.

    Raises
    ------
    ReadError
        If its matrix is damaged.
    """
    if _MOSAIC.fullmatch(picture.name) and picture.with_name(_MATRIX).is_file():
        return _laid(picture)
    return None


def _laid(picture: Path) -> LaidPicture:
    matrix = picture.with_name(_MATRIX)
    to_pixel = read_affine(matrix)
    to_um = np.linalg.inv(to_pixel).astype(np.float64)
    return LaidPicture(picture, to_um, Modality.FLUORESCENCE, matrix)
