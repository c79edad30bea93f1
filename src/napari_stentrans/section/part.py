"""A part of a section: the spots within a box, to work on them alone."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from napari_stentrans.errors import InvalidRequestError
from napari_stentrans.section.lattice import FloatArray
from napari_stentrans.section.section import Section

EXAMPLE: Final = "1000,500,4000,2500"
_FORM: Final = f"four numbers x0,y0,x1,y1 such as {EXAMPLE}, x0 <= x1 and y0 <= y1"

_FINEST: Final = 1e-9
"""Of a position: what is smaller gets lost in rounding."""


@dataclass(frozen=True)
class Box:
    """An upright rectangle, edges included, in the units of `positions_xy`.

    Attributes
    ----------
    x0, y0, x1, y1
        Its edges.

    Raises
    ------
    InvalidRequestError
        If they are no numbers, or in the wrong order.
    """

    x0: float
    y0: float
    x1: float
    y1: float

    def __post_init__(self) -> None:
        if not (self.x0 <= self.x1 and self.y0 <= self.y1):  # nor may any be NaN
            msg = f"box {self} is none: give {_FORM}"
            raise InvalidRequestError(msg)

    def __str__(self) -> str:
        edges = (self.x0, self.y0, self.x1, self.y1)
        return ",".join(repr(float(each)).removesuffix(".0") for each in edges)

    @classmethod
    def of(cls, given: str | Iterable[float]) -> Box:
        """Make one of text, or of four numbers."""
        try:
            edges = given.split(",") if isinstance(given, str) else list(given)
            x0, y0, x1, y1 = map(float, edges)
        except (TypeError, ValueError):
            msg = f"box {given!r} is none: give {_FORM}"
            raise InvalidRequestError(msg) from None
        return cls(x0, y0, x1, y1)

    @classmethod
    def around(cls, xy: FloatArray) -> Box:
        """Return the smallest that holds these positions (x, y), one or more."""
        (x0, y0), (x1, y1) = xy.min(axis=0).tolist(), xy.max(axis=0).tolist()
        return cls(x0, y0, x1, y1)

    def rounded(self) -> Box:
        """Return one that is larger by less than a thousandth, in shorter numbers."""
        largest = max(1.0, *map(abs, (self.x0, self.y0, self.x1, self.y1)))
        side = max(self.x1 - self.x0, self.y1 - self.y0, _FINEST * largest)
        decimals = 3 - math.floor(math.log10(side))
        step = 10.0**-decimals
        low = (math.floor(each / step) * step for each in (self.x0, self.y0))
        high = (math.ceil(each / step) * step for each in (self.x1, self.y1))
        return Box(*(round(each, decimals) for each in (*low, *high)))

    def holds(self, xy: FloatArray) -> NDArray[np.bool_]:
        """Whether it holds each position (x, y)."""
        low, high = np.array([self.x0, self.y0]), np.array([self.x1, self.y1])
        return np.asarray(((xy >= low) & (xy <= high)).all(axis=1), dtype=bool)


def positions_xy(section: Section) -> FloatArray:
    """Positions (x, y) as the file has them, shape (spot, 2).

    Full-resolution pixels, or the unit of the instrument; array_col and array_row of
    sections that have no others.
    """
    if section.pixel_xy is not None:
        return section.pixel_xy
    xy: FloatArray = section.array_rc[:, ::-1]
    return xy


def within(section: Section, box: Box) -> Section:
    """Return the spots of a section within a box, as a section with the whole picture.

    Notes tell that it is a part, and ``wishes`` how to read it again.

    Raises
    ------
    InvalidRequestError
        If there are none.
    """
    xy = positions_xy(section)
    held = box.holds(xy)
    if not held.any():
        msg = (
            f"no spot of {section.name} lies within the box {box}: they lie within "
            f"{Box.around(xy).rounded()}"
        )
        raise InvalidRequestError(msg)
    n_held = int(held.sum())
    note = (
        f"A part of the section: {n_held:,} of {len(held):,} spots, x {box.x0:.6g} to "
        f"{box.x1:.6g}, y {box.y0:.6g} to {box.y1:.6g}."
    )
    return replace(
        section.subset(held),
        wishes={**section.wishes, "box": str(box)},
        notes=(*section.notes, note),
    )
