"""SpatialData."""

from __future__ import annotations

from pathlib import Path
from typing import Final

TITLE: Final = "SpatialData (zarr)"
TAKES: Final = frozenset({"table", "coordinate_system"})


def sniff(path: Path) -> bool:
    """Not yet."""
    return path.suffix == "."
