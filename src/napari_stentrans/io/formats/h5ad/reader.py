"""AnnData as the rest of the world writes it: what the counts and positions are.

Looks where counts, positions and images are commonly kept, takes the first that fit,
and says in the section's notes what it took. Never changes the AnnData it is given.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import h5py
import numpy as np
import pandas as pd

from napari_stentrans import keys
from napari_stentrans.errors import InvalidRequestError, InvalidSectionError, ReadError
from napari_stentrans.io.assembly.counts import plain
from napari_stentrans.io.assembly.kept import kept_in_uns
from napari_stentrans.io.assembly.together import section_of_parts
from napari_stentrans.io.files.damage import attempt, from_library
from napari_stentrans.io.files.hdf5 import is_hdf5, opened_hdf5
from napari_stentrans.io.files.zarr_folder import attributes, check_zarr
from napari_stentrans.io.formats.h5ad.counts import (
    find_values,
    genes_alone,
    named_genes,
)
from napari_stentrans.io.formats.h5ad.expected import has_unmeasured, was_enhanced
from napari_stentrans.io.formats.h5ad.library import (
    drop_gone_pictures,
    image_entry,
    one_library,
)
from napari_stentrans.io.formats.h5ad.positions import (
    IN_OBSM,
    find_places,
    placed_by_list,
    under_tissue,
)
from napari_stentrans.io.options import ReadOptions
from napari_stentrans.io.pictures.images import (
    image_from_library,
    misfit_note,
    scale_factor,
)
from napari_stentrans.section.detection import Detected
from napari_stentrans.section.lattice import LatticeKind
from napari_stentrans.section.section import Section

if TYPE_CHECKING:
    from anndata import AnnData

TITLE: Final = "AnnData (h5ad, zarr)"
TAKES: Final = frozenset({"library", "positions"})


def sniff(path: Path, positions: Path | None = None) -> bool:  # noqa: ARG001
    """Whether this is an AnnData, in HDF5 or as a zarr folder."""
    if path.is_dir():
        return attributes(path).get("encoding-type") == "anndata"
    if not is_hdf5(path):
        return False
    with h5py.File(path, "r") as file:
        return "obs" in file and "var" in file and "mod" not in file  # MuData has it


def read(path: Path, options: ReadOptions) -> Section:
    """Read an AnnData.

    Raises
    ------
    ReadError, InvalidSectionError
        Naming every problem found.
    """
    import anndata

    notes: list[str] = []
    with warnings.catch_warnings(), from_library(path.name):
        warnings.simplefilter("ignore")  # old layouts and repeated names: handled below
        if path.is_dir():
            check_zarr(path, positions=IN_OBSM)
            adata = anndata.read_zarr(path)
            drop_gone_pictures(adata, path, notes)
        else:
            with opened_hdf5(path):
                adata = anndata.read_h5ad(path)
    section = section_of(adata, path, options)
    return replace(section, notes=(*section.notes, *notes)) if notes else section


def section_of(adata: AnnData, path: Path, options: ReadOptions) -> Section:
    """Make a section of an AnnData that was read from a path."""
    named = replace(options, name=options.name_for(path))
    return replace(_section(adata, named), source=str(path))


def section_from_anndata(
    adata: AnnData,
    *,
    name: str = "section",
    lattice: LatticeKind | str | None = None,
    allow_normalised: bool = False,
    library: str | None = None,
    positions: str | Path | None = None,
) -> Section:
    """Make a section of an AnnData, which stays as it is.

    Parameters
    ----------
    adata
        Raw counts in ``X``, ``layers["counts"]`` (or one named so), or ``raw``;
        positions in ``obs`` (array_row, array_col or x, y) or ``obsm["spatial"]``
        (x, y in full-resolution pixels); images in ``uns["spatial"]``.
    name
        What to call it.
    lattice
        Overrules the lattice that is recognised.
    allow_normalised
        Take normalised values where there are no raw counts.
    library
        Which of several sections: a value of a column of ``obs`` such as library_id,
        or a key of ``uns["spatial"]``.
    positions
        A file that lists the positions of the spots by their names.

    Returns
    -------
    Section
        With its lattice recognised, and what to mind in ``notes``.

    Raises
    ------
    ReadError, InvalidSectionError
        Naming every problem found.
    InvalidRequestError
        If it is no AnnData, or there is no such lattice or file.
    """
    from anndata import AnnData

    if not isinstance(adata, AnnData):
        msg = (
            f"section_from_anndata takes an AnnData, not {type(adata).__name__}; "
            "files are read by read_section"
        )
        raise InvalidRequestError(msg)
    options = ReadOptions.of(
        lattice=lattice,
        name=name,
        allow_normalised=allow_normalised,
        library=library,
        positions=positions,
    )
    given = {wish: told for wish, told in options.given.items() if wish in TAKES}
    return replace(_section(adata, options), wishes=given)


def _section(adata: AnnData, options: ReadOptions) -> Section:
    problems: list[str] = []
    notes: list[str] = []
    adata = one_library(adata, options.library, notes)
    if options.positions is not None:
        adata = placed_by_list(adata, options.positions, notes)
    if min(adata.shape) == 0:
        msg = f"there are {adata.n_obs} spots and {adata.n_vars} genes; nothing to show"
        raise InvalidSectionError(msg)
    in_tissue = under_tissue(adata.obs, notes)
    allowed = options.allow_normalised
    values = attempt(problems, "counts", lambda: find_values(adata, allowed=allowed))
    places = attempt(problems, "positions", lambda: find_places(adata))
    if values is None or places is None:
        raise ReadError("\n".join(problems))

    is_ours = keys.SECTION in adata.uns
    values = values if is_ours else genes_alone(values)
    notes += [*values.notes, *places.notes]
    if not in_tissue.all():
        notes.append(f"{(~in_tissue).sum()} spots that are not under tissue left out.")
    somewhere = places.are_known
    if n_nowhere := int((in_tissue & ~somewhere).sum()):
        notes.append(f"{n_nowhere} spots without a position left out.")
    kept = in_tissue & somewhere
    pixel_xy = None if places.pixel_xy is None else places.pixel_xy[kept]
    proportions_xy = pixel_xy if places.on_array else None
    placed = options.place(places.array_rc[kept], proportions_xy)
    ours = kept_in_uns(adata.uns, places.array_rc[kept])
    shrunk = 1.0  # spots of a result are as much smaller as its pitch
    if ours is not None:
        as_kept = ours.placed(places.array_rc[kept])
        if not options.lattice and _is_coarser(adata, as_kept, placed):
            shrunk = as_kept.lattice.pitch_in(placed.lattice)
        elif not options.lattice:
            placed = as_kept
        if pixel_xy is not None and ours.are_made_up(places.array_rc[kept], pixel_xy):
            pixel_xy = None
    library = image_entry(adata, options.library, notes)
    if places.pixel_xy is None and ours is None:
        library = _without_pixels(library, notes)
    image = image_from_library(library, notes)
    if image is not None and pixel_xy is not None:
        notes += misfit_note(image, pixel_xy)
    diameter = scale_factor(library, "spot_diameter_fullres")
    if ours is not None:
        diameter = diameter or ours.diameter if ours.has_spot_diameter else None
    diameter = diameter and diameter / shrunk
    obs = plain(adata.obs)[kept]
    obs.index = pd.Index(adata.obs_names[kept].astype(str), dtype=object)
    return _built(
        name=options.name or "section",
        counts=values.counts[np.flatnonzero(kept)],
        obs=obs,
        var=named_genes(values.var, notes, as_they_are=is_ours),
        array_rc=placed.array_rc,
        lattice=placed.lattice,
        pixel_xy=pixel_xy,
        spot_diameter=diameter,
        image=image,
        notes=tuple(notes),
    )


def _without_pixels(library: Mapping[str, Any], notes: list[str]) -> Mapping[str, Any]:
    """Entry of spots without pixel positions: none, as it tells pixels alone."""
    if image_from_library(library, []) is not None:
        notes.append(
            "The picture is not shown, as no pixel positions say where the spots lie "
            f'on it: put them (x, y) into obsm["{keys.SPATIAL}"].'
        )
    return {}


def _is_coarser(adata: AnnData, as_kept: Detected, recognised: Detected) -> bool:
    """Whether the measured spots alone are left of a result on a finer lattice.

    On that one no spot would have a neighbour.
    """
    if not was_enhanced(adata) or has_unmeasured(adata):
        return False
    n_kept, n_recognised = (
        len(on.lattice.neighbours(on.array_rc)) for on in (as_kept, recognised)
    )
    return n_kept == 0 < n_recognised


def _built(**parts: Any) -> Section:
    """Build the section; of names that repeat, say how AnnData makes them differ."""
    try:
        return section_of_parts(**parts)
    except InvalidSectionError as error:
        if parts["obs"].index.is_unique:
            raise
        advice = "Give each spot a name of its own: adata.obs_names_make_unique()"
        raise InvalidSectionError([*error.problems, advice]) from None
