"""How a picture is moved, as a short text for command lines and files."""

from __future__ import annotations

import math

from napari_stentrans.section.image import Alignment

_MIRRORED = "mirrored"
_NUMBERS = ("turn", "scale", "right", "down")
EXAMPLE = "mirrored turn=90 scale=1.1 right=120 down=-40"
"""Of the text: all its words, any of which may be left out."""


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
