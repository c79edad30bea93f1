"""Asking where to write a file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from qtpy.QtWidgets import QFileDialog, QWidget

Complete = Callable[[str, str], str]


def ask_where_to_save(
    parent: QWidget, title: str, start: str, filters: str, complete: Complete
) -> Path | None:
    """Ask for a file to write; None if the user changes their mind.

    The dialogue asks before a file is replaced. It has not seen an ending that is added
    here: where there is such a file, it asks once more, with the whole name.

    Parameters
    ----------
    parent, title, start, filters
        Of the dialogue, as Qt has them.
    complete
        Adds an ending to a name without one, given the name and the chosen filter.
    """
    path, chosen = QFileDialog.getSaveFileName(parent, title, start, filters)
    if not path:
        return None
    whole = complete(path, chosen)
    if whole != path and Path(whole).exists():
        return ask_where_to_save(parent, title, whole, filters, complete)
    return Path(whole)
