"""Legacy ST: a text table of counts, whose spots are named ROWxCOL or listed beside it.

Spots may be rows or columns; a coordinates or selection file and an image may lie
beside the table (see `st_positions`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import sparse

from napari_stentrans import keys
from napari_stentrans.errors import ReadError
from napari_stentrans.io.damage import DAMAGE, attempt, said
from napari_stentrans.io.images import picture_size, read_image
from napari_stentrans.io.matrix import as_counts, normalised_notes, plain, unique_names
from napari_stentrans.io.options import ReadOptions
from napari_stentrans.io.st_names import identity, pairs, share_of_spots, spot_key
from napari_stentrans.io.st_positions import (
    SpotPositions,
    is_positions_file,
    positions_beside,
    read_spot_positions,
)
from napari_stentrans.io.st_table import TableStart, read_count_table
from napari_stentrans.io.text import first_lines
from napari_stentrans.section.lattice import FloatArray, LatticeKind
from napari_stentrans.section.section import Section, TissueImage

_PICTURES = (".jpg", ".jpeg", ".png", ".tif", ".tiff")
_KNOWN_SHARE = 0.5
"""Share of names on an axis that must be spots for it to be the axis of spots."""


def sniff(path: Path) -> bool:
    """Whether this is a count table whose spots have positions."""
    if not path.is_file() or is_positions_file(path):
        return False
    lines = first_lines(path, 20)
    if len(lines) < 2:
        return False
    start = TableStart.of(lines)
    columns, rows = start.column_names, start.row_names
    if max(share_of_spots(columns), share_of_spots(rows)) > _KNOWN_SHARE:
        return True
    beside = positions_beside(path)
    if beside is None or len(columns) < 2:
        return False
    listed = set(map(str, read_spot_positions(beside, [*columns, *rows]).key))
    return max(_share(columns, listed), _share(rows, listed)) > _KNOWN_SHARE


def read(path: Path, options: ReadOptions) -> Section:
    """Read a count table with whatever belongs to it.

    Raises
    ------
    ReadError, InvalidSectionError
        Naming every problem found.
    """
    problems: list[str] = []
    beside = positions_beside(path)
    table = attempt(problems, path.name, lambda: read_count_table(path))
    positions = None
    if beside is not None:
        names = [] if table is None else [*table.row_names, *table.column_names]
        positions = attempt(
            problems, beside.name, lambda: read_spot_positions(beside, names)
        )
    if table is None or problems:
        raise ReadError("\n".join(problems))

    listed = set() if positions is None else set(map(str, positions.key))
    in_rows, in_columns = (
        max(share_of_spots(names), _share(names, listed))
        for names in (table.row_names, table.column_names)
    )
    counts, spots, genes = table.values, table.row_names, table.column_names
    if in_columns > in_rows:
        counts, spots, genes = sparse.csr_matrix(counts.T), genes, spots
    if max(in_rows, in_columns) <= _KNOWN_SHARE:
        msg = f"neither the rows nor the columns of {path.name} are named after spots"
        raise ReadError(msg)
    notes = normalised_notes(table.values, allowed=options.allow_normalised)
    placed = _from_names(spots)
    if positions is not None and not listed.isdisjoint(map(spot_key, spots)):
        placed = _from_list(spots, positions)
        placed.notes += _pixel_notes(path, placed)
    elif positions is not None:
        notes.append(f"{positions.path.name} names none of the spots and is not used.")
    return _section(path, counts, genes, placed, notes, options)


@dataclass(eq=False)
class _Placed:
    """Spots of the table that have a position, in the table's order."""

    rows: np.ndarray[tuple[int], np.dtype[np.int64]]
    obs: pd.DataFrame
    array_rc: FloatArray
    pixel_xy: FloatArray | None = None
    image: TissueImage | None = None
    listed_xy: FloatArray | None = None
    notes: list[str] = field(default_factory=list)


def _section(
    path: Path,
    counts: sparse.csr_matrix,
    genes: list[str],
    placed: _Placed,
    notes: list[str],
    options: ReadOptions,
) -> Section:
    names, repeated = unique_names(pd.Index(genes, dtype=object))
    found = options.place(placed.array_rc, placed.pixel_xy, LatticeKind.QUINCUNX)
    obs = placed.obs
    obs[keys.ARRAY_ROW], obs[keys.ARRAY_COL] = placed.array_rc.T
    return Section(
        name=options.name_for(path),
        counts=as_counts(counts[placed.rows]),
        obs=obs,
        var=pd.DataFrame(index=names),
        array_rc=found.array_rc,
        lattice=found.lattice,
        pixel_xy=placed.pixel_xy,
        image=placed.image,
        source=str(path),
        notes=tuple(notes + placed.notes + repeated),
    )


def _from_names(spots: list[str]) -> _Placed:
    """Positions from names ROWxCOL, rounded to the array where that is unambiguous."""
    named_rc = pairs(spots)
    rows = np.flatnonzero(np.isfinite(named_rc).all(axis=1))
    array_rc = named_rc[rows]
    notes = []
    if len(rows) < len(spots):
        notes.append(
            f"{len(spots) - len(rows)} spots whose name is no position left out."
        )
    rounded = np.rint(array_rc)
    if not np.array_equal(rounded, array_rc):
        if len(np.unique(rounded, axis=0)) == len(rounded):
            array_rc = rounded
            notes.append("Fractional spot names were rounded to whole array positions.")
        else:
            notes.append("Fractional spot names are taken as free positions.")
    obs = pd.DataFrame(index=pd.Index([spots[row] for row in rows], dtype=object))
    return _Placed(rows, obs, array_rc, notes=notes)


def _from_list(spots: list[str], positions: SpotPositions) -> _Placed:
    """Positions from the list beside the table; what is not selected is left out."""
    wanted = pd.Index([spot_key(name) for name in spots])
    key = pd.Index(positions.key)
    if not key.is_unique:
        twice = key[key.duplicated()][0]
        msg = f"{positions.path.name} lists spot {twice} more than once"
        raise ReadError(msg)
    place = key.get_indexer(wanted)
    known = place >= 0
    chosen = known & positions.selected[place]
    name = positions.path.name
    notes = []
    if n_unlisted := int((~known).sum()):
        notes.append(f"{n_unlisted} spots that {name} does not list left out.")
    if n_off := int((known & ~chosen).sum()):
        notes.append(f"{n_off} spots that {name} does not mark as selected left out.")
    if n_absent := int((positions.selected & ~key.isin(wanted)).sum()):
        notes.append(f"{n_absent} spots selected in {name} have no counts.")
    if not chosen.any():
        msg = f"no spot of the table is selected in {name}"
        raise ReadError(msg)
    rows = np.flatnonzero(chosen)
    obs = plain(positions.table.iloc[place[rows]])
    obs.index = pd.Index([spots[row] for row in rows], dtype=object)
    nameless = [name for name in obs if str(name).startswith("Unnamed:")]
    obs = obs.drop(columns=nameless)
    pixel_xy = None if positions.pixel_xy is None else positions.pixel_xy[place[rows]]
    return _Placed(
        rows,
        obs,
        positions.array_rc[place[rows]],
        pixel_xy,
        listed_xy=positions.pixel_xy,
        notes=notes,
    )


def _pixel_notes(path: Path, placed: _Placed) -> list[str]:
    """Find and align the picture beside the table; say what cannot be shown."""
    picture = _picture_beside(path)
    if picture is None:
        return []
    if placed.listed_xy is None:
        return [f"{picture.name} is not shown: nothing says where the spots lie on it."]
    try:
        scale, notes = _picture_scale(picture, placed.listed_xy)
        if scale is not None:
            placed.image = read_image(picture, scale, picture.name)
    except DAMAGE as error:
        return [f"{picture.name} is not shown, it cannot be read: {said(error)}."]
    return notes


def _picture_beside(path: Path) -> Path | None:
    found = [
        file
        for file in sorted(path.parent.iterdir())
        if file.suffix.lower() in _PICTURES and identity(file) == identity(path)
    ]
    return found[0] if found else None


def _picture_scale(
    picture: Path, listed_xy: FloatArray
) -> tuple[float | None, list[str]]:
    """Pixels of the picture per pixel of the positions, as far as it can be known.

    1 where all listed spots lie on the picture. Else the positions were picked on a
    larger scan: its size is told from the spots if they lie amid it (with the same
    margin on opposite sides) to within a tenth in both directions.
    """
    size = np.array(picture_size(picture), dtype=np.float64)
    if (listed_xy.min(axis=0) >= 0).all() and (listed_xy.max(axis=0) <= size).all():
        return 1.0, []
    scan = listed_xy.min(axis=0) + listed_xy.max(axis=0)
    across, down = size / scan
    if not (across > 0 and abs(across - down) <= 0.1 * across):
        return None, [
            f"{picture.name} is not shown: the pixel positions lie outside it, and its "
            "scale cannot be told."
        ]
    scale = float(np.sqrt(across * down))
    return scale, [
        f"The pixel positions refer to a larger scan than {picture.name}; a scale of "
        f"{scale:.3g} is a guess from their extent. Check the alignment."
    ]


def _share(names: list[str], listed: set[str]) -> float:
    return sum(spot_key(name) in listed for name in names) / max(len(names), 1)
