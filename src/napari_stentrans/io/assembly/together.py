"""Cells or beads that lie at the very same place, made one. Knows no file format."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

from napari_stentrans.io.assembly.counts import put_together
from napari_stentrans.section.detection import distinct_places, impose_lattice
from napari_stentrans.section.lattice import FloatArray, IntArray
from napari_stentrans.section.section import Section

_MOST = 0.5
"""Share of the spots that may lie where another one does: more are several captures."""

_FAR = 50
"""A spot so many times as far from the middle as the rest is likely a mistake."""


def section_of_parts(**parts: Any) -> Section:
    """Build a section; what lies at one place is added up.

    Two measurements of one place differ by counting noise alone, and no method can tell
    them apart; their sum is what a larger cell there would have shown. Where array
    coordinates alone are the same, or most spots share their place, several captures
    are in the file: the section refuses them. So it does where names repeat: a cell
    listed twice is not two cells.

    Parameters
    ----------
    **parts
        As `Section` has them.

    Returns
    -------
    Section
        Where some were added up, ``obs["joined"]`` has the names of the others at each
        place, and a note says how many.
    """
    array_rc = np.asarray(parts["array_rc"], dtype=np.float64)
    whole = array_rc.ndim == 2 and len(array_rc) == len(parts["obs"])
    if not whole or not np.isfinite(array_rc).all():
        return Section(**parts)
    if not parts["obs"].index.is_unique:
        return Section(**parts)
    at = array_rc
    if parts["lattice"].is_regular:
        if parts.get("pixel_xy") is None:
            return Section(**parts)
        at = np.column_stack([array_rc, parts["pixel_xy"]])
    else:
        told = _stray_note(parts["obs"].index, array_rc)
        parts["notes"] = (*parts.get("notes", ()), *told)
    place, first = distinct_places(at)
    shared = np.bincount(place, minlength=len(first))[place] > 1
    if not shared.any() or shared.mean() > _MOST:
        return Section(**parts)
    return Section(**(parts | _joined(parts, array_rc, place, first, shared)))


def _stray_note(names: pd.Index, array_rc: FloatArray) -> list[str]:
    """Tell of a spot far off all others, which only a lattice refuses."""
    if len(names) < 4:
        return []
    from_middle = np.abs(array_rc - np.median(array_rc, axis=0)).max(axis=1)
    spot = int(np.argmax(from_middle))
    if from_middle[spot] <= _FAR * np.quantile(from_middle, 0.99, method="lower"):
        return []
    row, col = array_rc[spot]
    return [
        f"{str(names[spot])!r} at row={row:g}, col={col:g} lies far from the others: "
        "pictures will be coarse, and positions between spots may be lost. Correct "
        "its position, or leave it out."
    ]


def _joined(
    parts: dict[str, Any],
    array_rc: FloatArray,
    place: IntArray,
    first: IntArray,
    shared: np.ndarray[Any, np.dtype[np.bool_]],
) -> dict[str, Any]:
    """Return what changes: counts are added up; the rest is that of the first one."""
    whole = sparse.csr_matrix(parts["counts"])
    counts, done = put_together(whole, place, len(first))
    others = np.setdiff1d(np.flatnonzero(shared), first)
    names = pd.Series(parts["obs"].index[others].astype(str), dtype=object)
    told = names.groupby(place[others]).agg(";".join)
    obs = parts["obs"].iloc[first].copy()
    joined = np.full(len(first), "", dtype=object)
    joined[told.index.to_numpy()] = told.to_numpy()
    obs["joined"] = joined
    n_places = len(np.unique(place[shared]))
    lattice = parts["lattice"]
    what = "spots" if lattice.is_regular else "cells or beads"
    note = (
        f"Places with several {what}: {n_places} ({shared.sum()} in all). "
        f"Their values were {done} under the name of the first; "
        'obs["joined"] has the other names.'
    )
    free_rc, pixel_xy = array_rc[first], parts.get("pixel_xy")
    return {
        "counts": counts,
        "obs": obs,
        "array_rc": free_rc,
        "lattice": lattice
        if lattice.is_regular
        else impose_lattice(free_rc, lattice.kind),
        "pixel_xy": None if pixel_xy is None else pixel_xy[first],
        "notes": (*parts.get("notes", ()), note),
    }
