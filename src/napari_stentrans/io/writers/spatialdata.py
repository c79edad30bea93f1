"""SpatialData: a new table with its spots as circles, and the picture of the tissue.

Where the section came out of a SpatialData zarr, everything in that one is copied and
the new table is added to the copy; the original is only read.
"""

from __future__ import annotations

import re
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from napari_stentrans import keys
from napari_stentrans.errors import InvalidRequestError
from napari_stentrans.io.files.replacing import replacing
from napari_stentrans.io.writers.as_anndata import (
    diameter_in,
    library_of,
    scalefactors_of,
)
from napari_stentrans.section.image import TissueImage
from napari_stentrans.section.section import Section

if TYPE_CHECKING:
    from anndata import AnnData
    from spatialdata import SpatialData

_REGION, _INSTANCE = "region", "spot"
_GLOBAL = "global"
_LONGEST_NAME = 100


def write_spatialdata(
    path: Path, adata: AnnData, section: Section, name: str = "stentrans"
) -> Path:
    """Write a SpatialData zarr.

    Parameters
    ----------
    path
        The folder to make; one of that name is replaced, once the new one is complete.
    adata : AnnData, shape (position, gene)
        As `section_to_anndata` makes it, in memory.
    section
        What it came from. If that is a SpatialData zarr, it is copied, with the table
        added.
    name
        What to call the table; its circles are ``NAME_spots``.

    Returns
    -------
    Path
        ``path``.

    Raises
    ------
    InvalidRequestError
        If it cannot be written there, or the package spatialdata is missing.
    """
    try:
        import spatialdata
    except ImportError as error:
        msg = (
            "writing SpatialData needs the package spatialdata: "
            'pip install "napari-stentrans[spatialdata]"'
        )
        raise InvalidRequestError(msg) from error
    source = section.source
    with replacing(path, section.inputs) as unfinished, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the libraries under spatialdata
        whole = (
            spatialdata.read_zarr(source)
            if source and is_spatialdata(Path(source))
            else spatialdata.SpatialData()
        )
        _add(whole, adata, section, _free_name(whole, _valid(name)))
        whole.write(unfinished)
    return Path(path)


def is_spatialdata(path: Path) -> bool:
    """Whether a folder is a SpatialData zarr, by what its metadata says."""
    for name in ("zarr.json", ".zattrs"):
        file = path / name
        if file.is_file() and "spatialdata_attrs" in file.read_text(errors="replace"):
            return True
    return False


def _add(whole: SpatialData, adata: AnnData, section: Section, name: str) -> None:
    """Add table, circles and picture; ``adata`` stays as it is.

    They lie in the coordinate system that the positions are of.
    """
    from spatialdata import sanitize_table
    from spatialdata.models import ShapesModel, TableModel
    from spatialdata.transformations import Identity

    spots = f"{name}_spots"
    system = section.system or _GLOBAL
    pixel_xy = np.array(adata.obsm[keys.SPATIAL], dtype=np.float64)
    whole[spots] = ShapesModel.parse(
        pixel_xy,
        geometry=0,
        radius=diameter_in(adata) / 2,
        index=np.arange(adata.n_obs),
        transformations={system: Identity()},
    )
    table = adata.copy()
    table.uns.pop(keys.SPATIAL, None)  # the picture has its own place here
    sanitize_table(table)
    region, instance = (_free_column(table.obs, each) for each in (_REGION, _INSTANCE))
    table.obs[region] = pd.Categorical([spots] * adata.n_obs)
    table.obs[instance] = np.arange(adata.n_obs)
    whole[name] = TableModel.parse(
        table, region=spots, region_key=region, instance_key=instance
    )
    if section.image is not None and not _is_there(section.image, whole):
        _add_picture(whole, adata, system, f"{name}_image")


def _is_there(image: TissueImage, whole: SpatialData) -> bool:
    """Whether a picture came out of the zarr, where it still lies as it did."""
    return image.name in whole.images and image.alignment.is_none


def _add_picture(whole: SpatialData, adata: AnnData, system: str, name: str) -> None:
    from spatialdata.models import Image2DModel
    from spatialdata.transformations import Scale

    picture = np.moveaxis(np.asarray(library_of(adata)["images"]["hires"]), -1, 0)
    scale = 1 / scalefactors_of(adata)["tissue_hires_scalef"]
    whole[name] = Image2DModel.parse(
        picture,
        dims=("c", "y", "x"),
        c_coords=["r", "g", "b"],
        transformations={system: Scale([scale, scale], axes=("x", "y"))},
    )


def _valid(name: str) -> str:
    """Return a name that SpatialData takes: letters, digits and _ - . only.

    It becomes one of folders, whose names are at most 255 characters long.
    """
    found = re.sub(r"[^A-Za-z0-9.-]+", "_", name)[:_LONGEST_NAME]
    return found.strip("_.") or "section"


def _free_column(table: pd.DataFrame, name: str) -> str:
    """Return a name that no column has; names that differ in case alone are one."""
    taken = {str(column).lower() for column in table}
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{name}_{number}"
    return free


def _free_name(whole: SpatialData, name: str) -> str:
    """Return a name that nothing in there has."""
    taken = {element.lower() for _, element, _ in whole.gen_elements()}
    number, free = 1, name
    while any(
        each.lower() in taken for each in (free, f"{free}_spots", f"{free}_image")
    ):
        number += 1
        free = f"{name}_{number}"
    return free
