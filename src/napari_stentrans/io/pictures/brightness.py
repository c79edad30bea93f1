"""How bright values of more than a byte are shown. Knows no files.

Cameras of 10, 12 or 14 bits keep what they count in 16: the range of the type says
nothing, so white is what the brightest pixels have, wherever a picture comes from.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def white_of(picture: NDArray[Any]) -> float | None:
    """Value to show as white; None for bytes, which are shown as they are."""
    if picture.dtype == np.uint8:
        return None
    values = np.nan_to_num(channels_shown(picture).astype(np.float32))
    return float(np.percentile(values, 99.9)) or float(values.max()) or 1.0


def channels_shown(picture: NDArray[Any]) -> NDArray[Any]:
    """Three colours; what is no colour picture is shown by its first channel."""
    return picture[..., :3] if picture.shape[2] in (3, 4) else picture[..., :1]


def as_bytes(picture: NDArray[Any], white: float | None) -> NDArray[np.uint8]:
    """Three channels of bytes, of those that are shown."""
    colours = channels_shown(picture)
    if white is not None:
        values = np.nan_to_num(colours.astype(np.float32))
        colours = np.clip(np.rint(values * (255.0 / white)), 0, 255).astype(np.uint8)
    return np.repeat(colours, 3, axis=2) if colours.shape[2] == 1 else colours
