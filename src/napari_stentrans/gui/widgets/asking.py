"""Asking where to write a file."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from qtpy.QtWidgets import QFileDialog, QWidget


def ask_where_to_save(
    parent: QWidget, title: str, start: str, filters: str
) -> Path | None:
    """Ask for a file to write; None if the user changes their mind.

    The dialogue asks before a file is replaced. It has not seen an ending that is added
    here: where there is such a file, it asks once more, with the whole name.

    Parameters
    ----------
    parent, title, start, filters
        Of the dialogue, as Qt has them. A name that ends in none of what the filters
        offer gets the first ending of the one that was chosen.
    """
    path, chosen = QFileDialog.getSaveFileName(parent, title, start, filters)
    if not path:
        return None
    whole = with_ending(path, _endings(filters), _endings(chosen or filters)[0])
    if whole != path and Path(whole).exists():
        return ask_where_to_save(parent, title, whole, filters)
    return Path(whole)


def with_ending(path: str, endings: Sequence[str], usual: str) -> str:
    """Add the usual ending to a path that has none of these, in letters of any size."""
    return path if path.lower().endswith(tuple(endings)) else path + usual


def _endings(filters: str) -> list[str]:
    """Endings that filters of Qt offer, in their order."""
    return re.findall(r"\*(\.[\w.]+)", filters)
