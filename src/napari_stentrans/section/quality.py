"""What can be wrong with the parts of a section, said in full. Pure checks."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd
from scipy import sparse

from napari_stentrans.section.detection import are_places
from napari_stentrans.section.lattice import FloatArray, Lattice
from napari_stentrans.wording import counted

_MOST_COUNTS: Final = 1e12
"""No instrument counts that far; from 1e18 on sums and halves of counts overflow."""


def section_problems(
    counts: sparse.csr_matrix,
    obs: pd.DataFrame,
    var: pd.DataFrame,
    array_rc: FloatArray,
    pixel_xy: FloatArray | None,
    lattice: Lattice,
) -> list[str]:
    """List every reason why these parts do not make a section; empty if they do.

    Where positions lie is looked at only once there is one of every spot.
    """
    return (
        _part_problems(counts, obs, var, array_rc, pixel_xy)
        or _size_problems(array_rc, pixel_xy)
        or _lattice_problems(lattice, array_rc, obs.index)
    )


def _part_problems(
    counts: sparse.csr_matrix,
    obs: pd.DataFrame,
    var: pd.DataFrame,
    array_rc: FloatArray,
    pixel_xy: FloatArray | None,
) -> list[str]:
    n_spots, n_genes = counts.shape
    problems = []
    if n_spots == 0 or n_genes == 0:
        problems.append(f"there are {n_spots} spots and {n_genes} genes; nothing to do")
    if len(obs) != n_spots:
        problems.append(f"{len(obs)} spot names for {n_spots} rows of counts")
    if len(var) != n_genes:
        problems.append(f"{len(var)} gene names for {n_genes} columns of counts")
    problems += _value_problems(counts)
    problems += _name_problems("barcode", obs.index) + _name_problems("gene", var.index)
    problems += _position_problems(array_rc, n_spots, obs.index)
    if pixel_xy is not None:
        if pixel_xy.shape != (n_spots, 2):
            problems.append(f"pixel positions have shape {pixel_xy.shape}")
        elif n_bad := int((~np.isfinite(pixel_xy)).any(axis=1).sum()):
            problems.append(f"{n_bad} pixel positions are not finite numbers")
    return problems


def _value_problems(counts: sparse.csr_matrix) -> list[str]:
    problems = []
    n_bad = int((~np.isfinite(counts.data)).sum())
    if n_bad:
        problems.append(f"{n_bad} counts are NaN or infinite; clean the table first")
    n_negative = int((counts.data < 0).sum())
    if n_negative:
        problems.append(
            f"{n_negative} counts are negative: these look like scaled values; "
            "give raw counts"
        )
    is_huge = np.isfinite(counts.data) & (counts.data > _MOST_COUNTS)
    if is_huge.any():
        problems.append(
            f"{int(is_huge.sum())} counts are beyond {_MOST_COUNTS:g} (up to "
            f"{counts.data[is_huge].max():g}): no instrument counts that far; "
            "correct or leave out these values"
        )
    return problems


def _name_problems(what: str, names: pd.Index) -> list[str]:
    if names.is_unique:
        return []
    twice = names[names.duplicated()].unique()
    return [f"{len(twice)} {what} names occur more than once (first: {twice[0]!r})"]


def _position_problems(
    array_rc: FloatArray, n_spots: int, names: pd.Index
) -> list[str]:
    if array_rc.shape != (n_spots, 2):
        return [f"positions have shape {array_rc.shape}, expected ({n_spots}, 2)"]
    if not np.isfinite(array_rc).all():
        n_bad = int((~np.isfinite(array_rc)).any(axis=1).sum())
        return [f"{n_bad} spots have no position"]
    ordered = array_rc[np.lexsort(array_rc.T)]  # quick for millions of bins
    repeated = ordered[1:][(ordered[1:] == ordered[:-1]).all(axis=1)]
    if len(repeated):
        places = np.unique(repeated, axis=0)
        row, col = places[0]
        there = np.flatnonzero((array_rc == (row, col)).all(axis=1))[:3]
        spots = ", ".join(repr(names[spot]) for spot in there if spot < len(names))
        if len(repeated) == n_spots - 1:
            return [
                f"all {n_spots} spots lie at one place, row={row:g}, col={col:g}: give "
                "the positions that they were measured at"
            ]
        hold = "hold" if len(places) > 1 else "holds"
        return [
            f"{counted(len(places), 'position')} {hold} more than one spot (first: "
            f"row={row:g}, col={col:g}: {spots}). If the file holds several "
            "captures, split it and open them one by one."
        ]
    return []


def _size_problems(array_rc: FloatArray, pixel_xy: FloatArray | None) -> list[str]:
    given = {"positions": array_rc, "pixel positions": pixel_xy}
    return [
        f"some {what} are as large as {np.abs(positions).max():g}: that is no place"
        for what, positions in given.items()
        if positions is not None and not are_places(positions)
    ]


def _lattice_problems(
    lattice: Lattice, array_rc: FloatArray, barcodes: pd.Index
) -> list[str]:
    if not lattice.is_regular:
        return []
    off = np.flatnonzero(~lattice.is_site(array_rc))
    if len(off):
        row, col = array_rc[off[0]]
        return [
            f"{len(off)} of {len(array_rc)} spots are not on a {lattice.kind} "
            f"lattice (first: {barcodes[off[0]]!r} at array_row={row:g}, "
            f"array_col={col:g}). Choose another lattice, or 'irregular'."
        ]
    if lattice.is_overstretched(array_rc):
        return [_stray(lattice, array_rc, barcodes)]
    return []


def _stray(lattice: Lattice, array_rc: FloatArray, barcodes: pd.Index) -> str:
    """Name the spot that lies farthest off, and say what to do about it."""
    from_middle = np.abs(array_rc - np.median(array_rc, axis=0))
    spot = int(np.argmax(from_middle.max(axis=1)))
    row, col = array_rc[spot]
    return (
        f"{barcodes[spot]!r} at array_row={row:g}, array_col={col:g} lies too "
        f"far from the other spots for a {lattice.kind} lattice of "
        f"{len(array_rc)} spots. Correct its position or leave it out, or choose "
        "the lattice 'irregular'."
    )
