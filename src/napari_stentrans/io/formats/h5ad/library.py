"""Several sections in one AnnData: which one is meant, and which picture is its own."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from napari_stentrans import keys
from napari_stentrans.errors import ReadError
from napari_stentrans.io.assembly.mixed import lie_among_one_another
from napari_stentrans.io.files.damage import attempt
from napari_stentrans.io.files.zarr_chunks import is_array
from napari_stentrans.io.formats.h5ad.positions import (
    as_array,
    find_places,
    position_tables,
)
from napari_stentrans.io.pictures.images import scale_factor
from napari_stentrans.io.pictures.zarr_pictures import is_gone

if TYPE_CHECKING:
    from anndata import AnnData

_SECTIONS = (
    "library_id",
    "library",
    "sample_id",
    "sample",
    "sample_name",
    "section",
    "section_id",
    "slice",
    "slice_id",
    "slide",
    "slide_id",
    "puck",
    "puck_id",
    "orig.ident",
    "brain_section_label",
    "bregma",
)
_MAYBE = ("batch", "dataset", "replicate", "donor_id", "donor")
"""May well tell cells of one section apart, which then lie among one another."""
_COLUMNS = (*_SECTIONS, *_MAYBE, "fov")
"""Where it is commonly said which spot is of which section, surest first; in capital
or small letters."""
_OR_ONE = (
    " Spots of each lie among those of others; if they are of one section all the "
    "same, rename that column."
)
_DIAMETER = "spot_diameter_fullres"
"""Scale factor that tells the size of a spot."""
_PLACES = ((keys.ARRAY_ROW, keys.ARRAY_COL), ("row", "col"), ("x", "y"))
_SHOWN = 12


def one_library(adata: AnnData, wished: str | None, notes: list[str]) -> AnnData:
    """Return the spots of one section: all, where there is only one.

    Where there may be several, ``notes`` say so.

    Raises
    ------
    ReadError
        Listing the sections, where there are several and none, or another, is named.
    """
    entries, labels = _entries(adata), _labels(adata)
    if wished is not None:
        for column in labels.values():
            mask = (column == wished).to_numpy()
            if mask.any():
                return adata[mask]
        if wished in entries and _own_entry(entries, labels) is None:
            return adata
        msg = f"there is no library {wished!r}; {_listed(entries, labels)}"
        raise ReadError(msg)
    several, or_one = _telling(adata, entries, labels), ""
    if several is None:
        several, or_one = _mixed(adata, labels, notes), _OR_ONE
    if several is not None:
        listed = _listed(entries, {several: labels[several]})
        named = labels[several].dropna().iloc[0]
        value = adata.obs[several].dropna().tolist()[0]  # which may be a number
        msg = (
            f"there are several sections: {listed}. Choose one: library={named!r}, "
            "given to read_section or section_from_anndata (command line: --library "
            f"{shlex.quote(named)}), or hand over adata[adata.obs[{several!r}] == "
            f"{value!r}].{or_one}"
        )
        raise ReadError(msg)
    return adata


def image_entry(
    adata: AnnData, wished: str | None, notes: list[str]
) -> Mapping[str, Any]:
    """Entry of ``uns["spatial"]`` that belongs to these spots; empty if none does.

    The picture of another section would be learnt from like their own: where nothing
    says which of several is theirs, only the size of a spot is told, if all agree.
    """
    entries = _entries(adata)
    if wished in entries:
        return entries[wished]
    if len(entries) < 2:
        return next(iter(entries.values()), {})
    own = _own_entry(entries, _labels(adata))
    if own is not None:
        return entries[own]
    notes.append(
        f"There are {len(entries)} pictures ({_some(list(entries))}), and nothing says "
        "which is of these spots: none is used. Keep one in "
        f'uns["{keys.SPATIAL}"], name it in obs["{_COLUMNS[0]}"], or choose one '
        "(option library; command line: --library)."
    )
    diameters = {scale_factor(entry, _DIAMETER) for entry in entries.values()}
    return {"scalefactors": {_DIAMETER: diameters.pop()}} if len(diameters) == 1 else {}


def drop_gone_pictures(adata: AnnData, folder: Path, notes: list[str]) -> None:
    """Take out pictures of which a zarr folder, copied in part, holds nothing."""
    for name, entry in _entries(adata).items():
        images = entry.get("images")
        if not isinstance(images, dict):
            continue
        for resolution in list(images):
            array = folder / "uns" / keys.SPATIAL / name / "images" / resolution
            if is_array(array) and is_gone(array, f"{name} {resolution}", notes):
                del images[resolution]


def _labels(adata: AnnData) -> dict[str, pd.Series]:
    """Columns that may say which section a spot is of, as text, surest first.

    Spots of which a column says nothing are of no section by that one (missing).
    Behind the known names comes any other column that holds nothing but names of
    entries of ``uns["spatial"]``. Numbers are none: clusters have these, too.
    """
    obs = adata.obs
    found = {
        name: _as_text(obs[name])
        for known in _COLUMNS
        for name in obs
        if str(name).lower() == known
    }
    entries = _entries(adata)
    if len(entries) < 2:
        return found
    names = {name for name in entries if not name.isdecimal()}
    for name, column in obs.items():
        if name in found or pd.api.types.is_numeric_dtype(column):
            continue
        label = _as_text(column)
        if isinstance(name, str) and names.issuperset(label.unique()):
            found[name] = label
    return found


def _as_text(column: pd.Series) -> pd.Series:
    """Return a column as text; what is missing stays so, in any pandas."""
    return column.astype(object).map(str, na_action="ignore")


def _own_entry(
    entries: Mapping[str, Any], labels: Mapping[str, pd.Series]
) -> str | None:
    """Name of the entry that a column names for all spots alike; None without any.

    Of columns without a known name all that do so must name the same.
    """
    named = {
        name: column.iloc[0]
        for name, column in labels.items()
        if column.nunique() == 1 and column.notna().all() and column.iloc[0] in entries
    }
    is_known = any(name.lower() in _COLUMNS for name in named)
    is_sure = is_known or len({*named.values()}) == 1
    return str(next(iter(named.values()))) if is_sure else None


def _entries(adata: AnnData) -> dict[str, Mapping[str, Any]]:
    spatial = adata.uns.get(keys.SPATIAL)
    if not isinstance(spatial, Mapping):
        return {}
    return {
        str(name): entry
        for name, entry in spatial.items()
        if isinstance(entry, Mapping)
    }


def _telling(
    adata: AnnData, entries: Mapping[str, Any], labels: Mapping[str, pd.Series]
) -> str | None:
    """Column that parts the spots into sections, if they are of several at all.

    They are where the parts have pictures of their own, or lie upon one another.
    """
    overlaid = _overlaid(adata)
    for name, column in labels.items():
        parts = set(column.dropna())
        if len(parts) > 1 and (len(parts & entries.keys()) > 1 or overlaid):
            apart = pd.DataFrame({"part": column.to_numpy()})
            if not overlaid or not _overlaid(adata, apart):
                return name
    return None


def _mixed(
    adata: AnnData, labels: Mapping[str, pd.Series], notes: list[str]
) -> str | None:
    """Column of sections whose spots lie among one another, as none of one slide do.

    Notes tell of one that may be of sections.
    """
    asked = {
        name: column
        for name, column in labels.items()
        if name.lower() in (*_SECTIONS, *_MAYBE) and column.nunique() > 1
    }
    places = attempt([], "positions", lambda: find_places(adata)) if asked else None
    if places is None:  # whoever reads them will tell
        return None
    for name, column in asked.items():
        if not lie_among_one_another(places.array_rc, column):
            continue
        if name.lower() in _SECTIONS:
            return name
        known = column.dropna().unique()
        parts = _some([repr(part) for part in known])
        notes.append(
            f"Spots of different {name} ({parts}) lie among one another. If these are "
            f"several sections, choose one: library={known[0]!r} (command line: "
            f"--library {shlex.quote(known[0])})."
        )
        return None
    return None


def _overlaid(adata: AnnData, apart: pd.DataFrame | None = None) -> bool:
    """Whether spots lie at the same place, within each part if there are parts."""
    place = next(_places(adata), None)
    if place is None:
        return False
    table = pd.DataFrame(place)
    if apart is not None:
        table["part"] = apart["part"]
    return bool(table.duplicated().any())


def _places(adata: AnnData) -> Iterator[np.ndarray[Any, Any]]:
    for row, col in _PLACES:
        if row in adata.obs and col in adata.obs:
            yield adata.obs[[row, col]].to_numpy()
    for key in position_tables(adata):
        if np.ndim(adata.obsm[key]) == 2:
            yield as_array(adata.obsm[key])[:, :2]


def _listed(entries: Mapping[str, Any], labels: Mapping[str, pd.Series]) -> str:
    """Say which sections there are, by the first column that names several."""
    for name, column in labels.items():
        counted = column.value_counts(sort=False)
        if len(counted) > 1:
            each = [f"{part!r} ({n:,} spots)" for part, n in counted.items()]
            return f"{name} has {_some(each)}"
    own = _own_entry(entries, labels)
    if own is not None:
        return f"all spots are of {own!r}"
    listed = _some([repr(name) for name in entries])
    return f"there are images of {listed}" if listed else "all spots are of one section"


def _some(each: list[str]) -> str:
    """List names, of very many the first ones."""
    more = f" and {len(each) - _SHOWN} more" if len(each) > _SHOWN else ""
    return f"{', '.join(each[:_SHOWN])}{more}"
