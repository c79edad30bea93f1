"""Pictures of labels in files: png, tif and npy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from napari_stentrans.errors import InvalidRequestError
from napari_stentrans.section.missing import PREDICT

_WHITE = 255


def read_picture(path: Path) -> NDArray[Any] | None:
    """Values of a picture file, told by its first bytes; None if it is none."""
    with path.open("rb") as file:
        start = file.read(8)
    if start.startswith(b"\x93NUMPY"):
        return np.asarray(np.load(path, allow_pickle=False))
    if start.startswith((b"\x89PNG", b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")):
        with Image.open(path) as picture:
            return np.array(picture)
    return None


def as_labels(picture: NDArray[Any], path: Path) -> NDArray[np.int64]:
    """Labels of a picture, shape (row, col); white in black and white means predict.

    Raises
    ------
    InvalidRequestError
        If it is a colour picture, no picture, or holds fractions.
    """
    picture = np.squeeze(picture)
    if picture.ndim == 3 and picture.shape[2] in (2, 3, 4):
        n_colours = 1 if picture.shape[2] == 2 else 3
        grey = picture[..., 0]
        if (picture[..., :n_colours] != grey[..., None]).any():
            msg = (
                f"{path.name} is a colour picture; save the mask as labels (1 for "
                "'predict here', 2 for 'outside the tissue')"
            )
            raise InvalidRequestError(msg)
        picture = grey
    if picture.ndim != 2 or picture.dtype.kind not in "biuf":
        msg = f"{path.name} has shape {picture.shape}; a mask has rows and columns"
        raise InvalidRequestError(msg)
    if picture.dtype.kind == "f" and not np.array_equal(picture, np.rint(picture)):
        msg = f"{path.name} holds fractions; the labels of a mask are 0, 1 and 2"
        raise InvalidRequestError(msg)
    labels = picture.astype(np.int64)
    black_and_white = np.isin(labels, (0, _WHITE)).all()
    return np.where(labels == _WHITE, PREDICT, labels) if black_and_white else labels
