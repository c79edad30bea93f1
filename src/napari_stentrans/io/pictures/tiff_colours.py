"""What the values of a tif mean as colours. Knows no sizes and no parts.

They may be inks, places in a palette, or tell how dark it is, and some are transparent.
They become colours before anything is averaged: means of places in a palette are none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

_WHITE_IS_ZERO, _RGB, _PALETTE, _INKS, _YCBCR, _LAB = 0, 2, 3, 5, 6, 8
_CHANNELS: Final[dict[int | None, int]] = {
    _RGB: 3,
    _PALETTE: 1,
    _INKS: 4,
    _YCBCR: 3,
    _LAB: 3,
}
"""Of each kind of colours; grey has one."""
_IN_PILLOW: Final = {_INKS: "CMYK", _YCBCR: "YCbCr", _LAB: "LAB"}
_NOT_SHOWN: Final = {9, 10, 32803, 32844, 32845}
"""Other codes of Lab, the mosaic of a camera's sensor, logarithms of light."""
_KEEPS_VALUES: Final = {1, 5, 8, 32773, 32946, 34925, 50000}
"""Ways of packing: of all others (jpeg ...) YCbCr comes back as red, green and blue."""
_PREMULTIPLIED, _TRANSPARENCY = 1, 2
_INK_SET, _IS_CMYK = 332, 1
_PHOTOMETRIC = 262


@dataclass(frozen=True, eq=False)
class TiffColours:
    """How the values of a tif are to be taken.

    Attributes
    ----------
    kind
        What they are, by the number that the format gives it; None if it does not say.
    bits
        Of each value.
    n_samples
        Values of each pixel.
    transparency
        1 or 2 if a value after the colours tells of it: with 1 they are multiplied by
        it already. Otherwise 0.
    palette : ndarray of uint8, shape (place, 3), optional
        Red, green and blue.
    """

    kind: int | None
    bits: int
    n_samples: int
    transparency: int = 0
    palette: NDArray[np.uint8] | None = None

    @classmethod
    def of(cls, page: Any) -> TiffColours:
        """Read what a page of a tif says.

        Raises
        ------
        ValueError
            If its colours cannot be shown.
        """
        kind = int(page.photometric) if _PHOTOMETRIC in page.tags else None
        if kind == _YCBCR and int(page.compression) not in _KEEPS_VALUES:
            kind = _RGB
        n_samples, bits = int(page.samplesperpixel), int(page.bitspersample)
        if kind in _NOT_SHOWN or (kind in _IN_PILLOW and not _can_be_told(page, kind)):
            name = getattr(page.photometric, "name", kind)
            msg = (
                f"its colours are {name} with {n_samples} values of {bits} bits a "
                "pixel, which are not known here; save it as RGB"
            )
            raise ValueError(msg)
        extra = tuple(map(int, page.extrasamples))
        is_after = len(extra) == n_samples - _CHANNELS.get(kind, 1)
        known = (_PREMULTIPLIED, _TRANSPARENCY)
        transparency = extra[0] if extra and is_after and extra[0] in known else 0
        palette = palette_of(page) if kind == _PALETTE else None
        return cls(kind, bits, n_samples, transparency, palette)

    def shown(self, values: NDArray[Any]) -> NDArray[Any]:
        """Grey, or red, green and blue, on white, shape (row, col, channel).

        Parameters
        ----------
        values : ndarray, shape (row, col, sample)
            As the file has them. Bytes stay bytes, and light that was counted in more
            bits stays as it is.
        """
        on_pages = values.shape[2] != self.n_samples
        if on_pages or (self.kind not in _CHANNELS and not self.transparency):
            return self._grey(values)  # any number of channels
        n_colours = _CHANNELS.get(self.kind, 1)
        colours = self._coloured(values[..., :n_colours])
        if not self.transparency or values.dtype.kind != "u":
            return colours
        covered = values[..., n_colours : n_colours + 1].astype(np.float32)
        covered /= 2**self.bits - 1
        return _on_white(colours, covered, premultiplied=self.transparency == 1)

    def _coloured(self, values: NDArray[Any]) -> NDArray[Any]:
        if self.palette is not None:
            coloured: NDArray[np.uint8] = self.palette[values[..., 0]]
            return coloured
        if self.kind not in _IN_PILLOW:
            return self._grey(values)
        bytes_ = (values >> (self.bits - 8)).astype(np.uint8)
        size = bytes_.shape[1::-1]
        picture = Image.frombytes(_IN_PILLOW[self.kind], size, bytes_.tobytes())
        return np.asarray(picture.convert("RGB"))

    def _grey(self, values: NDArray[Any]) -> NDArray[Any]:
        """Brightness, from less than a byte to the range of bytes."""
        if values.dtype.kind == "b":
            values = values.astype(np.uint8)
        if values.dtype.kind != "u":
            return values
        top = 2**self.bits - 1
        if self.kind == _WHITE_IS_ZERO:
            values = values.dtype.type(top) - values
        if self.bits >= 8:
            return values
        return np.rint(values * np.float32(255 / top)).astype(np.uint8)


def _can_be_told(page: Any, kind: int) -> bool:
    """Whether values are such as pillow knows, of eight bits or twice as many."""
    is_whole = page.dtype.kind == "u" and page.bitspersample in (8, 16)
    n_colours = page.samplesperpixel - len(page.extrasamples)
    is_cmyk = kind != _INKS or page.tags.valueof(_INK_SET, _IS_CMYK) == _IS_CMYK
    return is_whole and is_cmyk and n_colours == _CHANNELS[kind]


def palette_of(page: Any) -> NDArray[np.uint8]:
    """Red, green and blue of each number of a tif's palette, shape (colour, 3).

    Raises
    ------
    ValueError
        If it has none.
    """
    if page.colormap is None:
        msg = "its palette is missing; save it as RGB"
        raise ValueError(msg)
    palette = np.asarray(page.colormap).T
    # some programs write bytes, where the format asks for 16 bits
    return (palette >> (8 if palette.max() > 255 else 0)).astype(np.uint8)


def _on_white(
    colours: NDArray[Any], covered: NDArray[np.float32], *, premultiplied: bool
) -> NDArray[Any]:
    """Lay colours, of which so large a share is there, on a white slide."""
    if (covered == 1).all():
        return colours
    top = np.iinfo(colours.dtype).max
    there = colours if premultiplied else colours * covered
    mixed = np.clip(np.rint(there + top * (1 - covered)), 0, top)
    found: NDArray[Any] = mixed.astype(colours.dtype)
    return found
