"""Pictures of genes as an OME-TIFF: one named channel a picture, in counts.

Opens in ImageJ, QuPath and napari with the names of the channels and, where it is
known, the size of a pixel. Knows nothing of sections.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_stentrans.errors import InvalidRequestError
from napari_stentrans.io.files.replacing import check_place, replacing
from napari_stentrans.progress import Progress, Steps

_MOST_BYTES = 2 << 30


@dataclass(frozen=True)
class PixelSize:
    """How large a pixel is, and where the first one lies.

    Attributes
    ----------
    size
        Of a pixel along each side.
    first_xy
        Middle of the first pixel.
    unit
        "µm", or "pixel" for pixels of the full-resolution picture.
    """

    size: float
    first_xy: tuple[float, float]
    unit: str


def ome_tiff_steps(
    path: Path,
    names: list[str],
    pictures: Iterable[NDArray[np.float32]],
    pixel: PixelSize,
    inputs: Iterable[str] = (),
) -> Steps[Path]:
    """Write pictures of one shape, one channel each.

    Parameters
    ----------
    path
        An existing file is replaced, once the new one is complete.
    names
        Of the channels.
    pictures : iterable of ndarray, shape (row, col)
        In the order of the names; NaN where there is no tissue.
    pixel
        Size and place.
    inputs
        What was read, which is never written to.

    Raises
    ------
    InvalidRequestError
        If there is nothing to write, too much of it, or no place for it.
    """
    if not names:
        msg = "there is no gene to write; show a gene first, or name some"
        raise InvalidRequestError(msg)
    check_place(path, inputs)
    drawn: list[NDArray[np.float32]] = []
    for picture in pictures:
        if picture.nbytes * len(names) > _MOST_BYTES:
            msg = (
                f"{len(names)} pictures of {picture.shape} are too many for one file; "
                "choose fewer genes"
            )
            raise InvalidRequestError(msg)
        drawn.append(picture)
        yield Progress("Drawing genes", len(drawn), len(names))
    yield Progress("Writing", 0, 1)
    with replacing(path, inputs) as unfinished:
        _write(unfinished, np.stack(drawn), _metadata(names, pixel))
    return path


def _write(path: Path, stack: NDArray[np.float32], metadata: dict[str, Any]) -> None:
    import tifffile

    with tifffile.TiffWriter(path, ome=True) as writer:
        writer.write(
            stack, photometric="minisblack", compression="zlib", metadata=metadata
        )


def _metadata(names: list[str], pixel: PixelSize) -> dict[str, Any]:
    x, y = pixel.first_xy
    n = len(names)
    found: dict[str, Any] = {
        "axes": "CYX",
        "Channel": {"Name": names},
        "Plane": {
            "PositionX": [x] * n,
            "PositionY": [y] * n,
            "PositionXUnit": [pixel.unit] * n,
            "PositionYUnit": [pixel.unit] * n,
        },
    }
    for side in "XY":
        found[f"PhysicalSize{side}"] = pixel.size
        found[f"PhysicalSize{side}Unit"] = pixel.unit
    return found
