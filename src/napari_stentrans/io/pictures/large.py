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

from napari_stentrans.errors import ReadError
from napari_stentrans.io.files.damage import DAMAGE, said
from napari_stentrans.io.files.home import at_home
from napari_stentrans.io.files.kinds import TIFF
from napari_stentrans.io.pictures.brightness import as_bytes, channels_shown, white_of
from napari_stentrans.io.pictures.images import LONGEST_SIDE, read_image
from napari_stentrans.io.pictures.tiff import TiffPicture, averaged
from napari_stentrans.io.pictures.tiff_levels import tiff_levels
from napari_stentrans.section.image import Modality, TissueImage


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
    path = at_home(path)
    try:
        with path.open("rb") as file:
            is_tiff = file.read(4) in TIFF
        if is_tiff:
            return _read_tiff(path, longest_side)
        image = read_image(path, 1.0, path.stem)
        return replace(image, modality=_modality(image.data))
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
    """Take a dark picture without colours for fluorescence."""
    colours = channels_shown(picture)
    if any((colours[..., 0] != other).any() for other in np.moveaxis(colours, -1, 0)):
        return Modality.BRIGHT_FIELD
    dark = np.nanmedian(colours) < np.nanpercentile(colours, 99.9) / 2
    return Modality.FLUORESCENCE if dark else Modality.BRIGHT_FIELD
