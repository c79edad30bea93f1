"""What columns of positions are called in tables of all origins."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from napari_stentrans import keys

ROW_COL: Final = ((keys.ARRAY_ROW, keys.ARRAY_COL), ("row", "col"))
"""(row, column) on the array of an instrument."""
X_Y: Final = (
    ("pxl_col_in_fullres", "pxl_row_in_fullres"),
    ("x", "y"),
    ("x_centroid", "y_centroid"),
    ("imagecol", "imagerow"),
    ("center_x", "center_y"),
    ("centerx_global_px", "centery_global_px"),
    ("x_coord", "y_coord"),
    ("xcoord", "ycoord"),
    ("coord_x", "coord_y"),
    ("x_location", "y_location"),
    ("x_position", "y_position"),
    ("x_pos", "y_pos"),
    ("pos_x", "pos_y"),
    ("spatial_x", "spatial_y"),
    ("spatial1", "spatial2"),
    ("spatial_1", "spatial_2"),
    ("sdimx", "sdimy"),  # Giotto
    ("x_um", "y_um"),
    ("x_slide_mm", "y_slide_mm"),
    ("pixel_x", "pixel_y"),
)
"""(x, y) at free positions or in pixels, in small letters, surest first."""
MANY: Final = 50
"""A table of so many columns is one of counts, even if genes are called x and y."""


def columns_among(
    names: Iterable[object], pairs: Iterable[tuple[str, str]]
) -> tuple[str, str] | None:
    """Return the first pair of columns that is there, as they are spelled there."""
    known = {str(name).lower(): str(name) for name in names}
    for first, second in pairs:
        if first in known and second in known:
            return known[first], known[second]
    return None
