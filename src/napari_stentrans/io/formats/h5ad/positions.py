"""Where an AnnData keeps the positions of its spots."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from napari_stentrans import keys
from napari_stentrans.errors import ReadError
from napari_stentrans.io.assembly.counts import plain
from napari_stentrans.section.lattice import FloatArray

if TYPE_CHECKING:
    from anndata import AnnData

_ARRAY_COLUMNS = ((keys.ARRAY_ROW, keys.ARRAY_COL), ("row", "col"))
_PIXEL_COLUMNS = (
    ("pxl_col_in_fullres", "pxl_row_in_fullres"),
    ("x", "y"),
    ("X", "Y"),
    ("x_centroid", "y_centroid"),
    ("imagecol", "imagerow"),
    ("center_x", "center_y"),
    ("CenterX_global_px", "CenterY_global_px"),
    ("x_coord", "y_coord"),
    ("xcoord", "ycoord"),
    ("coord_x", "coord_y"),
    ("spatial_x", "spatial_y"),
    ("spatial1", "spatial2"),
)


@dataclass(frozen=True, eq=False)
class Places:
    """Positions, and what to say about where they were found.

    ``array_rc`` are array coordinates where ``on_array``, else free positions (y, x).
    """

    array_rc: FloatArray
    pixel_xy: FloatArray | None
    on_array: bool
    notes: tuple[str, ...] = ()


def find_places(adata: AnnData) -> Places:
    """Array coordinates and pixel positions, from where they are commonly kept."""
    pixel_xy, source = _pixel_positions(adata)
    for row, col in _ARRAY_COLUMNS:
        array_rc = _columns(adata.obs, row, col)
        if array_rc is not None:
            return Places(array_rc, pixel_xy, on_array=True)
    if pixel_xy is None:
        msg = (
            "there are no spot positions: neither obs array_row, array_col nor "
            'obsm["spatial"] (nor obs x, y). It has obs '
            f"{_listed(adata.obs.columns)} and obsm {_listed(adata.obsm)}. Put the "
            '(x, y) positions into obsm["spatial"].'
        )
        raise ReadError(msg)
    note = f"Positions were taken from {source}; there are no array coordinates."
    return Places(pixel_xy[:, ::-1].copy(), pixel_xy, on_array=False, notes=(note,))


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


def under_tissue(obs: pd.DataFrame) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Which spots are under tissue; all, where nothing marks any."""
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


def _listed(names: Any) -> str:
    listed = ", ".join(map(str, list(names)[:8]))
    return listed or "nothing"
