"""Columns of tables of regions, in capital or small letters."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from napari_stentrans import keys
from napari_stentrans.io.files.text import fields, first_lines, separator

LABEL: Final = "label"
REGION: Final = "region"
KIND: Final = "kind"
ENABLED: Final = "enabled"
_KNOWN = {keys.ARRAY_ROW, keys.ARRAY_COL, LABEL, REGION, KIND, ENABLED}
_ALSO = {"labels": LABEL}


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
