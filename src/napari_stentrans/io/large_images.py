"""Full-resolution pictures of the tissue, read reduced so that memory stays bounded.

A pyramid (OME-TIFF, BigTIFF, svs ...) is read at its smallest level that is large
enough; without one, or where the level is still larger, the picture is averaged over
squares band by band, so that it never lies in memory whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_stentrans.errors import InvalidRequestError, ReadError
from napari_stentrans.io.damage import DAMAGE, said
from napari_stentrans.io.images import misfit_note, read_image
from napari_stentrans.section.section import Section, TissueImage

LONGEST_SIDE = 4096
"""Pixels of the longer side of what is kept."""
_BAND_BYTES = 1 << 26
_LARGEST_PIECE = 1 << 31
"""Bytes that a single strip or tile of a file may unpack to."""
_SAME_SIZE = 0.01
"""Sizes that differ by less than this share are taken for the same."""
_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


def with_picture(section: Section, path: Path) -> Section:
    """Return the section with this picture instead of its own.

    The picture is taken for the full-resolution one, in whose pixels the spots lie; or,
    where the section's own picture tells the full size, for a reduced copy of it if it
    is smaller.

    Raises
    ------
    InvalidRequestError
        If the section has no pixel positions, which could be laid on a picture.
    ReadError
        If the picture is none, or damaged.
    """
    if section.pixel_xy is None:
        msg = (
            f"{section.name} has no pixel positions, so no picture can be laid under "
            "its spots; leave the image out"
        )
        raise InvalidRequestError(msg)
    image = read_picture(path)
    full_width = _full_width(section.image)
    if full_width is not None:
        width = image.data.shape[1] / image.scale
        ratio = width / full_width
        if abs(ratio - 1) > _SAME_SIZE:  # a copy of another size
            image = replace(image, scale=image.scale * ratio)
    notes = (*section.notes, *misfit_note(image, section.pixel_xy))
    return replace(section, image=image, notes=notes)


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
    path = Path(path).expanduser()
    try:
        with path.open("rb") as file:
            is_tiff = file.read(4) in _TIFF
        if is_tiff:
            return _read_tiff(path, longest_side)
        return read_image(path, 1.0, path.stem)
    except DAMAGE as error:
        need = str(error)
        hint = (
            ' Install the extra: pip install "napari-stentrans[images]".'
            if "imagecodecs" in need
            else ""
        )
        msg = f"the picture {path.name} cannot be read: {said(error)}.{hint}"
        raise ReadError(msg) from error


@dataclass(frozen=True)
class _Level:
    """One size of a picture, as an array that is read piece by piece."""

    array: Any
    axes: str

    @property
    def size(self) -> tuple[int, int]:
        """Rows and columns."""
        return self._along("Y"), self._along("X")

    def band(self, first: int, last: int) -> NDArray[Any]:
        """Rows of the picture, shape (row, col, channel)."""
        at = tuple(
            slice(first, last) if axis == "Y" else slice(None) if axis in "XSC" else 0
            for axis in self.axes
        )
        kept = [axis for axis in self.axes if axis in "YXSC"]
        found = np.asarray(self.array[at])
        for axis in "SC":
            if axis not in kept:
                continue
            found = np.moveaxis(found, kept.index(axis), -1)
            kept.remove(axis)
            kept.append(axis)
        return found.reshape(*found.shape[:2], -1)

    def _along(self, axis: str) -> int:
        return int(self.array.shape[self.axes.index(axis)])


def _read_tiff(path: Path, longest_side: int) -> TissueImage:
    import tifffile
    import zarr

    with tifffile.TiffFile(path) as file:
        series = file.series[0]
        _, full_cols = _yx(series)
        level = max(
            (
                at
                for at, each in enumerate(series.levels)
                if max(_yx(each)) >= longest_side
            ),
            default=0,
        )
        chosen = series.levels[level]
        _check_pieces(path, chosen.keyframe)
        if chosen.dataoffset is not None and chosen.keyframe.is_memmappable:
            array: Any = tifffile.memmap(path, series=0, level=level, mode="r")
        else:
            array = zarr.open(series.aszarr(level=level), mode="r")
        source = _Level(array, chosen.axes)
        rows, cols = source.size
        step = max(1, -(-max(rows, cols) // longest_side))
        reduced = _averaged(source, step)
    scale = cols / full_cols / step
    return TissueImage(_as_bytes(reduced), scale, path.stem)


def _yx(series: Any) -> tuple[int, int]:
    axes = series.axes
    if "Y" not in axes or "X" not in axes:
        msg = f"it holds no picture (its axes are {axes or 'none'})"
        raise ValueError(msg)
    return int(series.shape[axes.index("Y")]), int(series.shape[axes.index("X")])


def _check_pieces(path: Path, page: Any) -> None:
    """Refuse a file that is packed in one piece too large to unpack."""
    if page.is_memmappable:
        return
    rows, cols = (
        (page.tilelength, page.tilewidth)
        if page.is_tiled
        else (page.rowsperstrip, page.imagewidth)
    )
    n_bytes = min(rows, page.imagelength) * cols * page.samplesperpixel
    if n_bytes * page.dtype.itemsize > _LARGEST_PIECE:
        msg = (
            f"{path.name} is packed in one piece of {n_bytes / 1e9:.1f} thousand "
            "million values; save it in tiles"
        )
        raise ValueError(msg)


def _averaged(source: _Level, step: int) -> NDArray[Any]:
    """Mean over squares of ``step`` pixels, shape (row, col, channel).

    Squares that reach over the edge have the mean of what is there.
    """
    rows, cols = source.size
    bands = [_mean_of(band, step) for band in _bands(source, rows, cols, step)]
    return np.concatenate(bands)


def _bands(source: _Level, rows: int, cols: int, step: int) -> Iterator[NDArray[Any]]:
    """Yield a few whole rows of squares at a time."""
    piece = getattr(source.array, "chunks", source.array.shape)
    at_once = (
        1 if isinstance(source.array, np.memmap) else piece[source.axes.index("Y")]
    )
    wanted = max(at_once, _BAND_BYTES // (cols * 16))  # no piece is unpacked often
    height = step * max(1, -(-wanted // step))
    for first in range(0, rows, height):
        yield source.band(first, min(first + height, rows))


def _mean_of(band: NDArray[Any], step: int) -> NDArray[Any]:
    """Mean over squares, in the type of the band."""
    if step == 1:
        return np.array(band)
    firsts = [np.arange(0, size, step) for size in band.shape[:2]]
    total = np.add.reduceat(band, firsts[0], axis=0, dtype=np.float32)
    total = np.add.reduceat(total, firsts[1], axis=1)
    n_rows, n_cols = (
        np.diff(np.append(first, size)).astype(np.float32)
        for first, size in zip(firsts, band.shape[:2], strict=True)
    )
    mean = total / (n_rows[:, None, None] * n_cols[None, :, None])
    found: NDArray[Any] = np.rint(mean) if band.dtype.kind in "iu" else mean
    return found.astype(band.dtype)


def _as_bytes(picture: NDArray[Any]) -> NDArray[np.uint8]:
    """Three channels of bytes; what is no colour picture is shown by its first one."""
    colours = picture[..., :3] if picture.shape[2] in (3, 4) else picture[..., :1]
    if colours.dtype != np.uint8:
        values = np.nan_to_num(colours.astype(np.float32))
        top = float(np.percentile(values, 99.9)) or float(values.max()) or 1.0
        colours = np.clip(np.rint(values * (255.0 / top)), 0, 255).astype(np.uint8)
    return np.repeat(colours, 3, axis=2) if colours.shape[2] == 1 else colours


def _full_width(image: TissueImage | None) -> float | None:
    return None if image is None else image.data.shape[1] / image.scale
