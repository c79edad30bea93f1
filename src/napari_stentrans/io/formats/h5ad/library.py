"""Several sections in one AnnData: which one is meant, and which picture is its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from napari_stentrans import keys
from napari_stentrans.errors import ReadError
from napari_stentrans.io.formats.h5ad.positions import as_array

if TYPE_CHECKING:
    from anndata import AnnData

_COLUMNS = (
    "library_id",
    "library",
    "sample_id",
    "sample",
    "sample_name",
    "section",
    "section_id",
    "slice",
    "slide",
    "batch",
    "orig.ident",
    "fov",
)
"""Where it is commonly said which spot is of which section, surest first."""
_PLACES = ((keys.ARRAY_ROW, keys.ARRAY_COL), ("row", "col"), ("x", "y"))
_SHOWN = 12


def one_library(adata: AnnData, wished: str | None) -> AnnData:
    """Return the spots of one section: all, where there is only one.

    Raises
    ------
    ReadError
        Listing the sections, where there are several and none, or another, is named.
    """
    columns = [column for column in _COLUMNS if column in adata.obs]
    if wished is not None:
        for column in columns:
            mask = (adata.obs[column].astype(str) == wished).to_numpy()
            if mask.any():
                return adata[mask]
        if wished in _entries(adata):
            return adata
        msg = f"there is no library {wished!r}; {_listed(adata, columns)}"
        raise ReadError(msg)
    several = _telling(adata, columns)
    if several is not None:
        msg = (
            f"there are several sections: {_listed(adata, [several])}. Choose one "
            "(option library)"
        )
        raise ReadError(msg)
    return adata


def image_entry(
    adata: AnnData, wished: str | None, notes: list[str]
) -> Mapping[str, Any]:
    """Entry of ``uns["spatial"]`` that belongs to these spots; empty if none does."""
    entries = _entries(adata)
    if wished in entries:
        return entries[wished]
    if len(entries) > 1:
        for column in _COLUMNS:
            named = set(adata.obs[column].astype(str)) if column in adata.obs else set()
            if len(named) == 1 and named <= entries.keys():
                return entries[named.pop()]
        notes.append(
            f"There are {len(entries)} images; the first, {next(iter(entries))!r}, "
            "is shown."
        )
    return next(iter(entries.values()), {})


def _entries(adata: AnnData) -> dict[str, Mapping[str, Any]]:
    spatial = adata.uns.get(keys.SPATIAL)
    if not isinstance(spatial, Mapping):
        return {}
    return {
        str(name): entry
        for name, entry in spatial.items()
        if isinstance(entry, Mapping)
    }


def _telling(adata: AnnData, columns: list[str]) -> str | None:
    """Column that parts the spots into sections, if they are of several at all.

    They are where the parts have pictures of their own, or lie upon one another.
    """
    entries = _entries(adata)
    overlaid = _overlaid(adata)
    for column in columns:
        parts = set(adata.obs[column].astype(str))
        if len(parts) > 1 and (len(parts & entries.keys()) > 1 or overlaid):
            apart = pd.DataFrame({"part": adata.obs[column].astype(str).to_numpy()})
            if not overlaid or not _overlaid(adata, apart):
                return column
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
    for key in (keys.SPATIAL, "X_spatial"):
        if key in adata.obsm and np.ndim(adata.obsm[key]) == 2:
            yield as_array(adata.obsm[key])[:, :2]


def _listed(adata: AnnData, columns: list[str]) -> str:
    """Say which sections there are, by the first column that names several."""
    for column in columns:
        counted = adata.obs[column].astype(str).value_counts(sort=False)
        if len(counted) > 1:
            each = [f"{name!r} ({n:,} spots)" for name, n in counted.items()]
            more = f" and {len(each) - _SHOWN} more" if len(each) > _SHOWN else ""
            return f"{column} has {', '.join(each[:_SHOWN])}{more}"
    listed = ", ".join(map(repr, _entries(adata)))
    return f"there are images of {listed}" if listed else "all spots are of one section"
