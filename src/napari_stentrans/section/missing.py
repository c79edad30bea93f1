"""Regions a person marks as missing, as spots and empty sites.

Label 1: the measurement here is wrong or absent, predict it. A spot under it counts as
unmeasured; an empty site becomes a new position. Label 2: outside the tissue, leave it
out. Knows the raster, and nothing about how it was painted.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial import KDTree

from napari_stentrans.errors import InvalidRequestError
from napari_stentrans.section.lattice import FloatArray, IntArray, Lattice
from napari_stentrans.section.raster import SpotRaster
from napari_stentrans.section.section import Section
from napari_stentrans.section.tissue import BoolArray
from napari_stentrans.wording import counted

PREDICT = 1
OUTSIDE = 2

_SAME_POSITION = 1e-3
_SAME_SITE = 0.2
"""Distances, in pitches, below which a position is that of a spot."""
_NEAR = 25.0
"""Pitches from a spot that never count as far, however small the section."""


@dataclass(frozen=True, eq=False)
class MissingRegions:
    """What a person marked on one section.

    Attributes
    ----------
    unmeasured : ndarray of bool, shape (spot,)
        Spots whose measurement is to be ignored and predicted.
    outside : ndarray of bool, shape (spot,)
        Spots to leave out altogether.
    new_rc : ndarray, shape (site, 2)
        Array coordinates of empty sites to predict.
    outside_rc : ndarray, shape (site, 2)
        Empty sites never to fill, though tissue may enclose them.
    """

    unmeasured: BoolArray
    outside: BoolArray
    new_rc: FloatArray
    outside_rc: FloatArray

    @classmethod
    def none(cls, section: Section) -> MissingRegions:
        """Nothing marked."""
        nothing = np.zeros(section.n_spots, dtype=bool)
        return cls(nothing, nothing.copy(), np.empty((0, 2)), np.empty((0, 2)))

    @classmethod
    def from_labels(
        cls, labels: NDArray[np.integer], raster: SpotRaster
    ) -> MissingRegions:
        """Read a painted picture of the shape of ``raster``.

        Raises
        ------
        InvalidRequestError
            If the picture has another shape or other labels than 0, 1 and 2.
        """
        picture = np.asarray(labels)
        if picture.shape != raster.shape:
            msg = (
                f"the mask has shape {picture.shape}, but this section is drawn as "
                f"{size_told(raster)}. "
                "Save the mask from the same section, or give a csv of positions."
            )
            raise InvalidRequestError(msg)
        strange = np.setdiff1d(picture, (0, PREDICT, OUTSIDE))
        if len(strange):
            msg = (
                f"the mask holds labels {strange[:5].tolist()}; use 1 for 'predict "
                "here' and 2 for 'outside the tissue'"
            )
            raise InvalidRequestError(msg)
        at_spots = raster.spot_labels(picture)
        outside_rc = raster.empty_sites(picture == OUTSIDE)
        predict = picture == PREDICT
        predict[tuple(raster.empty_pixels(outside_rc).T)] = False  # outside wins
        return cls(
            unmeasured=at_spots == PREDICT,
            outside=at_spots == OUTSIDE,
            new_rc=raster.empty_sites(predict),
            outside_rc=outside_rc,
        )

    @classmethod
    def from_spots(cls, section: Section, unmeasured: ArrayLike) -> MissingRegions:
        """Mark spots alone: a mask, or indices."""
        mask = np.zeros(section.n_spots, dtype=bool)
        chosen = np.asarray(unmeasured)
        mask[chosen if chosen.size else []] = True
        return cls(mask, np.zeros_like(mask), np.empty((0, 2)), np.empty((0, 2)))

    def with_empty_spots(self, section: Section) -> MissingRegions:
        """Mark spots without any count as well: nothing was measured there.

        As zeros of every gene they would be taken for a place where nothing is
        expressed, and darken what is predicted around them.
        """
        empty = (section.library_size == 0) & ~self.outside
        return replace(self, unmeasured=self.unmeasured | empty)

    @classmethod
    def in_the_middle(cls, section: Section, radius: float) -> MissingRegions:
        """Mark the spots of a disc, its radius in pitches: a hole to try things on."""
        middle = np.median(section.pitch_rc, axis=0)
        distance = np.linalg.norm(section.pitch_rc - middle, axis=1)
        return cls.from_spots(section, distance < radius)

    @classmethod
    def from_positions(
        cls, section: Section, array_rc: FloatArray, labels: IntArray | None = None
    ) -> MissingRegions:
        """Mark sites by array coordinates: spots, and new positions where none is.

        Parameters
        ----------
        section
            Whose sites they are.
        array_rc : ndarray, shape (position, 2)
            The last mark of a spot holds; what is outside is not predicted.
        labels : ndarray of int, shape (position,)
            1 predict here, 2 outside the tissue; by default all are 1.

        Raises
        ------
        InvalidRequestError
            If some are no sites of the section's lattice, or far from the section.
        """
        if labels is None:
            labels = np.full(len(array_rc), PREDICT)
        sites = _as_sites(section.lattice, array_rc)
        _refuse_far(section, sites)
        spot = match_positions(section, sites, within=_SAME_SITE)
        at_spots = np.zeros(section.n_spots, dtype=np.int64)
        at_spots[spot[spot >= 0]] = labels[spot >= 0]
        outside_rc = np.unique(sites[(spot < 0) & (labels == OUTSIDE)], axis=0)
        new_rc = np.unique(sites[(spot < 0) & (labels == PREDICT)], axis=0)
        if len(outside_rc):
            also_outside = KDTree(outside_rc).query(new_rc)[0] < _SAME_POSITION
            new_rc = new_rc[~also_outside]
        return cls(at_spots == PREDICT, at_spots == OUTSIDE, new_rc, outside_rc)

    def __repr__(self) -> str:
        spots, sites = counted(self.n_spots, "spot"), counted(self.n_new, "empty site")
        n_left_out = self.n_marked - self.n_spots - self.n_new
        return (
            f"<MissingRegions: {spots} and {sites} to predict, {n_left_out:,} left out>"
        )

    @property
    def is_empty(self) -> bool:
        """Whether nothing is marked for prediction."""
        return not self.unmeasured.any() and len(self.new_rc) == 0

    @property
    def n_spots(self) -> int:
        """Spots marked for prediction."""
        return int(self.unmeasured.sum())

    @property
    def n_new(self) -> int:
        """Empty sites marked for prediction."""
        return len(self.new_rc)

    @property
    def n_marked(self) -> int:
        """Spots and empty sites that are marked in any way."""
        at_spots = int((self.unmeasured | self.outside).sum())
        return at_spots + len(self.new_rc) + len(self.outside_rc)

    def to_labels(self, raster: SpotRaster) -> NDArray[np.uint8]:
        """Paint these regions: the inverse of `from_labels`."""
        labels = raster.paint(self.unmeasured * PREDICT + self.outside * OUTSIDE)
        for sites, label in ((self.new_rc, PREDICT), (self.outside_rc, OUTSIDE)):
            row, col = raster.empty_pixels(sites).T
            labels[row, col] = label
        return labels


def size_told(raster: SpotRaster) -> str:
    """Say how large a mask is that is drawn on a raster, and where it begins."""
    rows, cols = raster.shape
    row, col = raster.lattice.to_array([raster.grid_origin])[0]
    down, right = np.multiply(raster.lattice.step_rc, raster.grid_per_pixel)
    return (
        f"{rows:,} rows x {cols:,} columns (its first pixel is array_row={row:.4g}, "
        f"array_col={col:.4g}; from one to the next it is {down:.4g} down and "
        f"{right:.4g} to the right)"
    )


def match_positions(
    section: Section, array_rc: FloatArray, within: float = _SAME_POSITION
) -> IntArray:
    """Spot at each array coordinate, -1 where there is none, shape (position,).

    ``within`` is the largest distance, in pitches, that still counts as the same.
    """
    pitch_rc = section.lattice.to_pitch(array_rc)
    distance, spot = KDTree(section.pitch_rc).query(pitch_rc)
    return np.where(distance < within, spot, -1).astype(np.int64)


def _refuse_far(section: Section, array_rc: FloatArray) -> None:
    """Refuse positions farther from all spots than the section is long."""
    spots, pitch_rc = section.pitch_rc, section.lattice.to_pitch(array_rc)
    farthest = max(float(np.ptp(spots, axis=0).max()), _NEAR)
    away = np.asarray(KDTree(spots).query(pitch_rc)[0])
    _refuse(
        away > farthest,
        array_rc,
        f"lie farther from {section.name} than it is long",
        "Are they of another section?",
    )


def _as_sites(lattice: Lattice, array_rc: FloatArray) -> FloatArray:
    """Array coordinates moved exactly onto the lattice, shape (position, 2)."""
    if not lattice.is_regular:
        return array_rc
    _refuse(
        ~lattice.is_site(array_rc),
        array_rc,
        f"are no sites of the {lattice.kind} lattice",
        "To predict exactly there, give them as positions to predict at instead "
        "(command line: --at).",
    )
    return lattice.to_array(lattice.to_grid(array_rc))


def _refuse(bad: BoolArray, array_rc: FloatArray, why: str, advice: str) -> None:
    """Raise if some positions are bad, naming the first."""
    at = np.flatnonzero(bad)
    if len(at):
        row, col = array_rc[at[0]]
        msg = (
            f"{len(at)} of {len(array_rc)} positions marked missing {why} "
            f"(first: row={row:g}, col={col:g}). {advice}"
        )
        raise InvalidRequestError(msg)
