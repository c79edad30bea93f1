"""The sizes of a picture that a tif holds, read part by part. No more than pixels.

A pyramid (OME-TIFF, BigTIFF, svs ...) holds several; any other tif one. Nothing is
unpacked but the strips or tiles that a part lies in.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from napari_stentrans.io.files.limits import LARGEST_RATIO, SMALL
from napari_stentrans.io.pictures.tiff_colours import TiffColours

_LARGEST_PIECE: Final = 1 << 31
"""Bytes that a single strip or tile of a file may unpack to."""
_LARGEST_RATIO: Final = 4 * LARGEST_RATIO
"""Values a stored byte: blank tiles are packed tightly, or left out."""
_AXES = "YXSC"


@dataclass(eq=False)
class TiffLevel:
    """One size of a picture.

    Attributes
    ----------
    factor
        Full-resolution pixels along the side of one of its own.
    axes
        Of the file's array, such as "YXS" or "CYX".
    shape
        Of the file's array.
    piece
        Rows and columns that are packed together; (1, 1) if nothing is packed.
    piece_bytes
        What they unpack to.
    colours
        What its values mean.
    """

    factor: int
    axes: str
    shape: tuple[int, ...]
    piece: tuple[int, int]
    piece_bytes: int
    colours: TiffColours
    _series: Any
    _number: int
    _path: Path
    _array: Any = None

    @property
    def size(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.along("Y"), self.along("X")

    @property
    def n_channels(self) -> int:
        """Channels of each pixel, of which three or four are colours."""
        return self.along("S") * self.along("C")

    @property
    def is_packed(self) -> bool:
        """Whether parts have to be unpacked."""
        return self.piece_bytes > 0

    def along(self, axis: str) -> int:
        """How long the array is in this direction; 1 if it has no such one."""
        return int(self.shape[self.axes.index(axis)]) if axis in self.axes else 1

    def block(self, rows: slice, cols: slice) -> NDArray[Any]:
        """Part of the picture, shape (row, col, channel), in grey or colours.

        Of stacks, the plane in the middle; of many channels, the first: three or four
        are taken for colours.
        """
        if self._array is None:
            self._array = self._opened()
        wanted: dict[str, Any] = {"Y": rows, "X": cols, "Z": self.along("Z") // 2}
        wanted["S"] = slice(None)
        wanted["C"] = slice(None) if self.n_channels in (3, 4) else slice(0, 1)
        found = np.asarray(self._array[tuple(wanted.get(a, 0) for a in self.axes)])
        kept = [axis for axis in self.axes if axis in _AXES]
        for axis in "SC":
            if axis not in kept:
                continue
            found = np.moveaxis(found, kept.index(axis), -1)
            kept.remove(axis)
            kept.append(axis)
        return self.colours.shown(found.reshape(*found.shape[:2], -1))

    def close(self) -> None:
        """Let go of the file, which whoever holds the level would keep open."""
        self._array = None

    def _opened(self) -> Any:
        import tifffile
        import zarr

        if not self.is_packed:
            return tifffile.memmap(self._path, series=0, level=self._number, mode="r")
        return zarr.open(self._series.aszarr(level=self._number), mode="r")


@contextmanager
def tiff_levels(path: Path) -> Iterator[list[TiffLevel]]:
    """Open a tif for as long as its levels are read, the largest first.

    Sizes that are no whole fraction of the largest are passed over: it is not known
    what their pixels were made of.

    Raises
    ------
    ValueError
        If it holds no picture, or one that cannot be unpacked in parts.
    """
    import tifffile

    with _quiet(), tifffile.TiffFile(path) as file:
        series = file.series[0]
        listed = [
            _level(path, series, number, each)
            for number, each in enumerate(series.levels)
        ]
        first = listed[0]
        _check_held(first, path)
        for level in listed:
            level.factor = round(max(first.size) / max(1, *level.size))
        try:
            yield [level for level in listed if _is_whole(level, first)]
        finally:
            for level in listed:
                level.close()


def _check_held(level: TiffLevel, path: Path) -> None:
    """Refuse a damaged size, which so small a file cannot hold."""
    n_values = float(np.prod([float(length) for length in level.shape]))
    stored = path.stat().st_size
    if n_values > SMALL + _LARGEST_RATIO * stored:
        rows, cols = level.size
        msg = (
            f"it declares {cols:,} by {rows:,} pixels, but holds {stored:,} bytes: it "
            "is cut off or damaged"
        )
        raise ValueError(msg)


def _is_whole(level: TiffLevel, first: TiffLevel) -> bool:
    pairs = zip(first.size, level.size, strict=True)
    return all(abs(whole / level.factor - part) <= 1 for whole, part in pairs)


def _level(path: Path, series: Any, number: int, level: Any) -> TiffLevel:
    if "Y" not in level.axes or "X" not in level.axes:
        msg = f"it holds no picture (its axes are {level.axes or 'none'})"
        raise ValueError(msg)
    piece, n_bytes = (1, 1), 0
    page = level.keyframe
    if level.dataoffset is None or not page.is_memmappable:
        if page.is_tiled:
            piece = (int(page.tilelength), int(page.tilewidth))
        else:
            rows = min(int(page.rowsperstrip), int(page.imagelength))
            piece = (rows, int(page.imagewidth))
        n_bytes = piece[0] * piece[1] * page.samplesperpixel * page.dtype.itemsize
        if n_bytes > _LARGEST_PIECE:
            msg = (
                f"{path.name} is packed in one piece of {n_bytes / 1e9:.1f} GB; save "
                "it in tiles"
            )
            raise ValueError(msg)
    shape = tuple(map(int, level.shape))
    colours = TiffColours.of(page)
    return TiffLevel(
        1, level.axes, shape, piece, n_bytes, colours, series, number, path
    )


@contextmanager
def _quiet() -> Iterator[None]:
    """Say nothing of what the library mends or passes over by itself."""
    logger = logging.getLogger("tifffile")
    before, logger.disabled = logger.disabled, True
    try:
        yield
    finally:
        logger.disabled = before
