"""Pictures that an instrument lays under its cells, by a matrix in a file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np

from napari_stentrans.errors import ReadError
from napari_stentrans.io.files.damage import DAMAGE, from_library, said
from napari_stentrans.io.files.text import first_lines
from napari_stentrans.io.options import ReadOptions
from napari_stentrans.io.pictures.images import misfit_note
from napari_stentrans.io.pictures.large import read_picture
from napari_stentrans.io.pictures.tiff_levels import tiff_levels
from napari_stentrans.section.image import Modality, TissueImage
from napari_stentrans.section.lattice import FloatArray
from napari_stentrans.section.section import Section

PICTURES: Final = (
    ".ome.tif",
    ".ome.tiff",
    ".tif",
    ".tiff",
    ".btf",
    ".svs",
    ".png",
    ".jpg",
)
"""How names of pictures end."""
_QUICK_BYTES = 2 << 30
"""Size up to which a picture without a pyramid is read without being asked for."""


@dataclass(frozen=True, eq=False)
class LaidPicture:
    """A picture, and where it lies.

    Attributes
    ----------
    path
    to_um : ndarray, shape (3, 3)
        Map of pixel (x, y, 1) of the file to positions in µm.
    modality
        What light it shows; None to go by its looks.
    matrix
        The file that tells where it lies, if one does.
    """

    path: Path
    to_um: FloatArray
    modality: Modality | None = None
    matrix: Path | None = None


def read_affine(path: Path) -> FloatArray:
    """Read a 3 by 3 matrix of an affine map, with commas or blanks between numbers.

    Raises
    ------
    ReadError
        If it is none.
    """
    try:
        rows = [line.replace(",", " ").split() for line in first_lines(path, 4)]
        found = np.array(rows, dtype=np.float64)
    except DAMAGE as error:
        msg = f"{path.name} holds no matrix of three rows of three numbers"
        raise ReadError(msg) from error
    whole = found.shape == (3, 3) and np.isfinite(found).all()
    if not whole or not np.allclose(found[2], (0, 0, 1)):
        msg = f"{path.name} holds no matrix of an affine map, 3 by 3, ending in 0 0 1"
        raise ReadError(msg)
    size = np.abs(found[:2, :2]).max()
    if abs(np.linalg.det(found[:2, :2])) <= 1e-6 * size**2:
        msg = f"the matrix of {path.name} lays a picture flat; export it again"
        raise ReadError(msg)
    return found


def read_laid(picture: LaidPicture) -> TissueImage:
    """Read a picture and lay it where its instrument says.

    Raises
    ------
    ReadError
        If it is damaged.
    """
    image = laid_by(read_picture(picture.path), picture.to_um)
    return replace(image, modality=picture.modality or image.modality)


def laid_by(image: TissueImage, to_positions: FloatArray) -> TissueImage:
    """Lay a picture.

    Parameters
    ----------
    image
        As its file has it, ``scale`` to its size there.
    to_positions : ndarray, shape (3, 3)
        Map of pixel (x, y, 1) of the file to positions.
    """
    pixel = float(np.sqrt(abs(np.linalg.det(to_positions[:2, :2]))))
    laid: FloatArray = to_positions @ np.diag([1 / pixel, 1 / pixel, 1.0])
    right_there = np.allclose(laid, np.eye(3), atol=1e-9)
    return replace(image, scale=image.scale / pixel, laid=None if right_there else laid)


def with_own_picture(
    section: Section, find: Callable[[], LaidPicture | None], options: ReadOptions
) -> Section:
    """Return the section with the picture of its instrument, if one can be read.

    What is wrong with it is noted: cells do not need one.
    """
    if options.image is not None or section.pixel_xy is None:
        return section
    try:
        picture = find()
        if picture is None:
            return section
        _check_quick(picture.path)
        image = read_laid(picture)
    except ReadError as error:
        note = f"There is a picture, which is not shown: {said(error)}"
        return replace(section, notes=(*section.notes, note))
    notes = [f"The picture is {picture.path.name} ({image.modality})."]
    notes += misfit_note(image, section.pixel_xy)
    files = (str(each) for each in (picture.path, picture.matrix) if each is not None)
    return replace(
        section,
        image=image,
        notes=(*section.notes, *notes),
        files=(*section.files, *files),
    )


def _check_quick(path: Path) -> None:
    """Refuse what nobody asked for and takes minutes.

    Raises
    ------
    ReadError
        Saying how it can be asked for.
    """
    n_bytes = path.stat().st_size
    if n_bytes <= _QUICK_BYTES:
        return
    with from_library(path.name), tiff_levels(path) as levels:
        if len(levels) > 1:
            return
    msg = (
        f"{path.name} has {n_bytes / 1e9:.1f} GB and no smaller copies of itself: it "
        "takes minutes. If you want it, add it by hand ('Add a picture', --image)."
    )
    raise ReadError(msg)


def picture_named(folder: Path, stem: str) -> Path | None:
    """Return the picture of this name, whatever its ending, in a folder."""
    found = [folder / f"{stem}{ending}" for ending in PICTURES]
    return next((path for path in found if path.is_file()), None)
