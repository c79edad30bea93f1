"""Every place that is written to when data is saved under a name."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from napari_stentrans.io.files.replacing import check_place
from napari_stentrans.io.tables.beside import folder_of

_TABLES = (".csv", ".csv.gz", ".tsv", ".tsv.gz")


def places_of(path: Path) -> tuple[Path, ...]:
    """Return the path, and of a text table the folder beside it, too."""
    is_table = path.name.lower().endswith(_TABLES)
    return (path, folder_of(path)) if is_table else (path,)


def check_places(path: Path, inputs: Iterable[str] = ()) -> None:
    """Make sure, before hours of work, that all of it can be written.

    Raises
    ------
    InvalidRequestError
        Saying why not.
    """
    inputs = tuple(inputs)
    for place in places_of(path):
        check_place(place, inputs)
