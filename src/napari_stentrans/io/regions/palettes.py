"""Pictures with a palette: labels by their numbers, black and white by their colours.

Knows no format.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

_MOST = 256
_WHITE = 255


def by_palette(
    index: NDArray[np.integer], colours: NDArray[np.integer]
) -> NDArray[Any]:
    """Values that a picture of numbers of colours means.

    Which number is white is up to the program that wrote it; what is neither black nor
    white are labels, coloured to be seen.

    Parameters
    ----------
    index : ndarray of int, shape (row, col)
        Number of a colour at each pixel.
    colours : ndarray of int, shape (colour, 3)
        The palette, 0 to 255; black where it ends.

    Returns
    -------
    ndarray, shape (row, col)
        0 and 255 of what is drawn in black and white, else the numbers.
    """
    is_used = np.zeros(max(_MOST, len(colours)), dtype=bool)
    is_used[index] = True
    used = np.flatnonzero(is_used)
    shades = np.zeros((len(is_used), 3), dtype=colours.dtype)
    shades[: len(colours)] = colours
    bright, dark = ((shades[used] == end).all(axis=1) for end in (_WHITE, 0))
    told_apart = len(used) == 1 or (bright.any() and dark.any())
    if not (told_apart and (bright | dark).all()):
        return index
    is_white = (shades == _WHITE).all(axis=1)
    seen: NDArray[Any] = np.where(is_white, np.uint8(_WHITE), np.uint8(0))[index]
    return seen


def opacities(clear: int | bytes) -> NDArray[np.uint8]:
    """Opacity of each colour: from all of them, or the number of a clear one."""
    opacity = np.full(_MOST, _WHITE, dtype=np.uint8)
    if isinstance(clear, bytes):
        opacity[: len(clear)] = np.frombuffer(clear, dtype=np.uint8)
    else:
        opacity[clear] = 0
    return opacity
