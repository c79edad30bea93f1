"""Columns of tables of regions, in capital or small letters."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from napari_stentrans import keys
from napari_stentrans.io.files.text import fields, first_lines, separator

LABEL: Final = "label"
REGION: Final = "region"
KIND: Final = "kind"
ENABLED: Final = "enabled"
_KNOWN = {keys.ARRAY_ROW, keys.ARRAY_COL, LABEL, REGION, KIND, ENABLED}
_ALSO = {"labels": LABEL}
_TITLE = re.compile(
    r"(.*[ ._])?(barcode|spot|cell|bead|bin|position|name|id|index|x|v1)s?|"
    r"(unnamed: \d+)?"
)
"""What a column of names is called; R writes x or V1 where it has no name."""
_BARCODE = re.compile(r"(.*[ ._])?(barcode|spot|cell|bead|bin)s?")


def columns_of(path: Path) -> list[str]:
    """Names of the columns of a table; empty where there is no text."""
    lines = first_lines(path, 1)
    return as_known(fields(lines[0], separator(lines[0]))) if lines else []


def as_known(names: Iterable[object]) -> list[str]:
    """Write the columns that mean something as they are known; others stay.

    Of several called alike the one in small letters counts, or else the first.
    """
    found = [str(name).strip() for name in names]
    taken = set(found)
    for number, name in enumerate(found):
        known = _ALSO.get(name.casefold(), name.casefold())
        if known in _KNOWN and known not in taken:
            found[number] = known
            taken.add(known)
    return found


def is_title(name: str) -> bool:
    """Whether a column of names may be called like this, or not at all."""
    return bool(_TITLE.fullmatch(name.strip().casefold()))


def is_barcode_title(name: str) -> bool:
    """Whether a column says by its name that it holds names of spots."""
    return bool(_BARCODE.fullmatch(name.strip().casefold()))


def counts_lines(name: str, cells: pd.Series) -> bool:
    """Whether a column only numbers the lines, as R and pandas write in front."""
    if not is_title(name):
        return False
    numbers = pd.to_numeric(cells, errors="coerce").to_numpy(dtype=np.float64)
    counted = np.arange(len(cells))
    return any(np.array_equal(numbers, counted + first) for first in (0, 1))
