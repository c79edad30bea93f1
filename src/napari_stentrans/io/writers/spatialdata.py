"""SpatialData: a new table with its spots as circles, and the picture of the tissue.

Where the section came out of a SpatialData zarr, everything in that one is copied and
the new table is added to the copy; the original is only read.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_stentrans import keys
from napari_stentrans.errors import InvalidRequestError
from napari_stentrans.io.files.replacing import replacing
from napari_stentrans.io.pictures.images import is_blank

if TYPE_CHECKING:
    from anndata import AnnData
    from spatialdata import SpatialData

_REGION, _INSTANCE = "region", "spot"
_GLOBAL = "global"
_LONGEST_NAME = 100


def write_spatialdata(
    path: Path,
    adata: AnnData,
    name: str = "stentrans",
    source: str | None = None,
    inputs: Iterable[str] = (),
) -> Path:
    """Write a SpatialData zarr.

    Parameters
    ----------
    path
        The folder to make; one of that name is replaced, once the new one is complete.
    adata : AnnData, shape (position, gene)
        As `section_to_anndata` makes it, in memory.
    name
        What to call the table; its circles are ``NAME_spots``.
    source
        A SpatialData zarr, if it came from one, is copied, with the table added.
    inputs
        What was read, which is never written to.

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
    with replacing(path, inputs) as unfinished, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the libraries under spatialdata
        whole = (
            spatialdata.read_zarr(source)
            if source and is_spatialdata(Path(source))
            else spatialdata.SpatialData()
        )
        _add(whole, adata, _free_name(whole, _valid(name)))
        whole.write(unfinished)
    return Path(path)


def is_spatialdata(path: Path) -> bool:
    """Whether a folder is a SpatialData zarr, by what its metadata says."""
    for name in ("zarr.json", ".zattrs"):
        file = path / name
        if file.is_file() and "spatialdata_attrs" in file.read_text(errors="replace"):
            return True
    return False


def _add(whole: SpatialData, adata: AnnData, name: str) -> None:
    """Add table, circles and picture; ``adata`` stays as it is."""
    from spatialdata.models import ShapesModel, TableModel
    from spatialdata.transformations import Identity

    spots = f"{name}_spots"
    library: dict[str, Any] = next(iter(adata.uns.get(keys.SPATIAL, {}).values()), {})
    diameter = float(library.get("scalefactors", {}).get("spot_diameter_fullres", 1.0))
    pixel_xy = np.array(adata.obsm[keys.SPATIAL], dtype=np.float64)
    whole[spots] = ShapesModel.parse(
        pixel_xy,
        geometry=0,
        radius=diameter / 2,
        index=np.arange(adata.n_obs),
        transformations={_GLOBAL: Identity()},
    )
    table = adata.copy()
    table.uns.pop(keys.SPATIAL, None)  # the picture has its own place here
    table.obs[_REGION] = spots
    table.obs[_REGION] = table.obs[_REGION].astype("category")
    table.obs[_INSTANCE] = np.arange(adata.n_obs)
    whole[name] = TableModel.parse(
        table, region=spots, region_key=_REGION, instance_key=_INSTANCE
    )
    has_picture = "hires" in library.get("images", {}) and not is_blank(library)
    if has_picture and not whole.images:
        _add_picture(whole, library, f"{name}_image")


def _add_picture(whole: SpatialData, library: dict[str, Any], name: str) -> None:
    from spatialdata.models import Image2DModel
    from spatialdata.transformations import Scale

    picture = np.moveaxis(np.asarray(library["images"]["hires"]), -1, 0)
    scale = 1 / float(library["scalefactors"]["tissue_hires_scalef"])
    whole[name] = Image2DModel.parse(
        picture,
        dims=("c", "y", "x"),
        c_coords=["r", "g", "b"],
        transformations={_GLOBAL: Scale([scale, scale], axes=("x", "y"))},
    )


def _valid(name: str) -> str:
    """Return a name that SpatialData takes: letters, digits and _ - . only.

    It becomes one of folders, whose names are at most 255 characters long.
    """
    found = re.sub(r"[^A-Za-z0-9.-]+", "_", name)[:_LONGEST_NAME]
    return found.strip("_.") or "section"


def _free_name(whole: SpatialData, name: str) -> str:
    """Return a name that nothing in there has."""
    taken = {element for _, element, _ in whole.gen_elements()}
    number, free = 1, name
    while any(each in taken for each in (free, f"{free}_spots", f"{free}_image")):
        number += 1
        free = f"{name}_{number}"
    return free
