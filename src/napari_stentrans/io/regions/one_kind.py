"""What a file marks, taken as one region of one kind: a mask of tissue.

Knows no format.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_stentrans.errors import InvalidRequestError
from napari_stentrans.section.missing import OUTSIDE, PREDICT
from napari_stentrans.section.regions import NAMES, RegionKind, Regions
from napari_stentrans.section.tissue import BoolArray


def marked_pixels(labels: NDArray[Any]) -> BoolArray:
    """Pixels that a picture of labels marks: shape (row, col).

    Where there is 1 as well, 2 is what lies outside; in a picture of one value, or of
    many pieces with numbers, it is a mark like any other.
    """
    marked: BoolArray = labels != 0
    if labels.size and labels.min() == 0 and labels.max() == OUTSIDE:
        inside: BoolArray = labels == PREDICT
        return inside if inside.any() else marked
    return marked


def as_one_kind(regions: Regions, kind: RegionKind, path: Path) -> Regions:
    """Join what is marked as a kind, or else as missing, if it is switched on.

    Raises
    ------
    InvalidRequestError
        If there is nothing of the sort.
    """
    is_told = any(region.kind is kind for region in regions.listed)
    at = _covered(regions, kind if is_told else RegionKind.PREDICT)
    if kind is not RegionKind.OUTSIDE:
        at &= ~_covered(regions, RegionKind.OUTSIDE)
    if not at.any():
        msg = f"{path.name} marks nothing that can be taken as '{NAMES[kind]}'"
        raise InvalidRequestError(msg)
    return Regions.from_mask(regions.sites, at, kind)


def _covered(regions: Regions, kind: RegionKind) -> BoolArray:
    """Sites of the regions of a kind that are on: shape (site,)."""
    at = np.zeros(len(regions.sites), dtype=bool)
    for region in regions.listed:
        if region.enabled and region.kind is kind:
            at |= regions.covered_by(region.label)
    return at
