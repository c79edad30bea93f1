"""What columns of positions are called in tables of all origins."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, TypeVar, cast

from napari_stentrans import keys

Group = TypeVar("Group", bound=tuple[str, ...])

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


def columns_among(names: Iterable[object], groups: Iterable[Group]) -> Group | None:
    """Return the first group of columns that is there in full, as it is spelled there.

    Capital and small letters are the same, but for names that differ by nothing else.
    """
    here = {str(name) for name in names}
    known = {name.lower(): name for name in sorted(here)}
    for group in groups:
        if all(name.lower() in known for name in group):
            found = (n if n in here else known[n.lower()] for n in group)
            return cast("Group", tuple(found))
    return None
