"""Values of picture files, as they are stored: png, tif, gif and npy.

Knows nothing of sections, nor of what the values mean.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL.GifImagePlugin import GifImageFile
from PIL.ImageFile import ImageFile
from PIL.PngImagePlugin import PngImageFile

from napari_stentrans.errors import InvalidRequestError
from napari_stentrans.io.files.kinds import TIFF
from napari_stentrans.io.files.limits import require
from napari_stentrans.io.regions.palettes import by_palette, opacities
from napari_stentrans.io.regions.tif_pages import read_tif

# Each by its own name: Image.open refuses what has many pixels, for a whole program.
_READERS: dict[bytes, type[ImageFile]] = {
    b"\x89PNG": PngImageFile,
    b"GIF8": GifImageFile,
}
_ADVICE = {
    b"BM": "is a bmp, which programs read differently; save the mask as png",
    b"\xff\xd8\xff": "is a jpg, which blurs labels; save the mask as png",
    b"PK\x03\x04": (
        "is an archive (npz, zip or xlsx); save a picture as npy or png, a table as csv"
    ),
}
_BYTES_A_VALUE = 4
"""Memory that a value takes while it is read."""


def read_picture(path: Path) -> NDArray[Any] | None:
    """Values of a picture file, told by its first bytes; None if it is none.

    Returns
    -------
    ndarray, shape (row, col) or (row, col, channel)
        Of 2 or 4 channels the last one is opacity.

    Raises
    ------
    InvalidRequestError
        If it holds several pictures, or is of a kind that keeps no labels.
    """
    with path.open("rb") as file:
        start = file.read(16)
    if b"\0" not in start:  # text, which may begin like a picture
        return None
    for kind, advice in _ADVICE.items():
        if start.startswith(kind):
            msg = f"{path.name} {advice}"
            raise InvalidRequestError(msg)
    if start.startswith(b"\x93NUMPY"):
        return np.asarray(np.load(path, allow_pickle=False))
    if start.startswith(TIFF):
        return read_tif(path)
    for kind, reader in _READERS.items():
        if start.startswith(kind):
            with reader(path) as picture:
                return _values(picture, path)
    return None


def _values(picture: ImageFile, path: Path) -> NDArray[Any]:
    n_pictures = getattr(picture, "n_frames", 1)
    if n_pictures > 1:
        msg = f"{path.name} holds {n_pictures} pictures; save the one that is the mask"
        raise InvalidRequestError(msg)
    width, height = picture.size
    n_values = width * height * len(picture.getbands())
    require(n_values * _BYTES_A_VALUE, f"the mask {path.name}")
    if picture.mode == "P":
        index = np.array(picture)
        colours = np.array(picture.getpalette() or [], dtype=np.uint8).reshape(-1, 3)
        values = by_palette(index, colours)
        clear = picture.info.get("transparency")
        if clear is None:
            return values
        return np.stack([values, opacities(clear)[index]], axis=-1)
    if picture.mode in ("1", "L", "RGB") and picture.has_transparency_data:
        return np.array(picture.convert("RGBA" if picture.mode == "RGB" else "LA"))
    return np.array(picture)
