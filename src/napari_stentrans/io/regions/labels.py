"""What the values of a picture mean: labels, or black and white, drawn or see-through.

Knows nothing of files and sections.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_stentrans.errors import InvalidRequestError
from napari_stentrans.section.missing import OUTSIDE, PREDICT
from napari_stentrans.section.tissue import BoolArray

_WHITES = (255, 65535)


def as_labels(picture: NDArray[Any], path: Path) -> NDArray[Any]:
    """Labels of a picture, shape (row, col); white in black and white means predict.

    They stay of the type that they have: pictures can be large.

    Raises
    ------
    InvalidRequestError
        If it is a colour picture, no picture, or holds fractions.
    """
    picture = np.squeeze(picture)
    if picture.ndim == 3 and picture.shape[2] in (2, 3, 4):
        picture = _in_grey(picture, path)
    if picture.ndim != 2:
        msg = f"{path.name} has shape {picture.shape}; a mask has rows and columns"
        raise InvalidRequestError(msg)
    if picture.dtype.kind not in "biuf":
        msg = f"{path.name} holds {picture.dtype}; the labels of a mask are numbers"
        raise InvalidRequestError(msg)
    if picture.dtype.kind == "b":
        return picture.astype(np.uint8)
    if picture.dtype.kind == "f":
        _refuse_fractions(picture, path)
    return _white_as_one(picture)


def refuse_strange(labels: NDArray[Any], path: Path) -> None:
    """Refuse other labels than 0, 1 and 2.

    Raises
    ------
    InvalidRequestError
        Naming the first ones.
    """
    if not labels.size or (labels.min() >= 0 and labels.max() <= OUTSIDE):
        return
    strange = np.unique(labels[(labels < 0) | (labels > OUTSIDE)])[:5].tolist()
    msg = (
        f"the mask {path.name} holds labels [{', '.join(f'{n:.10g}' for n in strange)}]"
        "; use 1 for 'predict here' and 2 for 'outside the tissue', or black and white"
    )
    raise InvalidRequestError(msg)


def _in_grey(picture: NDArray[Any], path: Path) -> NDArray[Any]:
    """Reduce channels that are all alike to one; what is see-through is 0.

    What is drawn in one colour on nothing is told by its opacity.
    """
    n_colours = picture.shape[2] - (picture.shape[2] + 1) % 2
    colours = [picture[..., number] for number in range(n_colours)]
    if n_colours < picture.shape[2]:
        opacity = picture[..., -1]
        seen: BoolArray = opacity > opacity.max() / 2
        if not seen.all():
            if _is_drawing(colours, seen):
                return seen
            colours = [
                np.where(seen, colour, colour.dtype.type(0)) for colour in colours
            ]
    grey = colours[0]
    if any((colour != grey).any() for colour in colours[1:]):
        msg = (
            f"{path.name} is a colour picture; save the mask as labels (1 for "
            "'predict here', 2 for 'outside the tissue')"
        )
        raise InvalidRequestError(msg)
    return grey


def _is_drawing(colours: list[NDArray[Any]], seen: BoolArray) -> bool:
    """Whether all that is seen has one colour, which is no label."""
    shades = [colour[seen] for colour in colours]
    if not seen.any():
        return True
    is_label = all(shade[0] in (PREDICT, OUTSIDE) for shade in shades)
    return not is_label and all((shade == shade[0]).all() for shade in shades)


def _refuse_fractions(picture: NDArray[np.floating], path: Path) -> None:
    n_odd = picture.size - np.count_nonzero(np.isfinite(picture))
    if n_odd:
        msg = (
            f"{path.name} holds {n_odd:,} pixels without a number (NaN or infinite); "
            "write 0 where nothing is marked"
        )
        raise InvalidRequestError(msg)
    if (picture != np.rint(picture)).any():
        msg = f"{path.name} holds fractions; the labels of a mask are 0, 1 and 2"
        raise InvalidRequestError(msg)


def _white_as_one(picture: NDArray[Any]) -> NDArray[Any]:
    """Turn white to 1, of any depth, if there is nothing but black and white."""
    whites = {*_WHITES}
    if picture.dtype.kind in "iu":
        whites.add(int(np.iinfo(picture.dtype).max))
    white = picture.max() if picture.size else 0
    if int(white) not in whites:
        return picture
    is_white: BoolArray = picture == white
    if np.count_nonzero(is_white) < np.count_nonzero(picture):
        return picture
    return is_white.astype(np.uint8)
