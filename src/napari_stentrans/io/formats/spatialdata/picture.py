"""The picture of a SpatialData, at a size to show, and where it lies."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_stentrans.io.files.damage import DAMAGE, said
from napari_stentrans.io.files.zarr_chunks import is_array, shape_of
from napari_stentrans.io.files.zarr_folder import members
from napari_stentrans.io.pictures.images import image_from_array
from napari_stentrans.io.pictures.laid import laid_by
from napari_stentrans.io.pictures.zarr_pictures import is_gone
from napari_stentrans.section.image import TissueImage
from napari_stentrans.section.lattice import FloatArray

if TYPE_CHECKING:
    from spatialdata import SpatialData

_LONGEST_SIDE = 4096
_MOST_PIXELS = 4e8
"""Of a picture without smaller copies of itself that is still read, in strides."""


@dataclass(frozen=True, eq=False)
class Picture:
    """A picture, or none.

    Attributes
    ----------
    name
        What it is called.
    data : ndarray, shape (row, col, channel), optional
    scale
        Its pixels per pixel of the largest copy.
    affine : ndarray, shape (3, 3)
        Map of (x, y, 1) of the largest copy's pixels to the coordinate system.
    """

    name: str
    data: NDArray[Any] | None
    scale: float
    affine: FloatArray

    def image(self, notes: list[str]) -> TissueImage | None:
        """Return it laid where it lies in the system; notes say what is wrong."""
        if self.data is None:
            return None
        try:
            image = image_from_array(self.data, self.scale, self.name)
        except (ValueError, TypeError) as error:
            notes.append(f"The image {self.name!r} is not shown: {error}.")
            return None
        return laid_by(image, self.affine)


def find_picture(
    whole: SpatialData, system: str, table: str, notes: list[str]
) -> Picture:
    """Return the picture that shows most, of those that lie in a coordinate system.

    One that was written with the table (see `io.writers.spatialdata`) comes first.
    """
    found = []
    for name, element in whole.images.items():
        if system not in systems_of(element):
            continue
        full, level = _levels(element)
        if full.sizes["c"] not in (1, 3, 4):
            notes.append(
                f"The image {name!r} has {full.sizes['c']} channels: not shown."
            )
            continue
        shown = max(level.sizes["x"], level.sizes["y"])
        rank = (name == f"{table}_image", min(shown, _LONGEST_SIDE), -shown)
        found.append((rank, name, full, level))
    for _, name, full, level in sorted(found, key=lambda entry: entry[0])[::-1]:
        if _is_gone(whole, name, level, notes):
            continue
        try:
            data, step = _pixels(level)
            scale = level.sizes["x"] / full.sizes["x"] / step
            return Picture(name, data, scale, to_affine(full, system))
        except DAMAGE as error:
            notes.append(f"The image {name!r} cannot be read: {said(error)}.")
    return Picture("", None, 1.0, np.eye(3))


def unread_pictures(whole: SpatialData, path: Path) -> list[str]:
    """Notes of pictures that are named in the folder but could not be read."""
    return [
        f"The image {name!r} cannot be read and is not shown: the copy may not be "
        "complete; copy or download it again."
        for name in members(path, "images")
        if name not in whole.images
    ]


def pictures_elsewhere(
    whole: SpatialData, system: str, of_spots: list[str]
) -> list[str]:
    """Note on pictures that lie in other coordinate systems than the spots.

    Parameters
    ----------
    whole
        The SpatialData.
    system
        The one that the spots were placed in.
    of_spots
        All that they have a place in.
    """
    lying = {name: systems_of(element) for name, element in whole.images.items()}
    elsewhere = {name: there for name, there in lying.items() if system not in there}
    if not elsewhere:
        return []
    listed = ", ".join(
        f"{name!r} lies in {' and '.join(map(repr, there))}"
        for name, there in elsewhere.items()
    )
    both = [each for each in of_spots if any(each in one for one in lying.values())]
    advice = (
        f"To see it, choose coordinate_system={both[0]!r} (command line: "
        f"--coordinate-system {shlex.quote(both[0])})."
        if both
        else "The spots have no place there."
    )
    note = (
        f"No image is shown in coordinate system {system!r} of the spots: {listed}. "
        f"{advice}"
    )
    return [note]


def systems_of(element: Any) -> list[str]:
    """Coordinate systems that an element has a place in."""
    from spatialdata.transformations import get_transformation

    return sorted(map(str, get_transformation(element, get_all=True)))


def to_affine(element: Any, system: str) -> FloatArray:
    """Map of an element's (x, y, 1) to a coordinate system, shape (3, 3)."""
    from spatialdata.transformations import get_transformation

    found = get_transformation(element, to_coordinate_system=system)
    matrix = found.to_affine_matrix(input_axes=("x", "y"), output_axes=("x", "y"))
    return np.asarray(matrix, dtype=np.float64)


def _levels(element: Any) -> tuple[Any, Any]:
    """Return the largest copy of a picture, and the one that is best to show."""
    if hasattr(element, "sizes") and "c" in element.sizes:
        return element, element
    copies = [next(iter(node.values())) for node in element.children.values()]
    copies = sorted(copies, key=lambda copy: -copy.sizes["x"])
    small = [copy for copy in copies if max(copy.shape[1:]) <= _LONGEST_SIDE]
    return copies[0], small[0] if small else copies[-1]


def _is_gone(whole: SpatialData, name: str, level: Any, notes: list[str]) -> bool:
    """Whether nothing is stored of the copy of a picture that is to be shown."""
    size = [level.sizes["y"], level.sizes["x"]]
    folder = Path(whole.path or "") / "images" / name
    arrays = (each for each in sorted(folder.glob("*")) if is_array(each))
    shown = next((each for each in arrays if shape_of(each)[-2:] == size), None)
    return shown is not None and is_gone(shown, name, notes)


def _pixels(level: Any) -> tuple[NDArray[Any], int]:
    """Read a picture, shape (row, col, channel), every ``step`` pixels.

    Raises
    ------
    ValueError
        If it is too large to go through.
    """
    rows, cols = level.sizes["y"], level.sizes["x"]
    if float(rows) * cols > _MOST_PIXELS:
        msg = f"it has {rows} x {cols} pixels and no smaller copy"
        raise ValueError(msg)
    step = -(-max(rows, cols) // _LONGEST_SIDE)
    ordered = level.transpose("y", "x", "c")[::step, ::step]
    data = np.asarray(ordered)  # read now, chunk by chunk
    return (np.repeat(data, 3, axis=2) if data.shape[2] == 1 else data), step
