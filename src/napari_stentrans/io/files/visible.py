"""Files that somebody put into a folder."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path


def visible(files: Iterable[Path]) -> list[Path]:
    """Files in order, without those that macOS leaves beside each (``._name``)."""
    return sorted(file for file in files if not file.name.startswith("."))
