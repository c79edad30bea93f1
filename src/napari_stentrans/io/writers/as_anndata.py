"""A section as AnnData, the way scanpy and squidpy expect it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from napari_stentrans import keys
from napari_stentrans.io.assembly.counts import plain
from napari_stentrans.io.assembly.kept import Kept
from napari_stentrans.section.lattice import FloatArray
from napari_stentrans.section.section import Section, TissueImage
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
    ``uns["spatial"]`` the image and scale factors.
    """
    from anndata import AnnData

    obs = _table(section.obs)
    obs[keys.ARRAY_ROW], obs[keys.ARRAY_COL] = section.array_rc.T
    obs[keys.IN_TISSUE] = 1
    adata = AnnData(section.counts.copy(), obs=obs, var=_table(section.var))
    known_xy = section.pixel_xy
    pixel_xy = section.to_pixel(section.array_rc) if known_xy is None else known_xy
    adata.obsm[keys.SPATIAL] = np.array(pixel_xy, dtype=np.float64)
    library = scverse_library(section.image, pixel_xy, diameter_of(section))
    adata.uns[keys.SPATIAL] = {library_name(section): library}
    adata.uns[keys.SECTION] = Kept.of(section).as_text()
    return adata


def library_name(section: Section) -> str:
    """Key of the section in ``uns["spatial"]``: a "/" would nest HDF5 groups."""
    return section.name.replace("/", "_") or "section"


def diameter_of(section: Section, refined: float = 1.0) -> float:
    """Diameter of a spot in full-resolution pixels; a guess where it is unknown.

    ``refined`` is by how much the lattice's step was divided.
    """
    usual = _DIAMETER_IN_PITCHES * pitch_px(section)
    return (section.spot_diameter or usual) * refined


def scverse_library(
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


def _table(frame: pd.DataFrame) -> pd.DataFrame:
    """Copy with plain columns, whose names make no folders in a file."""
    table = plain(frame)
    return table.rename(columns={name: str(name).replace("/", "_") for name in table})
