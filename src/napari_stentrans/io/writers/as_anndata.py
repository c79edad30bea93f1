"""A section as AnnData, the way scanpy and squidpy expect it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from napari_stentrans import keys
from napari_stentrans.io.assembly.counts import is_text, plain, unique_names
from napari_stentrans.io.assembly.kept import Kept, kept_in
from napari_stentrans.section.image import TissueImage
from napari_stentrans.section.lattice import FloatArray
from napari_stentrans.section.section import Section
from napari_stentrans.section.technology import pitch_px

if TYPE_CHECKING:
    from anndata import AnnData

_BLANK_PIXELS = 500
"""Longer side of the image that is handed on where there is none."""
_DIAMETER_IN_PITCHES = 0.55


def section_to_anndata(section: Section) -> AnnData:
    """Return a section as a new AnnData.

    ``X`` holds the counts (csr); ``obs`` array_row, array_col, in_tissue and whatever
    the input had; ``obsm["spatial"]`` (x, y) in full-resolution pixels;
    ``uns["spatial"]`` the image and scale factors (see `add_library`).
    """
    from anndata import AnnData

    obs = without_blanks(storable(section.obs))
    obs[keys.ARRAY_ROW], obs[keys.ARRAY_COL] = section.array_rc.T
    obs[keys.IN_TISSUE] = 1
    adata = AnnData(section.counts.copy(), obs=obs, var=storable(section.var))
    known_xy = section.pixel_xy
    pixel_xy = section.to_pixel(section.array_rc) if known_xy is None else known_xy
    adata.obsm[keys.SPATIAL] = np.array(pixel_xy, dtype=np.float64)
    add_library(adata, section, Kept.of(section), diameter_of(section))
    return adata


def add_library(adata: AnnData, section: Section, kept: Kept, diameter: float) -> None:
    """Add picture and size of the spots, and what only our own files tell.

    What lies on no lattice gets no white paper: ``uns["spatial"]`` makes squidpy take
    cells for the spots of a grid, whose neighbours it then looks for.
    """
    if section.image is None and not kept.lattice.is_regular:
        kept = replace(kept, diameter=diameter)
    else:
        library = _library(section.image, adata.obsm[keys.SPATIAL], diameter)
        adata.uns[keys.SPATIAL] = {library_name(section): library}
    adata.uns[keys.SECTION] = kept.as_text()


def library_of(adata: AnnData) -> Mapping[str, Any]:
    """Entry of ``uns["spatial"]`` that `add_library` made; empty if it made none."""
    return next(iter(adata.uns.get(keys.SPATIAL, {}).values()), {})


def scalefactors_of(adata: AnnData) -> dict[str, float]:
    """Scale factors of the picture, and the diameter of the spots, by their names."""
    factors = library_of(adata).get("scalefactors", {})
    return {name: float(value) for name, value in factors.items()}


def diameter_in(adata: AnnData) -> float:
    """Diameter of a spot, which `add_library` put into one of two places."""
    kept = kept_in(adata.uns.get(keys.SECTION))
    told = None if kept is None else kept.diameter
    return scalefactors_of(adata).get("spot_diameter_fullres", told or 1.0)


def library_name(section: Section) -> str:
    """Key of the section in ``uns["spatial"]``: a "/" would nest HDF5 groups."""
    return section.name.replace("/", "_") or "section"


def diameter_of(section: Section) -> float:
    """Diameter of a spot in full-resolution pixels; a guess where it is unknown."""
    return section.spot_diameter or _DIAMETER_IN_PITCHES * pitch_px(section)


def storable(frame: pd.DataFrame) -> pd.DataFrame:
    """Copy with plain columns under names that files take, each of them once.

    A "/" would make folders, and ``_index`` is AnnData's own.
    """
    table = plain(frame)
    names = [str(name).replace("/", "_") for name in table]
    names = ["index" if name == "_index" else name for name in names]
    return table.set_axis(unique_names(pd.Index(names, dtype=object))[0], axis=1)


def without_blanks(obs: pd.DataFrame) -> pd.DataFrame:
    """Copy in which texts that are missing are missing categories, as scanpy has it.

    A cluster called "" would get a colour of its own. Names of spots stay as they are.
    """
    obs = obs.copy()
    for name in obs.columns.drop(keys.BARCODE, errors="ignore"):
        column = obs[name]
        blank = column.isna() | (column == "")
        if is_text(column) and blank.any():
            obs[name] = column.mask(blank).astype("category")
    return obs


def _library(
    image: TissueImage | None, pixel_xy: FloatArray, diameter: float
) -> dict[str, Any]:
    """Entry of ``uns["spatial"]``: what the plots of scanpy and squidpy draw upon."""
    shown = (image or _blank_image(pixel_xy)).straightened(pixel_xy)
    return {
        "images": {"hires": shown.data.copy()},
        "scalefactors": {
            "tissue_hires_scalef": shown.scale,
            "spot_diameter_fullres": diameter,
        },
        "metadata": {keys.BLANK_IMAGE: image is None},
    }


def _blank_image(pixel_xy: FloatArray) -> TissueImage:
    """White paper for those plots, which draw spots on an image."""
    cols, rows = np.maximum(pixel_xy.max(axis=0), 1.0)
    scale = _BLANK_PIXELS / max(cols, rows)
    shape = (int(np.ceil(rows * scale)) + 1, int(np.ceil(cols * scale)) + 1, 3)
    return TissueImage(np.full(shape, 255, dtype=np.uint8), float(scale), "blank")
