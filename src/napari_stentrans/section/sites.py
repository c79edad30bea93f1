"""What can be painted: the spots of a section, and the empty sites in its picture.

The picture is divided among them, so a brush that touches a pixel means its site, and
one number a site says everything about a painted picture. Knows nothing of regions.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from napari_stentrans.section.lattice import FloatArray, IntArray
from napari_stentrans.section.raster import SpotRaster
from napari_stentrans.section.section import Section
from napari_stentrans.section.tissue import BoolArray, interior_holes

Labels = NDArray[np.uint8]

_SAME = 1e-3
"""Positions closer than this many pitches are of one site."""


@dataclass(frozen=True, eq=False)
class PaintSites:
    """Everything that can be painted on one section.

    Attributes
    ----------
    section, raster
        The section, and the picture that it is painted on.
    array_rc : ndarray, shape (site, 2)
        Array coordinates: the spots first, in their order, then the empty sites.
    index : ndarray of int32, shape (row, col)
        Number of the site that each pixel belongs to, -1 where there is none.
    """

    section: Section
    raster: SpotRaster
    array_rc: FloatArray
    index: NDArray[np.int32]

    @classmethod
    def of(cls, section: Section, raster: SpotRaster | None = None) -> PaintSites:
        """Divide the picture of a section among its spots and empty sites."""
        raster = raster or SpotRaster.from_section(section)
        empty_rc = raster.empty_sites(np.ones(raster.shape, dtype=bool))
        index = raster.index.copy()
        pixels = raster.site_pixels(empty_rc)
        number = np.arange(len(empty_rc)) + section.n_spots
        inside = ((pixels >= 0) & (pixels < raster.shape)).all(axis=2)
        (row, col), site = pixels[inside].T, np.nonzero(inside)[0]
        is_free = raster.index[row, col] < 0
        index[row[is_free], col[is_free]] = number[site[is_free]]
        return cls(section, raster, np.concatenate([section.array_rc, empty_rc]), index)

    def __len__(self) -> int:
        """Number of sites."""
        return len(self.array_rc)

    @property
    def n_spots(self) -> int:
        """How many of the sites are spots."""
        return self.section.n_spots

    @cached_property
    def pixel_xy(self) -> FloatArray:
        """Centres (x, y) in full-resolution pixels, shape (site, 2)."""
        xy = self.section.to_pixel(self.array_rc)
        if self.section.pixel_xy is not None:
            xy[: self.n_spots] = self.section.pixel_xy
        return xy

    @cached_property
    def in_tissue(self) -> BoolArray:
        """Which sites are spots, or empty and enclosed by spots, shape (site,)."""
        found = np.arange(len(self)) < self.n_spots
        if self.section.lattice.is_regular:
            holes_rc = interior_holes(self.section.lattice, self.section.array_rc)
            at = self.find(holes_rc)
            found[at[at >= 0]] = True
            return found
        filled = ndimage.binary_fill_holes(self.raster.index >= 0)
        found[self.index[filled & (self.index >= 0)]] = True
        return found

    def draw(self, values: Labels) -> Labels:
        """Draw one label a site, 0 where there is no site: shape (row, col)."""
        return np.append(values, np.uint8(0))[self.index]

    def read(self, picture: NDArray[np.integer]) -> Labels:
        """Label of each site in any picture, the largest of its pixels: shape (site,).

        A spot that others hide has the label of the pixel at its centre.
        """
        found = np.zeros(len(self), dtype=np.uint8)
        shown = self.index >= 0
        np.maximum.at(found, self.index[shown], picture[shown].astype(np.uint8))
        return self.with_hidden(found)

    def with_hidden(self, values: Labels) -> Labels:
        """Give spots that no pixel shows the label of the spot drawn over them."""
        hidden, host = self._hidden
        if len(hidden):
            values = values.copy()
            values[hidden] = values[host]
        return values

    def find(self, array_rc: FloatArray) -> IntArray:
        """Site at each array coordinate, -1 where there is none: shape (position,)."""
        from scipy.spatial import KDTree

        if not len(array_rc):
            return np.empty(0, dtype=np.int64)  # a tree of a large picture takes long
        to_pitch = self.section.lattice.to_pitch
        tree = KDTree(to_pitch(self.array_rc))
        distance, site = tree.query(to_pitch(array_rc))
        return np.where(distance < _SAME, site, -1).astype(np.int64)

    @cached_property
    def _hidden(self) -> tuple[IntArray, IntArray]:
        """Spots without a pixel (off a lattice alone), and what is drawn over them."""
        has_pixel = np.zeros(len(self) + 1, dtype=bool)
        has_pixel[self.index] = True
        hidden = np.flatnonzero(~has_pixel[: self.n_spots])
        row, col = self.raster.pixel_of(self.array_rc[hidden]).T
        return hidden, self.index[row, col].astype(np.int64)
