"""How a person moves a picture, and the same as a short text for files and commands."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from napari_stentrans.section.lattice import FloatArray

_FLIP = np.diag([-1.0, 1.0])
_MIRRORED = "mirrored"
_NUMBERS = ("turn", "scale", "right", "down")
EXAMPLE = "mirrored turn=90 scale=1.1 right=120 down=-40"
"""Of the text: all its words, any of which may be left out."""


@dataclass(frozen=True)
class Alignment:
    """How a picture is moved: mirrored, turned and scaled about its middle, shifted.

    Attributes
    ----------
    mirrored
        Whether left and right are exchanged, before anything else.
    turn
        Degrees clockwise, above -180 and up to 180.
    scale
        Times its size.
    shift_xy
        To the right and down, in full-resolution pixels.
    """

    mirrored: bool = False
    turn: float = 0.0
    scale: float = 1.0
    shift_xy: tuple[float, float] = (0.0, 0.0)

    @property
    def is_none(self) -> bool:
        """Whether the picture stays where its file puts it."""
        return self == Alignment()

    def turned(self, degrees: float) -> Alignment:
        """Turn what is seen, clockwise."""
        return replace(self, turn=_normal(self.turn + degrees))

    def flipped_left_right(self) -> Alignment:
        """Exchange left and right of what is seen."""
        return replace(self, mirrored=not self.mirrored, turn=_normal(-self.turn))

    def flipped_up_down(self) -> Alignment:
        """Exchange top and bottom of what is seen."""
        return self.flipped_left_right().turned(180.0)

    def matrix(self, middle_xy: FloatArray) -> FloatArray:
        """Map of (x, y, 1) before to (x, y, 1) after, shape (3, 3)."""
        angle = np.deg2rad(self.turn)
        cosine, sine = np.cos(angle), np.sin(angle)
        linear = self.scale * np.array([[cosine, -sine], [sine, cosine]])
        if self.mirrored:
            linear = linear @ _FLIP
        found = np.eye(3)
        found[:2, :2] = linear
        found[:2, 2] = middle_xy - linear @ middle_xy + np.asarray(self.shift_xy)
        return found


def alignment_text(alignment: Alignment) -> str:
    """Write down how a picture is moved; "" where it is not."""
    words = [_MIRRORED] if alignment.mirrored else []
    values = (alignment.turn, alignment.scale, *alignment.shift_xy)
    for name, value, usual in zip(_NUMBERS, values, (0.0, 1.0, 0.0, 0.0), strict=True):
        if value != usual:
            words.append(f"{name}={float(value)!r}")
    return " ".join(words)


def alignment_of(text: str) -> Alignment:
    """Read what `alignment_text` wrote, or a person.

    Raises
    ------
    ValueError
        Saying which word means nothing.
    """
    numbers = {"turn": 0.0, "scale": 1.0, "right": 0.0, "down": 0.0}
    mirrored = False
    for word in text.replace(",", " ").split():
        name, _, value = word.partition("=")
        if word == _MIRRORED:
            mirrored = True
        elif name in numbers:
            numbers[name] = _number(word, value)
        else:
            msg = f"{word!r} says nothing; write for example {EXAMPLE!r}"
            raise ValueError(msg)
    if numbers["scale"] <= 0:
        msg = f"scale must be above 0, not {numbers['scale']:g}"
        raise ValueError(msg)
    shift_xy = (numbers["right"], numbers["down"])
    return Alignment(mirrored, 0.0, numbers["scale"], shift_xy).turned(numbers["turn"])


def _number(word: str, value: str) -> float:
    try:
        found = float(value)
    except ValueError:
        found = math.nan
    if not math.isfinite(found):
        msg = f"{word!r} needs a number behind the sign; write for example {EXAMPLE!r}"
        raise ValueError(msg)
    return found


def _normal(degrees: float) -> float:
    """Return the same direction, above -180 and up to 180."""
    return 180.0 - (180.0 - degrees) % 360.0
