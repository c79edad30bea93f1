"""Pictures of tissue, made ready to show: three channels of bytes, of bounded size."""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from napari_stentrans import keys
from napari_stentrans.io.files.limits import GIGABYTE, memory_limit
from napari_stentrans.io.files.text import is_gzipped
from napari_stentrans.io.pictures.brightness import as_bytes, white_of
from napari_stentrans.section.image import TissueImage

LONGEST_SIDE = 4096
"""Larger pictures are shown (and written out) reduced, to spare memory."""
_MOST_UNPACKED = 1 << 28
"""Bytes of a picture that was gzipped."""
_PLAIN = ("L", "RGB")
_PLAIN_BYTES, _MOST_BYTES = 4, 24
"""Memory that a pixel takes at the most: a plain one, and one that is copied."""
_ONE_AT_A_TIME = Lock()
_HIGHEST, _HIGHEST_IN_16_BITS = 255, 65535


def picture_size(path: Path) -> tuple[int, int]:
    """(width, height) of a picture file in pixels."""
    with _scan(path) as picture:
        return picture.size


def read_image(path: Path, scale: float, name: str) -> TissueImage:
    """Read a picture file, reduced where it is very large.

    Parameters
    ----------
    path
        A png, jpg, tif or other picture.
    scale
        Pixels of the file per full-resolution pixel.
    name
        What to call it.

    Raises
    ------
    OSError, SyntaxError, ValueError
        If the picture is damaged, or does not fit into memory.
    """
    with _scan(_unpacked(path)) as picture:
        width = picture.width
        picture.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))  # jpg: decode it smaller
        _check_memory(picture)
        step = -(-max(picture.size) // LONGEST_SIDE)
        if picture.mode.startswith(("I", "F")):  # more than eight bits a pixel
            data = image_from_array(np.array(picture)[::step, ::step], 1.0, name).data
        else:
            data = np.array(_reduced(picture, step), dtype=np.uint8)
    return TissueImage(data, scale * data.shape[1] / width, name)


@contextmanager
def _scan(file: Path | io.BytesIO) -> Iterator[Image.Image]:
    """Open a picture of any size: large scans are meant.

    The size beyond which pillow warns and refuses is the same for the whole program, so
    one picture is read after the other.
    """
    with _ONE_AT_A_TIME:
        most, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
        try:
            with Image.open(file) as picture:
                yield picture
        finally:
            Image.MAX_IMAGE_PIXELS = most


def _check_memory(picture: Image.Image) -> None:
    """Refuse what would not fit, before it is read.

    Raises
    ------
    ValueError
        Saying how large it is, and what to do.
    """
    width, height = picture.size
    need = width * height * (_PLAIN_BYTES if _is_plain(picture) else _MOST_BYTES)
    allowed = memory_limit()
    if need > allowed:
        msg = (
            f"its {width:,} by {height:,} pixels would take {need / GIGABYTE:,.1f} GB "
            f"of memory, and {allowed / GIGABYTE:,.1f} GB are allowed on this machine; "
            "save it as a tif in tiles"
        )
        raise ValueError(msg)


def _unpacked(path: Path) -> Path | io.BytesIO:
    """Return what pillow can open: the file, or what it holds if it is gzipped."""
    if not is_gzipped(path):
        return path
    with gzip.open(path) as packed:
        found = packed.read(_MOST_UNPACKED + 1)
    if len(found) > _MOST_UNPACKED:
        msg = f"it unpacks to more than {_MOST_UNPACKED >> 20} MB"
        raise ValueError(msg)
    return io.BytesIO(found)


def _reduced(picture: Image.Image, step: int) -> Image.Image:
    """Three channels, averaged over squares; copies are made of the small one."""
    if step == 1:
        return _on_white(picture)
    if _is_plain(picture):
        return _on_white(picture.reduce(step))
    return _on_white(picture).reduce(step)


def _is_plain(picture: Image.Image) -> bool:
    return picture.mode in _PLAIN and not picture.has_transparency_data


def _on_white(picture: Image.Image) -> Image.Image:
    """Three channels; what is transparent is as bright as the slide."""
    if not picture.has_transparency_data:
        return picture.convert("RGB")
    layered = picture.convert("RGBA")
    ground = Image.new("RGBA", layered.size, "white")
    return Image.alpha_composite(ground, layered).convert("RGB")


def image_from_array(array: Any, scale: float, name: str) -> TissueImage:
    """Make an image of an array (row, col[, channel]).

    Of bytes, 16 bits, shares 0 to 1 or truths: what its highest value tells, as numbers
    of each are kept in arrays of other types. Of 16 bits, the brightest are white.

    Raises
    ------
    ValueError
        If it is no picture.
    """
    data: NDArray[np.generic] = np.asarray(array)
    if data.ndim == 2:
        data = np.repeat(data[..., None], 3, axis=2)
    if data.ndim != 3 or data.shape[2] not in (3, 4) or 0 in data.shape:
        msg = f"an array of shape {data.shape} is no picture"
        raise ValueError(msg)
    return TissueImage(_bytes_of(data[..., :3]), float(scale), name)


def _bytes_of(data: NDArray[Any]) -> NDArray[np.uint8]:
    if data.dtype.kind == "b":
        return data.astype(np.uint8) * np.uint8(_HIGHEST)
    if data.dtype.kind == "f":
        data = np.nan_to_num(data)
    highest = data.max()
    if data.dtype.kind == "f" and highest <= 1:
        data = data * _HIGHEST
    elif highest > _HIGHEST_IN_16_BITS:
        msg = f"values of up to {highest:g} are no colours"
        raise ValueError(msg)
    elif highest > _HIGHEST:
        return as_bytes(data, white_of(data))
    found: NDArray[np.uint8] = np.clip(data, 0, _HIGHEST).astype(np.uint8)
    return found


def image_from_library(
    library: Mapping[str, Any], notes: list[str]
) -> TissueImage | None:
    """Best usable image of an entry of ``uns["spatial"]``; notes say what is not."""
    if is_blank(library):
        return None
    images = library.get("images")
    for resolution in ("hires", "lowres"):
        if not isinstance(images, Mapping) or resolution not in images:
            continue
        scale = scale_factor(library, f"tissue_{resolution}_scalef")
        if scale is None:
            notes.append(
                f"The {resolution} image has no scale factor and is not shown."
            )
            continue
        try:
            return image_from_array(images[resolution], scale, resolution)
        except (ValueError, TypeError) as error:
            notes.append(f"The {resolution} image is not shown: {error}.")
    return None


def is_blank(library: Mapping[str, Any]) -> bool:
    """Whether the image is the white paper that enhanced sections without one carry."""
    metadata = library.get("metadata")
    return isinstance(metadata, Mapping) and bool(metadata.get(keys.BLANK_IMAGE, False))


def scale_factor(library: Mapping[str, Any], name: str) -> float | None:
    """A positive number among an entry's ``scalefactors``, or None."""
    factors = library.get("scalefactors")
    value = factors.get(name) if isinstance(factors, Mapping) else None
    try:
        number = float(np.asarray(value, dtype=np.float64).item())
    except (TypeError, ValueError):
        return None
    return number if 0 < number < np.inf else None


def misfit_note(image: TissueImage, pixel_xy: NDArray[np.float64]) -> list[str]:
    """Note spots that lie off their image, which shows a wrong scale."""
    at = image.pixels_at(pixel_xy)
    outside = ((at < 0) | (at > image.data.shape[:2])).any(axis=1)
    if not len(at) or outside.mean() < 0.02:
        return []
    return [
        f"{outside.sum()} of {len(at)} spots lie outside the {image.name} image: its "
        "scale factor may be wrong. Check the alignment before trusting it."
    ]
