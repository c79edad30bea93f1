"""Spots with counts, matched to a list of positions and made into a section.

Shared by the readers of tables and of matrices that have no positions of their own.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import sparse

from napari_stentrans import keys
from napari_stentrans.errors import ReadError
from napari_stentrans.io.assembly.counts import as_counts, plain, unique_names
from napari_stentrans.io.assembly.together import section_of_parts
from napari_stentrans.io.formats.listed.positions import SpotPositions
from napari_stentrans.io.options import ReadOptions
from napari_stentrans.section.image import TissueImage
from napari_stentrans.section.lattice import FloatArray, LatticeKind
from napari_stentrans.section.section import Section


@dataclass(eq=False)
class Placed:
    """Spots of the table that have a position, in the table's order."""

    rows: np.ndarray[tuple[int], np.dtype[np.int64]]
    obs: pd.DataFrame
    array_rc: FloatArray
    pixel_xy: FloatArray | None = None
    image: TissueImage | None = None
    listed_xy: FloatArray | None = None
    on_array: bool = True
    notes: list[str] = field(default_factory=list)
    checkerboard: LatticeKind = LatticeKind.HEX
    files: list[Path] = field(default_factory=list)


def placed_section(
    path: Path,
    counted: tuple[sparse.csr_matrix, pd.DataFrame],
    placed: Placed,
    notes: list[str],
    options: ReadOptions,
) -> Section:
    """Make a section of counts and genes, and of those spots that have a place."""
    counts, var = counted
    names, repeated = unique_names(var.index)
    found = options.place(placed.array_rc, placed.pixel_xy, placed.checkerboard)
    pixel_xy = placed.pixel_xy
    is_free = found.lattice.kind is LatticeKind.IRREGULAR
    renumbered = not np.array_equal(found.array_rc, placed.array_rc)
    if pixel_xy is None and not placed.on_array and (is_free or renumbered):
        pixel_xy = placed.array_rc[:, ::-1].copy()  # x and y were no places of an array
    obs = placed.obs
    obs[keys.ARRAY_ROW], obs[keys.ARRAY_COL] = placed.array_rc.T
    return section_of_parts(
        name=options.name_for(path),
        counts=as_counts(counts[placed.rows]),
        obs=obs,
        var=var.set_axis(names, axis=0),
        array_rc=found.array_rc,
        lattice=found.lattice,
        pixel_xy=pixel_xy,
        image=placed.image,
        source=str(path),
        files=tuple(map(str, placed.files)),
        notes=tuple(notes + placed.notes + repeated),
    )


def from_list(spots: list[str], positions: SpotPositions) -> Placed:
    """Positions from the list beside the table; what is not selected is left out."""
    found = positions.find(spots)
    place = found.place
    known = place >= 0
    chosen = known & positions.selected[place]
    absent = positions.selected.copy()
    absent[place[known]] = False
    name = positions.path.name
    notes = found.notes(name)
    if n_unlisted := int((~known).sum()):
        notes.append(f"{n_unlisted} spots that {name} does not list left out.")
    if n_off := int((known & ~chosen).sum()):
        notes.append(f"{n_off} spots that {name} does not mark as selected left out.")
    if n_absent := int(absent.sum()):
        notes.append(f"{n_absent} spots selected in {name} have no counts.")
    if not chosen.any():
        how = "selected" if known.any() else "listed by name"
        msg = f"no spot of the table is {how} in {name}"
        raise ReadError(msg)
    rows = np.flatnonzero(chosen)
    obs = plain(positions.table.iloc[place[rows]])
    obs.index = pd.Index([spots[row] for row in rows], dtype=object)
    nameless = [name for name in obs if str(name).startswith("Unnamed:")]
    obs = obs.drop(columns=nameless)
    pixel_xy = None if positions.pixel_xy is None else positions.pixel_xy[place[rows]]
    return Placed(
        rows,
        obs,
        positions.array_rc[place[rows]],
        pixel_xy,
        listed_xy=positions.pixel_xy,
        on_array=positions.on_array,
        notes=notes,
    )
