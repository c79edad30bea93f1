"""A large tif at full resolution, read part by part at several sizes.

What the file's own pyramid lacks is averaged from the next larger size it has.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from napari_stentrans.errors import ReadError
from napari_stentrans.io.files.damage import DAMAGE, from_library, said
from napari_stentrans.io.pictures.brightness import as_bytes
from napari_stentrans.io.pictures.tiff_levels import TiffLevel, tiff_levels

BAND_BYTES: Final = 1 << 26
"""Unpacked at once, where more is averaged."""
_LARGEST_PIECE = 1 << 27
"""Bytes that are unpacked to see any part of a strip or tile: more would be slow."""
_SIDE, _STRIP = 512, 256
"""Pixels of a side of a part; rows of one that is as wide as the picture."""


@dataclass(frozen=True)
class TiffPicture:
    """A tif that is opened for each reading; implements `FullPicture`.

    Attributes
    ----------
    path
    shape
        Rows and columns at full resolution.
    factors
        See `FullPicture`.
    white
        The value that is shown as white; None where values are bytes already.
    is_in_strips
        Whether parts as wide as the picture are packed together.
    stamp
        Size and time of the file when it was looked at.
    """

    path: Path
    shape: tuple[int, int]
    factors: tuple[int, ...]
    white: float | None
    is_in_strips: bool
    stamp: tuple[int, int]

    @classmethod
    def of(
        cls, path: Path, levels: list[TiffLevel], reduced: int, white: float | None
    ) -> TiffPicture | None:
        """Describe an open tif, of which a reduced copy was made; None if too slow.

        Parameters
        ----------
        path, levels
            The file.
        reduced
            Full-resolution pixels along the side of a pixel of the copy.
        white
            See above.
        """
        first = levels[0]
        if first.piece_bytes > _LARGEST_PIECE or min(first.size) < reduced:
            return None
        factors = [reduced]
        while factors[0] > 1:
            factors.insert(0, factors[0] // 2 if factors[0] % 2 == 0 else 1)
        in_strips = first.piece[1] >= first.size[1]
        return cls(path, first.size, tuple(factors), white, in_strips, _stamp(path))

    @property
    def name(self) -> str:
        """Name of the file."""
        return self.path.name

    def piece(self, factor: int) -> tuple[int, int]:
        """Rows and columns of the parts that are best read at once."""
        wide = self.is_in_strips
        return (_STRIP, self.shape[1] // factor) if wide else (_SIDE, _SIDE)

    @contextmanager
    def opened(self) -> Iterator[TiffReader]:
        """Open the file for some readings.

        Raises
        ------
        ReadError
            If it is gone, or another one than it was.
        """
        where = f"the picture {self.name}"
        try:
            changed = _stamp(self.path) != self.stamp
        except OSError as error:
            msg = f"{where} cannot be found any more: {said(error)} ({self.path})"
            raise ReadError(msg) from error
        if changed:
            msg = f"{where} was changed since it was opened; open it again"
            raise ReadError(msg)
        with from_library(where), tiff_levels(self.path) as levels:
            yield TiffReader(levels, self.white, self.name)


class TiffReader:
    """Reads parts of an open tif; implements `PictureReader`."""

    def __init__(self, levels: list[TiffLevel], white: float | None, name: str) -> None:
        self._levels, self._white, self._name = levels, white, name

    def read(self, factor: int, rows: slice, cols: slice) -> NDArray[np.uint8]:
        """Colours of a part, shape (row, col, 3).

        Raises
        ------
        ReadError
            If this part of the file is damaged.
        """
        level = max(
            (each for each in self._levels if factor % each.factor == 0),
            key=lambda each: each.factor,
        )
        step = factor // level.factor
        try:
            part = averaged(level, step, rows, cols)
        except DAMAGE as error:
            msg = f"a part of the picture {self._name} cannot be read: {said(error)}"
            raise ReadError(msg) from error
        return as_bytes(part, self._white)


def averaged(level: TiffLevel, step: int, rows: slice, cols: slice) -> NDArray[Any]:
    """Mean over squares of ``step`` pixels, shape (row, col, channel).

    Read band by band, so that memory stays bounded. Squares that reach over the edge
    have the mean of what is there.

    Parameters
    ----------
    level
        Of which file.
    step
        Side of a square.
    rows, cols
        Which squares.
    """
    n_rows, n_cols = level.size
    wide = slice(cols.start * step, min(cols.stop * step, n_cols))
    at_once = max(level.piece[0], BAND_BYTES // max(1, (wide.stop - wide.start) * 16))
    height = max(1, -(-at_once // step))
    bands = []
    for first in range(rows.start, rows.stop, height):
        last = min(first + height, rows.stop)
        tall = slice(first * step, min(last * step, n_rows))
        bands.append(_mean_of(level.block(tall, wide), step))
    return np.concatenate(bands)


def _mean_of(band: NDArray[Any], step: int) -> NDArray[Any]:
    """Mean over squares, in the type of the band."""
    if step == 1:
        return np.array(band)
    whole = band.dtype.kind == "u"
    fits = whole and np.iinfo(band.dtype).max * step**2 <= np.iinfo(np.uint32).max
    kind = np.uint32 if fits else np.float64
    total, n_rows = _added_up(band, step, 0, kind)
    total, n_cols = _added_up(total, step, 1, kind)
    mean = total / (n_rows[:, None, None] * n_cols[None, :, None])
    found: NDArray[Any] = np.rint(mean) if band.dtype.kind in "iu" else mean
    return found.astype(band.dtype)


def _added_up(
    values: NDArray[Any], step: int, axis: int, kind: type
) -> tuple[NDArray[Any], NDArray[np.float32]]:
    """Sums of ``step`` values along an axis, in a type, and how many each is made of.

    Many small steps over the whole array: several times as fast as one sum a square.
    """
    values = np.moveaxis(values, axis, 0)
    size = len(values)
    total = np.zeros((-(-size // step), *values.shape[1:]), kind)
    for first in range(min(step, size)):
        part = values[first::step]
        total[: len(part)] += part
    counted = np.full(len(total), step, np.float32)
    counted[-1] = size - step * (len(total) - 1)
    return np.moveaxis(total, 0, axis), counted


def _stamp(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_size, found.st_mtime_ns
