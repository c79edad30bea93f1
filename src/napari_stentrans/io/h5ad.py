"""AnnData as the rest of the world writes it: what the counts and positions are.

Looks where counts, positions and images are commonly kept, takes the first that fit,
and says in the section's notes what it took. Never changes the AnnData it is given.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np
import pandas as pd
from scipy import sparse

from napari_stentrans import keys
from napari_stentrans.errors import InvalidSectionError, ReadError
from napari_stentrans.io.damage import attempt
from napari_stentrans.io.images import image_from_library, misfit_note
from napari_stentrans.io.matrix import (
    NORMALISED_NOTE,
    are_counts,
    as_counts,
    plain,
    unique_names,
)
from napari_stentrans.io.options import ReadOptions
from napari_stentrans.section.lattice import FloatArray, LatticeKind
from napari_stentrans.section.section import Section

if TYPE_CHECKING:
    from anndata import AnnData

_ARRAY_COLUMNS = ((keys.ARRAY_ROW, keys.ARRAY_COL), ("row", "col"))
_PIXEL_COLUMNS = (
    ("pxl_col_in_fullres", "pxl_row_in_fullres"),
    ("x", "y"),
    ("X", "Y"),
    ("x_centroid", "y_centroid"),
    ("imagecol", "imagerow"),
)
_SYMBOL_COLUMNS = ("feature_name", "gene_name", "gene_symbol", "gene_symbols", "symbol")
_ENSEMBL = re.compile(r"ENS[A-Z]*G\d{6,}")


def sniff(path: Path) -> bool:
    """Whether this is an AnnData in HDF5."""
    if not (path.is_file() and h5py.is_hdf5(path)):
        return False
    with h5py.File(path, "r") as file:
        return "obs" in file and "var" in file


def read(path: Path, options: ReadOptions) -> Section:
    """Read an h5ad.

    Raises
    ------
    ReadError, InvalidSectionError
        Naming every problem found.
    """
    import anndata

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # old layouts and repeated names: handled below
        adata = anndata.read_h5ad(path)
    named = replace(options, name=options.name_for(path))
    return replace(_section(adata, named), source=str(path))


def section_from_anndata(
    adata: AnnData,
    *,
    name: str = "section",
    lattice: LatticeKind | str | None = None,
    allow_normalised: bool = False,
) -> Section:
    """Make a section of an AnnData, which stays as it is.

    Parameters
    ----------
    adata
        Raw counts in ``X``, ``layers["counts"]`` (or another layer), or ``raw``;
        positions in ``obs`` (array_row, array_col or x, y) or ``obsm["spatial"]``
        (x, y in full-resolution pixels); images in ``uns["spatial"]``.
    name
        What to call it.
    lattice
        Overrules the lattice that is recognised.
    allow_normalised
        Take normalised values where there are no raw counts.

    Raises
    ------
    ReadError, InvalidSectionError
        Naming every problem found.
    """
    options = ReadOptions.of(lattice, name, allow_normalised=allow_normalised)
    return _section(adata, options)


def _section(adata: AnnData, options: ReadOptions) -> Section:
    problems: list[str] = []
    if min(adata.shape) == 0:
        msg = f"there are {adata.n_obs} spots and {adata.n_vars} genes; nothing to show"
        raise InvalidSectionError(msg)
    kept = _under_tissue(adata.obs)
    # What an earlier run wrote holds expected counts: fractions are as they should be.
    allowed = options.allow_normalised or keys.PROVENANCE in adata.uns
    values = attempt(problems, "counts", lambda: _find_values(adata, allowed=allowed))
    places = attempt(problems, "positions", lambda: _find_places(adata))
    if values is None or places is None:
        raise ReadError("\n".join(problems))

    notes = [*values.notes, *places.notes]
    if not kept.all():
        notes.append(f"{(~kept).sum()} spots that are not under tissue left out.")
    pixel_xy = None if places.pixel_xy is None else places.pixel_xy[kept]
    placed = options.place(places.array_rc[kept], pixel_xy)
    library = _library(adata, notes)
    image = image_from_library(library, notes)
    if image is not None and pixel_xy is not None:
        notes += misfit_note(image, pixel_xy)
    diameter = library.get("scalefactors", {}).get("spot_diameter_fullres")
    obs = plain(adata.obs)[kept]
    obs.index = pd.Index(adata.obs_names[kept].astype(str), dtype=object)
    return Section(
        name=options.name or "section",
        counts=values.counts[np.flatnonzero(kept)],
        obs=obs,
        var=_named_genes(values.var, notes),
        array_rc=placed.array_rc,
        lattice=placed.lattice,
        pixel_xy=pixel_xy,
        spot_diameter=None if diameter is None else float(diameter),
        image=image,
        notes=tuple(notes),
    )


# --- counts ------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Values:
    counts: sparse.csr_matrix
    var: pd.DataFrame
    notes: tuple[str, ...] = ()


def _find_values(adata: AnnData, *, allowed: bool) -> _Values:
    """Raw counts, from the first place that holds some; else normalised, if allowed."""
    looked, fallback = [], None
    for place, matrix, var in _matrices(adata):
        looked.append(place)
        counts = as_counts(matrix)
        if are_counts(counts):
            took = () if place == "X" else (f"Raw counts were taken from {place}.",)
            return _Values(counts, var, took)
        usable = not (counts.data < 0).any()
        if fallback is None or (usable and (fallback.counts.data < 0).any()):
            fallback = _Values(counts, var, (NORMALISED_NOTE,))
    if fallback is None:
        msg = "there is no expression: X is empty, and there are no layers and no raw"
        raise ReadError(msg)
    if allowed:
        return fallback
    msg = (
        f"there are no raw counts: {', '.join(looked)} "
        f"hold{'s' if len(looked) == 1 else ''} normalised values. "
        'Put the counts into layers["counts"], or insist with allow_normalised=True '
        "(command line: --allow-normalised)."
    )
    raise ReadError(msg)


def _matrices(adata: AnnData) -> Iterator[tuple[str, Any, pd.DataFrame]]:
    if adata.X is not None:
        yield "X", adata.X, adata.var
    first = [keys.COUNTS, "raw_counts", "raw"]
    others = [layer for layer in adata.layers if layer not in first]
    for layer in [layer for layer in first if layer in adata.layers] + others:
        if layer not in (keys.SD, "spliced", "unspliced", "ambiguous"):
            yield f'layers["{layer}"]', adata.layers[layer], adata.var
    if adata.raw is not None:
        yield "raw", adata.raw.X, adata.raw.var


def _named_genes(var: pd.DataFrame, notes: list[str]) -> pd.DataFrame:
    """Genes by symbol where the index holds Ensembl ids and a column the symbols."""
    table = plain(var)
    symbols = [column for column in _SYMBOL_COLUMNS if column in table]
    ids = table.index
    if symbols and ids.str.match(_ENSEMBL).mean() > 0.5:
        names = table[symbols[0]].astype(str)
        table = table.assign(gene_ids=ids)
        table.index = pd.Index(np.where(names == "", ids, names), dtype=object)
        notes.append(f"Genes are named by var[{symbols[0]!r}]; ids are in gene_ids.")
    table.index, repeated = unique_names(table.index)
    notes += repeated
    return table


# --- positions ---------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Places:
    array_rc: FloatArray
    pixel_xy: FloatArray | None
    notes: tuple[str, ...] = ()


def _find_places(adata: AnnData) -> _Places:
    """Array coordinates and pixel positions, from where they are commonly kept."""
    pixel_xy, source = _pixel_positions(adata)
    for row, col in _ARRAY_COLUMNS:
        array_rc = _columns(adata.obs, row, col)
        if array_rc is not None:
            return _Places(array_rc, pixel_xy)
    if pixel_xy is None:
        msg = (
            "there are no spot positions: neither obs array_row, array_col nor "
            'obsm["spatial"] (nor obs x, y). It has obs '
            f"{_listed(adata.obs.columns)} and obsm {_listed(adata.obsm)}. Put the "
            '(x, y) positions into obsm["spatial"].'
        )
        raise ReadError(msg)
    note = f"Positions were taken from {source}; there are no array coordinates."
    return _Places(pixel_xy[:, ::-1].copy(), pixel_xy, (note,))


def _pixel_positions(adata: AnnData) -> tuple[FloatArray | None, str]:
    for key in (keys.SPATIAL, "X_spatial"):
        if key in adata.obsm:
            positions = np.array(adata.obsm[key], dtype=np.float64)
            if positions.ndim == 2 and positions.shape[1] >= 2:
                return positions[:, :2].copy(), f'obsm["{key}"]'
    for x, y in _PIXEL_COLUMNS:
        found = _columns(adata.obs, x, y)
        if found is not None:
            return found, f"obs {x}, {y}"
    return None, ""


def _columns(obs: pd.DataFrame, first: str, second: str) -> FloatArray | None:
    if first not in obs or second not in obs:
        return None
    numbers = [
        pd.to_numeric(plain(obs[[key]])[key], errors="coerce")
        for key in (first, second)
    ]
    found = np.column_stack(
        [np.asarray(column, dtype=np.float64) for column in numbers]
    )
    return None if np.isnan(found).all() else found


def _under_tissue(obs: pd.DataFrame) -> np.ndarray[Any, np.dtype[np.bool_]]:
    if keys.IN_TISSUE in obs:
        marks = pd.to_numeric(
            plain(obs[[keys.IN_TISSUE]])[keys.IN_TISSUE].replace(
                {"True": 1, "False": 0}
            ),
            errors="coerce",
        )
        mask: np.ndarray[Any, np.dtype[np.bool_]] = marks.to_numpy(np.float64) == 1
        if mask.any():
            return mask
    return np.ones(len(obs), dtype=bool)


# --- image -------------------------------------------------------------------------


def _library(adata: AnnData, notes: list[str]) -> Mapping[str, Any]:
    """Entry of ``uns["spatial"]`` that belongs to this section; empty if none does."""
    spatial = adata.uns.get(keys.SPATIAL)
    libraries = (
        {name: entry for name, entry in spatial.items() if isinstance(entry, Mapping)}
        if isinstance(spatial, Mapping)
        else {}
    )
    if len(libraries) > 1:
        for column in ("library_id", "sample_id", "sample", "library"):
            named = set(adata.obs[column].astype(str)) if column in adata.obs else set()
            if len(named) == 1 and named <= libraries.keys():
                return libraries[named.pop()]
        notes.append(
            f"There are {len(libraries)} images; the first, {next(iter(libraries))!r}, "
            "is shown."
        )
    return next(iter(libraries.values()), {})


def _listed(names: Any) -> str:
    listed = ", ".join(map(str, list(names)[:8]))
    return listed or "nothing"
