"""Names in legacy ST: spots called ROWxCOL, and files that belong together."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from napari_stentrans.section.lattice import FloatArray

_SPOT = re.compile(r"X?(\d+(?:\.\d+)?)x(\d+(?:\.\d+)?)(?:_\d+)?")
"""As in 10x13, 10.95x9.04; R writes X10x13 for a column, Seurat adds _1."""
_BARCODE_OF_R = re.compile(r"([ACGTN]{8,})\.(\d+)")
"""R writes AAAC.1 for AAAC-1 in the header of a table."""
_GENERIC = re.compile(
    "align(ment)?|anno(tations?)?|barcodes|beads?|beadlocationsforr|cells?|"
    "cellcoordinates|cellxgene|centroids?|coord(s|inates)?|counts?|csv|data|"
    "dge|digital|expr(ession)?|genes?|gz|he|hne|image|img|info|jpe?g|locations?|"
    "mapped|mappeddgeforr|matched|matchedbeadlocation|matrix|meta|metadata|obs|pixel|"
    "png|pos|positions?|selected|selection|spatial|spots?|st|stdata|tab|table|tiff?|"
    "tissue|tsv|txt|umis?|xy"
)
"""Words in file names that tell what a file is, not which section it belongs to."""


def parse_spot(name: str) -> tuple[float, float] | None:
    """Return both numbers of a spot name, or None if it is no such name."""
    found = _SPOT.fullmatch(name.strip())
    return (float(found[1]), float(found[2])) if found else None


def spot_key(name: str) -> str:
    """Return one spelling for all spellings of a spot name; others unchanged."""
    numbers = parse_spot(name)
    if numbers:
        return pair_key(*numbers)
    barcode = _BARCODE_OF_R.fullmatch(name.strip())
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


def identity(path: Path) -> frozenset[str]:
    """Words of a file name that tell which section it belongs to.

    ``A1_selection.tsv`` and ``A1.tsv.gz`` both give {"a1"}; ``coords.csv`` gives none.
    """
    words = re.split(r"[^0-9a-z]+", path.name.lower())
    return frozenset(word for word in words if word and not _GENERIC.fullmatch(word))
