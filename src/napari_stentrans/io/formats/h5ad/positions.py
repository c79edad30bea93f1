"""Where an AnnData keeps the positions of its spots."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy import sparse

from napari_stentrans import keys
from napari_stentrans.errors import ReadError
from napari_stentrans.io.assembly.columns import ROW_COL, X_Y, columns_among
from napari_stentrans.io.assembly.counts import plain
from napari_stentrans.io.formats.listed.positions import read_spot_positions
from napari_stentrans.section.lattice import FloatArray

if TYPE_CHECKING:
    from anndata import AnnData

IN_OBSM = (
    keys.SPATIAL,
    "X_spatial",
    "spatial_coords",
    "spatialCoords",
    "X_spatial_coords",
    "coords",
    "X_coords",
    "coordinates",
    "locations",
    "xy",
    "X_xy",
    "X_xy_loc",
)
"""What tables of positions are called, in the order in which they are looked for; in
capital or small letters."""
_ENOUGH = 0.9
"""Share of the spots with pixels that array coordinates must place to be believed."""


@dataclass(frozen=True, eq=False)
class Places:
    """Positions, and what to say about where they were found.

    ``array_rc`` are array coordinates where ``on_array``, else free positions (y, x).
    """

    array_rc: FloatArray
    pixel_xy: FloatArray | None
    on_array: bool
    notes: tuple[str, ...] = ()

    @property
    def are_known(self) -> np.ndarray[Any, np.dtype[np.bool_]]:
        """Which spots have a place; all, where none has one."""
        places = [self.array_rc, *([] if self.pixel_xy is None else [self.pixel_xy])]
        known = np.asarray(np.isfinite(np.column_stack(places)).all(axis=1))
        return known if known.any() else ~known


def find_places(adata: AnnData) -> Places:
    """Array coordinates and pixel positions, from where they are commonly kept."""
    nowhere: list[str] = []
    pixel_xy, source = _pixel_positions(adata, nowhere)
    depths = (*nowhere, *_depths_note(adata, source))
    why = "there are no array coordinates."
    for pair in ROW_COL:
        names, array_rc = _columns(adata.obs, pair)
        if array_rc is None:
            continue
        if pixel_xy is None or _tell_places(array_rc, pixel_xy):
            return Places(array_rc, pixel_xy, on_array=True, notes=depths)
        why = f"obs {names} hold no array coordinates of most spots."
    if pixel_xy is None:
        msg = (
            "there are no spot positions: neither obs array_row, array_col nor "
            'obsm["spatial"] (nor obs x, y). It has obs '
            f"{_listed(adata.obs.columns)} and obsm {_listed(adata.obsm)}. "
            f"{''.join(f'{note} ' for note in nowhere)}Put the "
            '(x, y) positions into obsm["spatial"], or name a csv of barcode, x and y '
            "(option positions; command line: --positions)."
        )
        raise ReadError(msg)
    notes = (f"Positions were taken from {source}; {why}", *depths)
    return Places(pixel_xy[:, ::-1].copy(), pixel_xy, on_array=False, notes=notes)


def _depths_note(adata: AnnData, source: str) -> tuple[str, ...]:
    """Say so where the positions have a third number that differs between spots."""
    there = (key for key in position_tables(adata) if _named(key) == source)
    table = next((adata.obsm[key] for key in there), None)
    third = pd.DataFrame(None if table is None else as_array(table)[:, 2:3])
    if not third.nunique().gt(1).any():
        return ()
    note = (
        f"{source} has a third number that differs between spots: it was left out. If "
        "these are several sections, save each as a file of its own."
    )
    return (note,)


def position_tables(adata: AnnData) -> list[str]:
    """Tables of ``obsm`` that are called as positions are, the surest first."""
    order = {name.lower(): at for at, name in reversed([*enumerate(IN_OBSM)])}
    there = [key for key in adata.obsm if str(key).lower() in order]
    return sorted(there, key=lambda key: (order[key.lower()], key not in IN_OBSM))


def _named(key: str) -> str:
    return f'obsm["{key}"]'


def _tell_places(array_rc: FloatArray, pixel_xy: FloatArray) -> bool:
    """Whether columns place the spots: elsewhere they may be text, or all the same."""
    known = array_rc[np.isfinite(array_rc).all(axis=1)]
    n_known, n_wanted = len(known), np.isfinite(pixel_xy).all(axis=1).sum()
    differ = n_known == 1 or bool((known != known[:1]).any())
    return differ and bool(n_known >= _ENOUGH * n_wanted)


def as_array(table: Any) -> np.ndarray[Any, Any]:
    """Return a table of ``obsm`` as an array, whatever it is kept as."""
    dense: Any = table.toarray() if sparse.issparse(table) else table  # type: ignore[attr-defined]
    return np.asarray(dense)


def _pixel_positions(
    adata: AnnData, nowhere: list[str]
) -> tuple[FloatArray | None, str]:
    """Positions (x, y) and where they are kept; ``nowhere`` gets notes of those left.

    A table without any finite position is as good as none.
    """
    for key in position_tables(adata):
        table = adata.obsm[key]
        for pair in X_Y if isinstance(table, pd.DataFrame) else ():
            names, found = _columns(table, pair)  # in R the row may come first
            if found is not None:
                return found, f"{_named(key)} {names}"
        positions = _as_numbers(table, key)
        if positions.ndim != 2 or positions.shape[1] < 2:
            continue
        if np.isfinite(positions[:, :2]).all(axis=1).any():
            return positions[:, :2].copy(), _named(key)
        nowhere.append(f"{_named(key)} holds no finite position of any spot.")
    for pair in X_Y:
        names, found = _columns(adata.obs, pair)
        if found is not None:
            return found, f"obs {names}"
    return None, ""


def _as_numbers(table: Any, key: str) -> FloatArray:
    try:
        return np.array(as_array(table), dtype=np.float64)
    except (TypeError, ValueError):
        msg = (
            f"{_named(key)} holds what is no number: it must be x and y of each spot. "
            "Put these there, or delete it if the positions are elsewhere."
        )
        raise ReadError(msg) from None


def _columns(
    table: pd.DataFrame, pair: tuple[str, str]
) -> tuple[str, FloatArray | None]:
    """Names and values of two columns; no values if they are not there, or empty."""
    there = columns_among(table.columns, [pair])
    if there is None:
        return "", None
    numbers = [
        pd.to_numeric(plain(table[[key]])[key], errors="coerce") for key in there
    ]
    found = np.column_stack(
        [np.asarray(column, dtype=np.float64) for column in numbers]
    )
    return ", ".join(there), None if np.isnan(found).all() else found


def placed_by_list(adata: AnnData, path: Path, notes: list[str]) -> AnnData:
    """Return a copy whose spots lie where a list says; NaN where it does not say.

    What a person should know of how they were found is added to ``notes``.

    Raises
    ------
    ReadError
        If it lists none of the spots, or one of them twice.
    """
    listed = read_spot_positions(path, adata.obs_names)
    found = listed.find(adata.obs_names)
    place = found.place
    notes += found.notes(path.name)
    if not (place >= 0).any():
        msg = f"{path.name} does not list the spots by name"
        raise ReadError(msg)
    known = (place >= 0)[:, None]
    placed = adata.copy()
    old = [name for pair in ROW_COL for name in pair if name in placed.obs]
    placed.obs = placed.obs.drop(columns=old)
    array_rc = np.where(known, listed.array_rc[place], np.nan)
    if listed.on_array:
        placed.obs[keys.ARRAY_ROW], placed.obs[keys.ARRAY_COL] = array_rc.T
        own = _pixel_positions(placed, [])[0]
        xy = own if listed.pixel_xy is None else listed.pixel_xy[place]
        if xy is not None:
            placed.obsm[keys.SPATIAL] = np.where(known, xy, np.nan)
    else:
        placed.obsm[keys.SPATIAL] = array_rc[:, ::-1]
    return placed


def under_tissue(
    obs: pd.DataFrame, notes: list[str]
) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Which spots are under tissue; all, where nothing marks any (notes say so)."""
    if keys.IN_TISSUE in obs:
        told = plain(obs[[keys.IN_TISSUE]])[keys.IN_TISSUE].astype(str).str.lower()
        words = {"true": "1", "false": "0"}  # R writes TRUE
        marks = pd.to_numeric(told.replace(words), errors="coerce")
        mask: np.ndarray[Any, np.dtype[np.bool_]] = marks.to_numpy(np.float64) == 1
        if mask.any():
            return mask
        notes.append(f"obs {keys.IN_TISSUE} is 1 for no spot: all were taken.")
    return np.ones(len(obs), dtype=bool)


def _listed(names: Any) -> str:
    listed = ", ".join(map(str, list(names)[:8]))
    return listed or "nothing"
