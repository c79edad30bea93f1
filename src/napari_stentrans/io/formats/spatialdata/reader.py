"""SpatialData: a table, the shapes or labels that it annotates, and a picture.

Spots are placed in one coordinate system, and the picture is laid there, so that any
transformation between the two is respected.
"""

from __future__ import annotations

import warnings
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from napari_stentrans import keys
from napari_stentrans.errors import ReadError
from napari_stentrans.io.files.damage import from_library
from napari_stentrans.io.files.zarr_folder import attributes, check_zarr, is_group
from napari_stentrans.io.formats.h5ad.positions import IN_OBSM
from napari_stentrans.io.formats.spatialdata.picture import (
    find_picture,
    pictures_elsewhere,
    systems_of,
    to_affine,
    unread_pictures,
)
from napari_stentrans.io.options import ReadOptions
from napari_stentrans.io.pictures.images import misfit_note
from napari_stentrans.section.lattice import FloatArray
from napari_stentrans.section.section import Section

if TYPE_CHECKING:
    from anndata import AnnData
    from spatialdata import SpatialData

TITLE: Final = "SpatialData (zarr)"
TAKES: Final = frozenset({"table", "coordinate_system", "library"})

_GLOBAL = "global"


def sniff(path: Path) -> bool:
    """Whether this is a SpatialData zarr."""
    if not path.is_dir():
        return False
    if "spatialdata_attrs" in attributes(path):
        return True
    return is_group(path) and any(is_group(path / name) for name in ("tables", "table"))


def read(path: Path, options: ReadOptions) -> Section:
    """Read one table with its positions and a picture.

    Raises
    ------
    ReadError
        If the package spatialdata is missing; or listing the tables, regions or
        coordinate systems where it is not clear which is meant.
    """
    from napari_stentrans.io.formats.h5ad.reader import section_of

    whole = _opened(path)
    table_name = _chosen("tables", "table", sorted(whole.tables), options.table, path)
    table = whole.tables[table_name]
    region = _region(table, options.library, path)
    notes = [f"Read as SpatialData, table {table_name!r}."]
    system = None
    if region is None:
        notes.append("The table belongs to no shapes or labels.")
        adata = table.copy()
    else:
        system = _system(whole, region, options.coordinate_system)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # repeated names: the section lists them
            adata = _placed(whole, table, region, system, notes)
    chosen = replace(options, library=None)
    name = options.name or f"{chosen.name_for(path)}_{table_name}"
    if table_name == "table":
        name = chosen.name_for(path)
    section = section_of(adata, path, replace(chosen, name=name))
    if system is None:
        return replace(section, notes=(*notes, *section.notes))
    notes += unread_pictures(whole, path)
    image, misfit = find_picture(whole, system, table_name, notes).image(notes), []
    if image is None:
        notes += pictures_elsewhere(whole, system, systems_of(whole[region]))
    if image is not None and section.pixel_xy is not None:
        misfit = misfit_note(image, section.pixel_xy)
    told = (*notes, *section.notes, *misfit)
    return replace(section, image=image, system=system, notes=told)


def _opened(path: Path) -> SpatialData:
    """Open the folder; pictures stay where they are until they are looked at."""
    try:
        import spatialdata
    except ImportError as error:
        msg = (
            f"{path.name} is SpatialData, which needs the package spatialdata: "
            'pip install "napari-stentrans[spatialdata]"'
        )
        raise ReadError(msg) from error
    check_zarr(path, ("tables", "table", "shapes"), positions=IN_OBSM)
    with warnings.catch_warnings(), from_library(path.name):
        warnings.simplefilter("ignore")  # on old versions, and on what is damaged
        return spatialdata.read_zarr(
            path,
            selection=("tables", "shapes", "labels", "images"),
            on_bad_files="warn",
        )


def _chosen(
    many: str, option: str, there: list[str], wished: str | None, path: Path
) -> str:
    """Return the one that is wished for, or the only one."""
    listed = ", ".join(there) or "none that can be read"
    if wished is not None:
        if wished not in there:
            msg = f"{path.name} has no {option} {wished!r}; it has {listed}"
            raise ReadError(msg)
        return wished
    if len(there) != 1:
        msg = (
            f"{path.name} has {len(there)} {many} ({listed}); choose one: {option} "
            f"(command line: --{option})"
        )
        raise ReadError(msg)
    return there[0]


def _region(table: AnnData, wished: str | None, path: Path) -> str | None:
    """Return what the table annotates: one of its regions, or None."""
    found = table.uns.get("spatialdata_attrs", {}).get("region")
    if found is None:
        return None
    regions = [found] if isinstance(found, str) else [str(each) for each in found]
    return _chosen("regions", "library", regions, wished, path)


def _placed(
    whole: SpatialData,
    table: AnnData,
    region: str,
    system: str,
    notes: list[str],
) -> AnnData:
    """Rows of the table that annotate the region, with its positions in a system."""
    from spatialdata import get_centroids

    element = whole[region]
    listed = get_centroids(element, coordinate_system=system).compute()
    linked = table.uns["spatialdata_attrs"]
    in_region = table.obs[linked["region_key"]].astype(str) == region
    adata = table[in_region.to_numpy()].copy()
    place = pd.Index(listed.index).get_indexer(adata.obs[linked["instance_key"]])
    if not (place >= 0).any():
        msg = f"no row of the table has a place in {region!r}"
        raise ReadError(msg)
    if (place < 0).any():
        notes.append(
            f"{(place < 0).sum()} rows without a place in {region!r} left out."
        )
    adata = adata[place >= 0].copy()
    system_xy = listed[["x", "y"]].to_numpy(np.float64)[place[place >= 0]]
    if keys.SECTION in adata.uns:  # these two were added by us
        adata.obs = adata.obs.drop(
            columns=[linked["region_key"], linked["instance_key"]]
        )
    notes.append(f"Positions of {region!r} in coordinate system {system!r}.")
    adata.obsm[keys.SPATIAL] = system_xy
    factors = {"spot_diameter_fullres": _diameter(element, system)}
    adata.uns[keys.SPATIAL] = {region: {"scalefactors": factors}}
    return adata


def _system(whole: SpatialData, region: str, wished: str | None) -> str:
    """Return the coordinate system that is wished for; else the usual one."""
    if region not in whole:
        msg = f"the table annotates {region!r}, which is not there or cannot be read"
        raise ReadError(msg)
    there = systems_of(whole[region])
    if wished is not None and wished not in there:
        msg = (
            f"there is no coordinate_system {wished!r} (command line: "
            f"--coordinate-system); there is {', '.join(there)}"
        )
        raise ReadError(msg)
    return wished or (_GLOBAL if _GLOBAL in there else there[0])


def _diameter(element: Any, system: str) -> float | None:
    """Diameter of circles in units of the coordinate system; None for other shapes."""
    if "radius" not in getattr(element, "columns", ()):
        return None
    return 2 * float(np.median(element["radius"])) * _scale(to_affine(element, system))


def _scale(affine: FloatArray) -> float:
    return float(np.sqrt(abs(np.linalg.det(affine[:2, :2]))))
