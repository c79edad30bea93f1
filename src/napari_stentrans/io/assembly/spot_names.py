"""Names of spots in all their spellings, and those of one list found in another.

Knows no file format. Visium has the same barcodes on every slide, so names that differ
in the number of their capture (``-1``, ``-2``) are no proof of being the same spot.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from napari_stentrans.errors import ReadError
from napari_stentrans.io.files.many_names import (
    as_names,
    n_repeated,
    places_of,
    without_suffix,
)
from napari_stentrans.section.lattice import FloatArray, IntArray

_PLACE = r"X?(\d+(?:\.\d+)?)x(\d+(?:\.\d+)?)(?:_\d+)?"
"""As in 10x13, 10.95x9.04; R writes X10x13 for a column, Seurat adds _1."""
_BARCODE_OF_R = r"([ACGTN]{8,})\.(\d+)"
"""R writes AAAC.1 for AAAC-1 in the header of a table."""
_CAPTURE = r"(?P<end>-\d+)$"


def parse_spot(name: str) -> tuple[float, float] | None:
    """Return both numbers of a spot name, or None if it is no such name."""
    found = re.fullmatch(_PLACE, name.strip())
    return (float(found[1]), float(found[2])) if found else None


def spot_key(name: str) -> str:
    """Return one spelling for all spellings of a spot name; others unchanged."""
    numbers = parse_spot(name)
    if numbers:
        return pair_key(*numbers)
    barcode = re.fullmatch(_BARCODE_OF_R, name.strip())
    return f"{barcode[1]}-{barcode[2]}" if barcode else name.strip()


def pair_key(first: float, second: float) -> str:
    """Spell a pair of numbers as `spot_key` does."""
    return f"{first:.10g}x{second:.10g}"


def share_of_spots(names: Iterable[str]) -> float:
    """Share of names that are spot names."""
    known = [parse_spot(name) is not None for name in names]
    return sum(known) / len(known) if known else 0.0


def pairs(names: Iterable[str]) -> FloatArray:
    """Return both numbers of each spot name, NaN for other names, shape (name, 2)."""
    return np.array([parse_spot(name) or (np.nan, np.nan) for name in names]).reshape(
        -1, 2
    )


@dataclass(frozen=True, eq=False)
class Found:
    """Where names are in a list.

    Attributes
    ----------
    place : ndarray of int, shape (name,)
        -1 where a name is not listed.
    captures
        The number that all names end with, and that of all listed ones, where they
        contradict each other and were ignored ("-2" and "-1").
    elsewhere
        A name that is not listed while others are, and what its barcode is listed as:
        with another number, so that it is of another capture.
    """

    place: IntArray
    captures: tuple[str, str] | None = None
    elsewhere: tuple[str, str] | None = None

    def refuse_several(self, listed: str) -> None:
        """Refuse counts of several captures, of which a list has one.

        Raises
        ------
        ReadError
            With a barcode that tells it, and what to do.
        """
        if self.elsewhere is not None:
            own, other = self.elsewhere
            msg = (
                f"the counts hold several capture areas, and {listed} one: {own} is "
                f"listed as {other} only. Whose it is cannot be known, as every slide "
                "has the same barcodes. Save the counts of that one by themselves."
            )
            raise ReadError(msg)

    def notes(self, listed: str) -> list[str]:
        """Say what was ignored of the barcodes of the counts, and of the other list."""
        if self.captures is None:
            return []
        own, other = self.captures
        return [
            f"All barcodes of the counts end with {own}, those of {listed} with "
            f"{other}: these endings were ignored. Make sure that both are of the same "
            "capture area, as every slide has the same barcodes."
        ]


class ListedNames:
    """Names of spots, each once, in which others are found however they are spelt.

    As they are written; else as `spot_key` spells both; else, if that finds none of
    them, without the number of the capture, which some programs leave out or count anew
    where they aggregate. That is so only if all names that have a number have the same:
    whether a bare name is the "-1" or the "-2" of two cannot be known.
    """

    def __init__(self, names: Any) -> None:
        self._written = as_names(names)

    def find(self, names: Any) -> Found:
        """Find names, of which any may be wanted more than once."""
        wanted = as_names(names)
        place = places_of(wanted, self._written)
        lost = place < 0
        if not lost.any():
            return Found(place)
        wanted = spelt(wanted)
        if not n_repeated(self._spelt):
            place[lost] = places_of(wanted, self._spelt)[lost]
        if (place >= 0).any():
            return Found(place, elsewhere=self._elsewhere(wanted.filter(place < 0)))
        return self._without_capture(wanted)

    @cached_property
    def _spelt(self) -> pa.ChunkedArray:
        return spelt(self._written)

    @cached_property
    def _bare(self) -> tuple[pa.ChunkedArray, str] | None:
        return _without_capture(self._spelt)

    def _elsewhere(self, lost: pa.ChunkedArray) -> tuple[str, str] | None:
        """A lost name that is listed with another number, and how; None: none is."""
        if self._bare is None or not self._bare[1]:
            return None
        place = places_of(without_suffix(lost), self._bare[0])
        numbered = pc.match_substring_regex(lost, _CAPTURE).to_numpy()
        found = np.flatnonzero((place >= 0) & numbered)
        if not len(found):
            return None
        first = int(found[0])
        return lost[first].as_py(), self._spelt[int(place[first])].as_py()

    def _without_capture(self, wanted: pa.ChunkedArray) -> Found:
        own, other = _without_capture(wanted), self._bare
        if own is None or other is None:
            return Found(np.full(len(wanted), -1, dtype=np.int64))
        captures = own[1], other[1]
        place = places_of(own[0], other[0])
        ignored = "" not in captures and (place >= 0).any()
        return Found(place, captures if ignored else None)


def spelt(names: pa.ChunkedArray) -> pa.ChunkedArray:
    """Spell names as `spot_key` does, millions of barcodes without a text for each."""
    bare = pc.utf8_trim_whitespace(names)
    if pc.any(pc.match_substring_regex(bare, f"^{_PLACE}$")).as_py():
        return as_names([spot_key(name) for name in bare.to_pylist()])
    return pc.replace_substring_regex(bare, f"^{_BARCODE_OF_R}$", r"\1-\2")


def _without_capture(names: pa.ChunkedArray) -> tuple[pa.ChunkedArray, str] | None:
    """Names without the number of their capture, and that number ("": none has one).

    None, if there are several, or names would become the same.
    """
    ends = pc.struct_field(pc.extract_regex(names, _CAPTURE), "end")
    captures = pc.unique(ends).drop_null().to_pylist()
    bare = without_suffix(names)
    if len(captures) > 1 or n_repeated(bare) != n_repeated(names):
        return None
    return bare, captures[0] if captures else ""
