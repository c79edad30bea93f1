"""A picture of the tissue, and how it lies under the spots.

The spots' pixel positions are the truth; where a picture lands wrong, it is the picture
that is moved. Knows nothing about files or napari.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import affine_transform

from napari_stentrans.section.alignment import Alignment
from napari_stentrans.section.full_picture import FullPicture
from napari_stentrans.section.lattice import FloatArray

_PAPER = 255


class Modality(StrEnum):
    """What light a picture shows."""

    BRIGHT_FIELD = "bright-field"
    FLUORESCENCE = "fluorescence"


@dataclass(frozen=True, eq=False)
class TissueImage:
    """A picture of the tissue.

    Attributes
    ----------
    data : ndarray of uint8, shape (row, col, 3)
    scale
        Image pixels per full-resolution pixel, which is the unit of the spots'
        positions: a µm, where they are in µm.
    name
        "hires", "lowres" or a file name.
    alignment
        How a person moved it.
    laid : ndarray, shape (3, 3), optional
        How its file says that it lies: map of (col, row, 1) over ``scale`` to
        full-resolution (x, y, 1). None: right there.
    full
        The same picture at full resolution, where ``data`` is a reduced copy.
    modality
        What light it shows. Only bright-field pictures tell methods of the tissue.
    """

    data: NDArray[np.uint8]
    scale: float = 1.0
    name: str = "image"
    alignment: Alignment = field(default_factory=Alignment)
    laid: FloatArray | None = None
    full: FullPicture | None = None
    modality: Modality = Modality.BRIGHT_FIELD

    def __repr__(self) -> str:
        rows, cols = self.data.shape[:2]
        return f"<TissueImage {self.name}: {rows} x {cols} pixels, {self.modality}>"

    @property
    def affine(self) -> FloatArray:
        """Map of image (row, col, 1) to full-resolution (y, x, 1), shape (3, 3)."""
        return self._placed(1 / self.scale, self._middle_of_first / self.scale)

    @property
    def shown_affine(self) -> FloatArray:
        """Map of (row, col, 1) of what is shown: ``full``, or else the image."""
        if self.full is None:
            return self.affine
        return self._placed(1 / self.scale / self.full.factors[-1])

    def aligned(self, alignment: Alignment) -> TissueImage:
        """Return the same picture, moved like this instead."""
        return replace(self, alignment=alignment)

    @property
    def shapes(self) -> dict[tuple[int, int], FloatArray]:
        """Rows and columns that a drawing on the picture may have; how it then lies."""
        rows, cols = self.data.shape[:2]
        drawn = {(rows, cols): self.affine}
        return (
            drawn if self.full is None else drawn | {self.full.shape: self.shown_affine}
        )

    def pixels_at(
        self, pixel_xy: FloatArray, affine: FloatArray | None = None
    ) -> FloatArray:
        """Image (row, col) of full-resolution (x, y), shape (position, 2).

        With another affine map, (row, col) of what it belongs to.
        """
        to_world = self.affine if affine is None else affine
        world = np.column_stack([pixel_xy[:, ::-1], np.ones(len(pixel_xy))])
        found: FloatArray = (world @ np.linalg.inv(to_world).T)[:, :2]
        return found

    def straightened(self, pixel_xy: FloatArray) -> TissueImage:
        """Redraw a moved picture so that it needs no moving.

        Programs that know no alignment then draw spots on it rightly. The new picture
        begins at pixel (0, 0), where they expect it, and holds the old one and the
        spots; what neither covers is white.

        Parameters
        ----------
        pixel_xy : ndarray, shape (spot, 2)
            Full-resolution positions that are to lie on the picture.
        """
        if self.alignment.is_none and self.laid is None:
            return self
        rows, cols = self.data.shape[:2]
        corners = np.array([[0, 0, 1], [0, cols - 1, 1], [rows - 1, 0, 1]])
        last = np.array([rows - 1, cols - 1, 1])
        yx = np.vstack([corners, last]) @ self.affine[:2].T
        reach = np.maximum(yx.max(axis=0), pixel_xy.max(axis=0)[::-1])
        most = 2 * max(rows, cols)  # pixels a side, however far away it lies
        scale = min(self.scale, (most - 1) / max(reach.max(), 1.0))
        shape = np.maximum(np.ceil(reach * scale).astype(int) + 1, 1)
        to_old = np.linalg.inv(self.affine) @ np.diag([1 / scale] * 2 + [1.0])
        channels = [
            affine_transform(
                channel,
                to_old,
                output_shape=tuple(shape),
                order=1,
                mode="grid-constant",  # what rounding puts past an edge is no paper
                cval=_PAPER,
            )
            for channel in np.moveaxis(self.data, -1, 0)
        ]
        data = np.stack(channels, axis=-1)
        return TissueImage(data, scale, self.name, modality=self.modality)

    def _placed(self, pixel: float, first: float = 0.0) -> FloatArray:
        """Map of (row, col, 1) of pixels of a size, the first of them here."""
        to_xy = self.alignment.matrix(self._middle_xy)
        if self.laid is not None:
            to_xy = to_xy @ self.laid
        swapped = to_xy[np.ix_([1, 0, 2], [1, 0, 2])]
        sized = np.array([[pixel, 0.0, first], [0.0, pixel, first], [0.0, 0.0, 1.0]])
        placed: FloatArray = swapped @ sized
        return placed

    @property
    def _middle_of_first(self) -> float:
        """Where the middle of the first pixel is, in pixels of the image.

        Pixels of a reduced copy lie in the middle of those they were made of; of
        pictures that come alone nobody knows what they were made of.
        """
        return 0.0 if self.full is None else (1 - 1 / self.full.factors[-1]) / 2

    @property
    def _middle_xy(self) -> FloatArray:
        rows, cols = self.data.shape[:2]
        middle = np.array([cols - 1, rows - 1]) / 2 / self.scale
        if self.laid is None:
            return middle
        laid: FloatArray = self.laid[:2] @ np.append(middle, 1.0)
        return laid
