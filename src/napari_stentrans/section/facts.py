"""What a person wants to know of a section at a glance.

Pure, but not quick: the median of millions of counts belongs in the background.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_stentrans.section.alignment import Alignment
from napari_stentrans.section.image import TissueImage
from napari_stentrans.section.lattice import FloatArray
from napari_stentrans.section.section import Section

_SAMPLE = 4000
"""Spots looked at for the share that lies on the picture: enough, and quick."""
_DARKER = 16
"""Grey levels by which tissue differs from the empty slide."""
_CLEARLY = 1.05
"""Times as dark as now another orientation must be under the spots to be better.

Real pictures, rightly laid: the second best of eight orientations is at most 0.93 times
as dark as the best, on pale tissue as on dense.
"""
_BRIGHT_SLIDE = 128
"""Slides darker than this are no bright-field pictures: nothing is said of tissue."""


@dataclass(frozen=True)
class SectionFacts:
    """How much a section holds.

    Attributes
    ----------
    n_spots, n_genes
        As measured.
    n_common
        Genes found in more than a tenth of the spots.
    median_counts, median_genes
        Of a spot.
    are_counts
        Whether all values are whole numbers.
    """

    n_spots: int
    n_genes: int
    n_common: int
    median_counts: float
    median_genes: float
    are_counts: bool

    @classmethod
    def of(cls, section: Section) -> SectionFacts:
        """Count."""
        return cls(
            n_spots=section.n_spots,
            n_genes=section.n_genes,
            n_common=int((section.detected_in > section.n_spots / 10).sum()),
            median_counts=float(np.median(section.library_size)),
            median_genes=float(np.median(np.diff(section.counts.indptr))),
            are_counts=section.is_counted,
        )


@dataclass(frozen=True)
class PictureFit:
    """How well a picture lies under the spots.

    Attributes
    ----------
    inside
        Share of the spots that lie on the picture at all.
    on_tissue
        Share of the spots that lie on something darker than the empty slide; None
        where the picture does not show an empty slide.
    darkness
        Grey levels by which the mean spot is darker than the empty slide.
    """

    inside: float
    on_tissue: float | None
    darkness: float = 0.0

    @classmethod
    def of(
        cls, image: TissueImage, pixel_xy: FloatArray, slide: float | None = None
    ) -> PictureFit:
        """Look under the spots, or under thousands of them where there are more.

        Parameters
        ----------
        image, pixel_xy
            The picture, as it lies, and the spots.
        slide
            What `slide_grey` says of the picture, where that is known already.
        """
        step = max(1, len(pixel_xy) // _SAMPLE)
        pixels = np.rint(image.pixels_at(pixel_xy[::step])).astype(np.int64)
        shape = np.array(image.data.shape[:2])
        within = ((pixels >= 0) & (pixels < shape)).all(axis=1)
        inside = float(within.mean())
        slide = slide_grey(image) if slide is None else slide
        if slide < _BRIGHT_SLIDE or not within.any():
            return cls(inside, None)
        under = _grey(image.data[tuple(pixels[within].T)])
        darker = np.maximum(slide - under, 0.0)
        on_tissue = float((darker > _DARKER).sum()) / len(pixels)
        return cls(inside, on_tissue, float(darker.sum()) / len(pixels))


def better_orientation(
    image: TissueImage, pixel_xy: FloatArray, slide: float | None = None
) -> Alignment | None:
    """Return the flip or turn by right angles that puts spots on clearly more tissue.

    None where the picture lies best as it does, or where tissue cannot be told; takes
    what `PictureFit.of` takes.
    """
    slide = slide_grey(image) if slide is None else slide
    now = PictureFit.of(image, pixel_xy, slide)
    if now.on_tissue is None:
        return None
    best, found = now.darkness * _CLEARLY, None
    for start in (image.alignment, image.alignment.flipped_left_right()):
        for turn in (0.0, 90.0, 180.0, 270.0):
            tried = start.turned(turn)
            fit = PictureFit.of(image.aligned(tried), pixel_xy, slide)
            if fit.darkness > best:
                best, found = fit.darkness, tried
    return found


def _grey(colours: NDArray[np.uint8]) -> FloatArray:
    """Least of red, green and blue: stained tissue lacks at least one of them."""
    least: FloatArray = colours.min(axis=-1).astype(np.float64)
    return least


def slide_grey(image: TissueImage) -> float:
    """Grey level of the empty slide: what the brightest part of a picture shows."""
    data = image.data
    step = max(1, max(data.shape[:2]) // 200)
    return float(np.percentile(_grey(data[::step, ::step]), 95))
