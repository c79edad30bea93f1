"""What a picture too large for memory must be able to do. Knows no file format."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class PictureReader(Protocol):
    """Reads parts of a picture while its file is open."""

    def read(self, factor: int, rows: slice, cols: slice) -> NDArray[np.uint8]:
        """Colours of a part, shape (row, col, 3).

        Parameters
        ----------
        factor
            Full-resolution pixels along the side of each pixel that is returned.
        rows, cols
            Which pixels of that size, within the picture.
        """


class FullPicture(Protocol):
    """A picture at full resolution that is read part by part, at several sizes.

    No file stays open between two readings.
    """

    @property
    def name(self) -> str:
        """What to call it."""

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns at full resolution."""

    @property
    def factors(self) -> tuple[int, ...]:
        """Sizes to show: full-resolution pixels a pixel, from 1 up.

        Each divides the last, which is that of the copy kept in memory.
        """

    def piece(self, factor: int) -> tuple[int, int]:
        """Rows and columns of the parts that are best read at once."""

    def opened(self) -> AbstractContextManager[PictureReader]:
        """Open the file for some readings."""
