"""Masks in tif files: the one page that is meant, by its stored values.

Programs differ in whether 1 is stored as white or as black, but in a mask it is what
is marked. Knows nothing of sections.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL.TiffImagePlugin import TiffImageFile

from napari_stentrans.errors import InvalidRequestError
from napari_stentrans.io.files.limits import require
from napari_stentrans.io.pictures.tiff_colours import palette_of
from napari_stentrans.io.regions.palettes import by_palette

if TYPE_CHECKING:
    from tifffile import TiffFile, TiffPage

_WHITE_IS_ZERO = 0
"""Of the tag that says how values are to be seen."""


def read_tif(path: Path) -> NDArray[Any]:
    """Values of a tif: of its only page, or of the only one with marks.

    Returns
    -------
    ndarray, shape (row, col) or (row, col, channel)

    Raises
    ------
    InvalidRequestError
        If several pages have marks.
    """
    import tifffile

    with tifffile.TiffFile(path) as file:
        pages = _pages(file)
        require(2 * pages[0].nbytes, f"the mask {path.name}")
        found, is_marked = _values(pages[0], path), False
        for number, page in enumerate(pages):
            values = _values(page, path) if number else found
            if not values.any():
                continue
            if is_marked:
                msg = (
                    f"{path.name} holds {len(pages)} pages, several with marks; save "
                    "the one that is the mask"
                )
                raise InvalidRequestError(msg)
            found, is_marked = values, True
    return found


def _pages(file: TiffFile) -> list[Any]:
    """Pages of the full size: no smaller copies of them."""
    every: Iterator[Any] = iter(file.pages)
    pages = [page for page in every if not page.is_reduced]
    largest = max(page.size for page in pages)
    return [page for page in pages if page.size == largest]


def _values(page: TiffPage, path: Path) -> NDArray[Any]:
    try:
        values = np.asarray(page.asarray())
    except ValueError as error:
        if "imagecodecs" not in str(error):
            raise
        return _by_pillow(page, path)
    if page.axes.startswith("S"):
        values = np.moveaxis(values, 0, -1)
    if page.colormap is None:
        return values
    return by_palette(values, palette_of(page))


def _by_pillow(page: TiffPage, path: Path) -> NDArray[Any]:
    """Unpack what tifffile does not without an extra, such as LZW."""
    with TiffImageFile(path) as picture:
        picture.seek(page.index)
        values = np.array(picture)
        colours = picture.getpalette() if picture.mode == "P" else None
        is_turned = picture.mode in ("1", "L") and page.photometric == _WHITE_IS_ZERO
    if colours is not None:
        return by_palette(values, np.array(colours, dtype=np.uint8).reshape(-1, 3))
    return ~values if is_turned else values
