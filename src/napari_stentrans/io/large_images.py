"""Full-resolution pictures of the tissue, read reduced so that memory stays bounded.

A pyramid (OME-TIFF, BigTIFF, svs ...) is read at its smallest level that is large
enough; without one, or where the level is still larger, the picture is averaged over
squares band by band, so that it never lies in memory whole. What was left out can be
read later, part by part: `TissueImage.full`.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_stentrans.errors import InvalidRequestError, ReadError
from napari_stentrans.io.damage import DAMAGE, said
from napari_stentrans.io.images import misfit_note, read_image
from napari_stentrans.io.tiff_levels import tiff_levels
from napari_stentrans.io.tiff_picture import (
    TiffPicture,
    as_bytes,
    averaged,
    white_of,
)
from napari_stentrans.section.image import Modality, TissueImage
from napari_stentrans.section.section import Section

LONGEST_SIDE = 4096
"""Pixels of the longer side of what is kept."""
_SAME_SIZE = 0.01
"""Sizes that differ by less than this share are taken for the same."""
_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


def with_picture(section: Section, path: Path) -> Section:
    """Return the section with this picture instead of its own.

    A picture whose instrument tells where it lies is laid there. Any other is taken for
    the full-resolution one, in whose pixels the spots lie; or, where the section's own
    picture tells the full size, for a reduced copy of it if it is smaller.

    Raises
    ------
    InvalidRequestError
        If the section has no pixel positions, which could be laid on a picture.
    ReadError
        If the picture is none, or damaged.
    """
    if section.pixel_xy is None:
        msg = (
            f"{section.name} has no pixel positions, so no picture can be laid under "
            "its spots; leave the image out"
        )
        raise InvalidRequestError(msg)
    laid = _laid(section, path)
    if laid is not None:
        notes = (*section.notes, *misfit_note(laid, section.pixel_xy))
        return replace(section, image=laid, notes=notes)
    image = read_picture(path)
    full_width = _full_width(section.image)
    if full_width is not None:
        width = image.data.shape[1] / image.scale
        ratio = width / full_width
        if abs(ratio - 1) > _SAME_SIZE:  # a copy of another size
            image = replace(image, scale=image.scale * ratio)
    notes = (*section.notes, *misfit_note(image, section.pixel_xy))
    return replace(section, image=image, notes=notes)


def read_picture(path: Path, longest_side: int = LONGEST_SIDE) -> TissueImage:
    """Read a picture of any size, reduced so that its longer side is bounded.

    Parameters
    ----------
    path
        A tif of any flavour (pyramids are made use of), png, jpg or other picture.
    longest_side
        Pixels that the longer side has at most.

    Returns
    -------
    TissueImage
        Its scale is in pixels per pixel of the file.

    Raises
    ------
    ReadError
        If it is no picture, or damaged.
    """
    path = Path(path).expanduser()
    try:
        with path.open("rb") as file:
            is_tiff = file.read(4) in _TIFF
        if is_tiff:
            return _read_tiff(path, longest_side)
        return read_image(path, 1.0, path.stem)
    except DAMAGE as error:
        need = str(error)
        hint = (
            ' Install the extra: pip install "napari-stentrans[images]".'
            if "imagecodecs" in need
            else ""
        )
        msg = f"the picture {path.name} cannot be read: {said(error)}.{hint}"
        raise ReadError(msg) from error


def _read_tiff(path: Path, longest_side: int) -> TissueImage:
    with tiff_levels(path) as levels:
        longest = max(levels[0].size)
        large = [level for level in levels if max(level.size) >= longest_side]
        level = (large or levels)[-1 if large else 0]
        step = _whole_step(max(level.size) / longest_side)
        n_rows, n_cols = (-(-size // step) for size in level.size)
        reduced = averaged(level, step, slice(0, n_rows), slice(0, n_cols))
        white, factor = white_of(reduced), level.factor * step
        data = as_bytes(reduced, white)
        image = TissueImage(data, 1 / factor, path.stem, modality=_modality(reduced))
        if factor == 1 or longest <= longest_side:
            return image
        return replace(image, full=TiffPicture.of(path, levels, factor, white))


def _whole_step(ratio: float) -> int:
    """Least power of two, or three times one, that is no smaller.

    Larger sizes of the picture are then whole multiples of the reduced one.
    """
    step = 1
    while step < ratio:
        step = max(2, step * 4 // 3 if step % 3 == 0 else step * 3 // 2)
    return step


def _modality(picture: NDArray[Any]) -> Modality:
    """Take a dark picture of one channel for fluorescence."""
    if picture.shape[2] in (3, 4):
        return Modality.BRIGHT_FIELD
    dark = np.nanmedian(picture) < np.nanpercentile(picture, 99.9) / 2
    return Modality.FLUORESCENCE if dark else Modality.BRIGHT_FIELD


def _laid(section: Section, path: Path) -> TissueImage | None:
    """Read the picture where the instrument of the section says that it lies."""
    from napari_stentrans.io import merscope, xenium
    from napari_stentrans.io.laid_pictures import read_laid

    if section.source is None:
        return None
    for instrument in (xenium, merscope):
        found = instrument.laid_picture(Path(section.source), path)
        if found is not None:
            return read_laid(found)
    return None


def _full_width(image: TissueImage | None) -> float | None:
    return None if image is None else image.data.shape[1] / image.scale
