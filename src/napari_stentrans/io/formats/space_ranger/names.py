"""Which parts of Space Ranger output belong together where several samples lie."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from napari_stentrans.io.formats.tenx_matrix import matrix_begin

_PART = re.compile(
    r"(?P<prefix>.*?)(?:spatial[_.-])?"
    r"(?:(?:filtered|raw)_(?:feature|probe)_bc_matrix|matrix\.mtx"
    r"|tissue_positions|scalefactors_json|tissue_(?:hires|lowres)_image)"
)


def prefix_of(part: Path) -> str:
    """How the name of a part begins, before what Space Ranger calls it."""
    found = _PART.match(part.name)
    if found is None and part.is_dir():
        return matrix_begin(part)
    return found["prefix"] if found else ""


def alike(parts: Iterable[Path], prefix: str) -> list[Path]:
    """Parts that begin with a prefix, else those that are shared by having none.

    To parts without a prefix belong those that have one, if it is only one: no other
    sample could be meant.
    """
    by_prefix: dict[str, list[Path]] = {}
    for part in parts:
        by_prefix.setdefault(prefix_of(part), []).append(part)
    found = by_prefix.get(prefix) or by_prefix.get("")
    if not found and prefix == "" and len(by_prefix) == 1:
        (found,) = by_prefix.values()
    return found or []
