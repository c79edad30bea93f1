"""What belongs to a text table but does not fit into it, in a folder beside it.

``NAME.csv`` is one plain table; ``NAME.csv.tables`` has what is known of the spots and
of the genes, the standard deviations of a result, and the lattice. Without the folder
the table reads as any other.
"""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TextIO, cast

import numpy as np
import pandas as pd

from napari_stentrans.errors import ReadError
from napari_stentrans.io.assembly.counts import is_text, plain
from napari_stentrans.io.assembly.kept import kept_in
from napari_stentrans.io.files.damage import from_library
from napari_stentrans.io.files.limits import Budget
from napari_stentrans.io.files.replacing import replacing

_ENDING = ".tables"
_TOLD = "section.json"
_SIZE = "bytes"
"""Size of the table when it was written, by which another one of its name is told."""
_TEXT = "object"
_LARGEST_TOLD = 1 << 24
_CELL_BYTES = 120.0
"""That a cell takes while it is read."""
_WRITTEN: Any = {"lineterminator": "\n", "quoting": csv.QUOTE_NONNUMERIC}


@dataclass(frozen=True, eq=False)
class Beside:
    """What a text table itself does not tell.

    Attributes
    ----------
    spots, genes : DataFrame
        A row a spot, and a row a gene: whatever columns they have.
    told
        Of the whole: see `io.tables.columns.as_anndata`.
    as_written
        Whether the table is the one that it was written with: of another one, spots
        and genes may be known by their names, but nothing of the values.
    """

    spots: pd.DataFrame
    genes: pd.DataFrame
    told: dict[str, Any] = field(default_factory=dict)
    as_written: bool = True


def folder_of(path: Path) -> Path:
    """Return the folder that belongs to a table."""
    return path.with_name(f"{path.name}{_ENDING}")


def part_of(path: Path, folder: Path, name: str) -> Path:
    """Return a table in the folder, separated and packed as the one it belongs to."""
    endings = path.suffixes[-2:]
    if endings[-1:] != [".gz"]:
        endings = endings[-1:]
    return folder / f"{name}{''.join(endings).lower()}"


@contextmanager
def replacing_both(
    path: Path, inputs: Iterable[str] = ()
) -> Iterator[tuple[Path, Path]]:
    """Give names of a table and of its folder; both take theirs at the very end.

    Raises
    ------
    InvalidRequestError
        If they cannot be written there, or the folder is somebody else's.
    """
    folder, inputs = folder_of(path), tuple(inputs)
    with replacing(folder, inputs) as parts, replacing(path, inputs) as unfinished:
        parts.mkdir()
        yield unfinished, parts


def write_beside(path: Path, written: Path, folder: Path, beside: Beside) -> None:
    """Write all but the standard deviations.

    Parameters
    ----------
    path, written
        What the table they belong to will be called, and what it is called yet.
    folder, beside
        Where to write, and what.
    """
    told = dict(beside.told) | {_SIZE: written.stat().st_size}
    for name in ("spots", "genes"):
        frame = plain(getattr(beside, name))
        told[name] = {str(column): _kind(frame[column]) for column in frame}
        if frame.shape[1]:
            with to_write(part_of(path, folder, name)) as file:
                writer = csv.writer(file, delimiter=mark_of(path), **_WRITTEN)
                writer.writerow([name[:-1], *frame.columns])
                cells = [frame.index, *(frame[column].tolist() for column in frame)]
                writer.writerows(zip(*cells, strict=True))
    (folder / _TOLD).write_text(json.dumps(told), encoding="utf-8")


def read_beside(path: Path) -> Beside | None:
    """Return what belongs to a table; None where nothing does.

    Raises
    ------
    ReadError
        If what is there is damaged.
    """
    file = folder_of(path) / _TOLD
    if not file.is_file():
        return None
    if file.stat().st_size > _LARGEST_TOLD:
        msg = f"{file} is too large to be ours"
        raise ReadError(msg)
    with from_library(f"{file.parent.name} (delete it to read without it)"):
        told = json.loads(file.read_text(encoding="utf-8"))
        spots, genes = (
            _read(part_of(path, file.parent, name), told.pop(name, {}))
            for name in ("spots", "genes")
        )
        as_written = told.pop(_SIZE, None) == path.stat().st_size
        told = told if as_written else _of_places(told)
    return Beside(spots, genes, told, as_written)


def _of_places(told: dict[str, Any]) -> dict[str, Any]:
    """Return what is told of the places, and nothing of the values."""
    found = {name: told[name] for name in ("scalefactors",) if name in told}
    kept = kept_in(told.get("section"))
    if kept is not None:
        found["section"] = replace(kept, expected=False).as_text()
    return found


def matched(table: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """Return the rows of these names; no columns, where some are not in the table."""
    known = table.index.is_unique and set(names) <= set(table.index)
    if known and table.shape[1]:
        return table.loc[list(names)]
    return pd.DataFrame(index=pd.Index(list(names), dtype=object))


def mark_of(path: Path) -> str:
    """Return what separates the cells of a table, as its ending says."""
    plain_path = path.with_suffix("") if path.suffix.lower() == ".gz" else path
    return "\t" if plain_path.suffix.lower() == ".tsv" else ","


def to_write(path: Path, like: Path | None = None) -> TextIO:
    """Open a table to be written; packed, if it is called (or ``like`` is) ``.gz``."""
    if (like or path).suffix.lower() == ".gz":
        return cast("TextIO", gzip.open(path, "wt", 4, encoding="utf-8", newline=""))
    return path.open("w", encoding="utf-8", newline="")


def _read(path: Path, kinds: dict[str, str]) -> pd.DataFrame:
    """Read a table whose columns are of known kinds, nothing being guessed."""
    if not kinds:
        return pd.DataFrame()
    budget = Budget(path.name)
    rows: list[list[str]] = []
    with _to_read(path) as file:
        for row in csv.reader(file, delimiter=mark_of(path)):
            budget.take(len(row) * _CELL_BYTES)
            rows.append(row)
    if rows[0][1:] != list(kinds):
        msg = f"{path.name} has other columns than it should have"
        raise ValueError(msg)
    cells = np.array(rows[1:], dtype=object).reshape(-1, len(kinds) + 1)
    columns = {
        name: _column(cells[:, at], kind)
        for at, (name, kind) in enumerate(kinds.items(), 1)
    }
    return pd.DataFrame(columns, index=pd.Index(cells[:, 0], dtype=object))


def _to_read(path: Path) -> TextIO:
    """Open a table without touching the ends of lines, which texts may hold."""
    if path.suffix.lower() == ".gz":
        return cast("TextIO", gzip.open(path, "rt", encoding="utf-8", newline=""))
    return path.open(encoding="utf-8", newline="")


def _kind(column: pd.Series) -> str:
    """Name of a column's type, the same whatever pandas calls text."""
    return _TEXT if is_text(column) else str(column.dtype)


def _column(cells: np.ndarray[Any, Any], kind: str) -> np.ndarray[Any, Any]:
    if kind == _TEXT:
        return cells
    if kind == "bool":
        return np.asarray(cells == "True", dtype=bool)
    return cells.astype(str).astype(kind)
