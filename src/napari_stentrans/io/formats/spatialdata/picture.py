"""The picture of a SpatialData, at a size to show, and where it lies."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_stentrans.io.files.damage import DAMAGE, said
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

    def pixels_at(self, system_xy: FloatArray) -> FloatArray:
        """Pixel (x, y) of positions in the coordinate system, shape (position, 2)."""
        homogeneous = np.column_stack([system_xy, np.ones(len(system_xy))])
        found: FloatArray = (homogeneous @ np.linalg.inv(self.affine).T)[:, :2]
        return found

    def in_place(self) -> Picture:
        """Return the same picture with the coordinate system for its largest copy.

        Positions then stay what they are; so only where the picture is merely scaled.
        """
        step = float(self.affine[0, 0])
        if step <= 0 or not np.allclose(self.affine, np.diag([step, step, 1.0])):
            return self
        return replace(self, scale=self.scale / step, affine=np.eye(3))

    def library(self, diameter: float | None) -> dict[str, Any]:
        """Entry of ``uns["spatial"]``, for spots of this diameter in the system."""
        factors: dict[str, float] = {"tissue_hires_scalef": self.scale}
        if diameter is not None:
            pixel = float(np.sqrt(abs(np.linalg.det(self.affine[:2, :2]))))
            factors["spot_diameter_fullres"] = diameter / pixel
        images = {} if self.data is None else {"hires": self.data}
        return {"images": images, "scalefactors": factors}


def find_picture(whole: SpatialData, system: str, notes: list[str]) -> Picture:
    """Return the picture that shows most, of those that lie in a coordinate system."""
    from spatialdata.transformations import get_transformation

    found = []
    for name, element in whole.images.items():
        if system not in get_transformation(element, get_all=True):
            continue
        full, level = _levels(element)
        if full.sizes["c"] not in (1, 3, 4):
            notes.append(
                f"The image {name!r} has {full.sizes['c']} channels: not shown."
            )
            continue
        shown = max(level.sizes["x"], level.sizes["y"])
        found.append((min(shown, _LONGEST_SIDE), -shown, name, full, level))
    for _, _, name, full, level in sorted(found, key=lambda entry: entry[:2])[::-1]:
        try:
            data, step = _pixels(level)
            scale = level.sizes["x"] / full.sizes["x"] / step
            return Picture(name, data, scale, to_affine(full, system))
        except DAMAGE as error:
            notes.append(f"The image {name!r} cannot be read: {said(error)}.")
    return Picture("", None, 1.0, np.eye(3))


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
