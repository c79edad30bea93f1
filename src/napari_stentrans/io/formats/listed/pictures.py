"""The picture that lies beside a legacy ST table, and how large it is drawn."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from napari_stentrans.io.files.damage import DAMAGE, said
from napari_stentrans.io.files.visible import visible
from napari_stentrans.io.formats.listed.names import identity
from napari_stentrans.io.formats.listed.spots import Placed
from napari_stentrans.io.pictures.images import picture_size, read_image
from napari_stentrans.section.lattice import FloatArray

_PICTURES = (".jpg", ".jpeg", ".png", ".tif", ".tiff")


def add_picture(path: Path, placed: Placed) -> list[str]:
    """Find and align the picture beside the table; say what cannot be shown."""
    picture = _picture_beside(path)
    if picture is None:
        return []
    placed.files.append(picture)
    if placed.listed_xy is None:
        return [f"{picture.name} is not shown: nothing says where the spots lie on it."]
    try:
        scale, notes = _picture_scale(picture, placed.listed_xy)
        if scale is not None:
            placed.image = read_image(picture, scale, picture.name)
    except DAMAGE as error:
        return [f"{picture.name} is not shown, it cannot be read: {said(error)}."]
    return notes


def _picture_beside(path: Path) -> Path | None:
    found = [
        file
        for file in visible(path.parent.iterdir())
        if file.suffix.lower() in _PICTURES and identity(file) == identity(path)
    ]
    return found[0] if found else None


def _picture_scale(
    picture: Path, listed_xy: FloatArray
) -> tuple[float | None, list[str]]:
    """Pixels of the picture per pixel of the positions, as far as it can be known.

    1 where all listed spots lie on the picture. Else the positions were picked on a
    larger scan: its size is told from the spots if they lie amid it (with the same
    margin on opposite sides) to within a tenth in both directions.
    """
    size = np.array(picture_size(picture), dtype=np.float64)
    if (listed_xy.min(axis=0) >= 0).all() and (listed_xy.max(axis=0) <= size).all():
        return 1.0, []
    scan = listed_xy.min(axis=0) + listed_xy.max(axis=0)
    across, down = size / scan
    if not (across > 0 and abs(across - down) <= 0.1 * across):
        return None, [
            f"{picture.name} is not shown: the pixel positions lie outside it, and its "
            "scale cannot be told."
        ]
    scale = float(np.sqrt(across * down))
    return scale, [
        f"The pixel positions refer to a larger scan than {picture.name}; a scale of "
        f"{scale:.3g} is a guess from their extent. Check the alignment."
    ]
