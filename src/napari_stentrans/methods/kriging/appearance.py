"""What the tissue looks like around a position: a few numbers from the image.

Stain and texture say much about a spot that its neighbours do not: a gland, a border, a
gap. They are known at hidden and new positions as well. Knows nothing about genes:
whether looks predict expression, kriging finds out.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, map_coordinates
from scipy.spatial import KDTree

from napari_stentrans.section.image import Modality, TissueImage
from napari_stentrans.section.lattice import Float32Array, FloatArray
from napari_stentrans.section.section import Section

_SHARPEST, _SHARP = 32.0, 16.0
"""Pixels to a pitch in which texture, and all else, is seen; more are merged."""
_FEWEST_PIXELS = 2.0
"""With fewer to a pitch, an image hardly tells one spot from the next."""
_LEAST_INSIDE = 0.8
"""Share of the spots that must lie on the image."""
_AROUND = (0.2, 0.5)
"""Widths, in pitches, over which colour and its variation are averaged."""
_GRAIN, _GRAIN_AROUND = (0.03, 0.1), 0.3
"""Widths, in pitches, below which variation is texture; over which it is averaged."""
_NARROWEST = 0.7
"""Pixels; a narrower average would be none."""
_MARGIN = 2.0
"""Pitches around the spots that still belong to the picture."""
_DIRECTIONS, _FAINTEST = 8, 1e-3
"""Most directions of appearance that are told apart, and the least spread of one."""
_FARTHEST = 3.5
"""Standard deviations; looks beyond are taken for this far."""
_UNLIKE = 5.0
"""Standard deviations that make one unit: so far apart, spots are hardly alike."""
_ORDINARY, _BEYOND = 0.98, 1.25
"""So many spots are as like another as is ordinary; so much further is unheard of."""
_BESIDE = 6
"""Spots whose looks are taken for those of a place whose own are unheard of."""
_GREY_OF_NOTHING, _WHITE = 8.0, 263.0
"""Added to brightness before its logarithm; what white then is."""


@dataclass(frozen=True, eq=False)
class Appearance:
    """The image around a section, ready to be asked at any position.

    Attributes
    ----------
    maps : ndarray of float32, shape (feature, row, col)
        Colour, variation and texture over the part of the image around the spots.
    to_map : ndarray, shape (3, 2)
        Affine map of pitch (row, col, 1) to (row, col) of the maps.
    centre : ndarray, shape (feature,)
        Mean over the spots.
    turn : ndarray, shape (feature, direction)
        To independent directions in which the spots spread equally.
    spots_rc : ndarray, shape (spot, 2)
        Where the spots are, in pitches.
    """

    maps: Float32Array
    to_map: FloatArray
    centre: FloatArray
    turn: FloatArray
    spots_rc: FloatArray

    @classmethod
    def of(cls, section: Section) -> Appearance | None:
        """Look at a section; None without an image that shows its spots.

        Light that is emitted tells of other things than stain, and was not tried.
        """
        image = section.image
        if image is None or section.pixel_xy is None:
            return None
        if image.modality is not Modality.BRIGHT_FIELD:
            return None
        to_image = _pitch_to_image(section, image)
        pitch = float(np.sqrt(abs(np.linalg.det(to_image[:2]))))
        spots_rc = _moved(section.pitch_rc, to_image)
        inside = ((spots_rc >= 0) & (spots_rc < image.data.shape[:2])).all(axis=1)
        if pitch < _FEWEST_PIXELS or inside.mean() < _LEAST_INSIDE:
            return None
        corner, part = _around(image.data, spots_rc, _MARGIN * pitch)
        maps, step = _features(part, pitch)
        to_map = to_image.copy()
        to_map[2] -= corner + (step - 1) / 2  # the middle of the first block
        to_map /= step
        seen = _read(maps, _moved(section.pitch_rc, to_map))
        centre, turn = _independent(seen)
        if turn.shape[1] == 0:  # a blank image
            return None
        return cls(maps, to_map, centre, turn, section.pitch_rc)

    def at(self, pitch_rc: FloatArray) -> FloatArray:
        """How positions look, shape (position, direction); alike within about one.

        A place that looks like no spot at all, as where the tissue is torn, is taken
        to look like the spots around it: what it did look like nobody can see.
        """
        looks = self._seen_at(pitch_rc)
        unlike = self._known.query(looks)[0] / self._ordinary
        doubt = np.clip(2 * (unlike - 1), 0, 1)[:, None]
        if not doubt.any():
            return looks
        n_beside = min(_BESIDE, len(self.spots_rc))
        beside = KDTree(self.spots_rc).query(pitch_rc, k=np.arange(1, n_beside + 1))[1]
        around = self._known.data[beside].mean(axis=1)
        blended: FloatArray = (1 - doubt) * looks + doubt * around
        return blended

    @cached_property
    def _known(self) -> KDTree:
        """Looks of the spots."""
        return KDTree(self._seen_at(self.spots_rc))

    @cached_property
    def _ordinary(self) -> float:
        """How unlike any spot a place may look before it is doubted."""
        nearest = np.asarray(self._known.query(self._known.data, k=2)[0])[:, 1]
        return max(_BEYOND * float(np.quantile(nearest, _ORDINARY)), 1e-6)

    def _seen_at(self, pitch_rc: FloatArray) -> FloatArray:
        seen = _read(self.maps, _moved(pitch_rc, self.to_map))
        looks = (seen - self.centre) @ self.turn
        alike: FloatArray = np.clip(looks, -_FARTHEST, _FARTHEST) / _UNLIKE
        return alike


def _pitch_to_image(section: Section, image: TissueImage) -> FloatArray:
    """Affine map of pitch (row, col, 1) to image (row, col), shape (3, 2)."""
    ends = np.array([[1.0, 0.0, 1.0], [0.0, 1.0, 1.0], [0.0, 0.0, 1.0]])
    down, right, origin = image.pixels_at(ends @ section.pitch_to_pixel)
    return np.stack([down - origin, right - origin, origin])


def _moved(pitch_rc: FloatArray, affine: FloatArray) -> FloatArray:
    moved: FloatArray = pitch_rc @ affine[:2] + affine[2]
    return moved


def _around(
    data: NDArray[np.uint8], spots_rc: FloatArray, margin: float
) -> tuple[FloatArray, NDArray[np.uint8]]:
    """Part of the image around the spots: its corner, and its colours."""
    low = np.clip(spots_rc.min(axis=0) - margin, 0, None).astype(int)
    high = np.ceil(spots_rc.max(axis=0) + margin).astype(int) + 1
    part = data[low[0] : high[0], low[1] : high[1], :3]
    return low.astype(np.float64), part


def _features(part: NDArray[np.uint8], pitch: float) -> tuple[Float32Array, int]:
    """Maps of the features, and how many pixels of the image make one of theirs."""
    to_fine = max(1, int(pitch // _SHARPEST))
    brightness = _merged(part, to_fine)
    # how much stain there is goes with the logarithm (Lambert and Beer)
    fine = -np.log((brightness + _GREY_OF_NOTHING) / _WHITE)
    fine_pitch = pitch / to_fine
    to_coarse = max(1, int(fine_pitch // _SHARP))
    coarse, coarse_pitch = _merged(fine, to_coarse), fine_pitch / to_coarse
    grey, fine_grey = (each.mean(axis=2, dtype=np.float32) for each in (coarse, fine))
    maps = []
    for width in _AROUND:
        sigma = width * coarse_pitch
        maps += [_blurred(colour, sigma) for colour in np.moveaxis(coarse, -1, 0)]
        maps.append(_log_sd(_blurred(grey**2, sigma) - _blurred(grey, sigma) ** 2))
    for width in _GRAIN:
        grain = fine_grey - _blurred(fine_grey, max(width * fine_pitch, _NARROWEST))
        power = _blurred(_merged(grain**2, to_coarse), _GRAIN_AROUND * coarse_pitch)
        maps.append(_log_sd(power))
    return np.stack(maps).astype(np.float32), to_fine * to_coarse


def _merged(image: NDArray[Any], step: int) -> Float32Array:
    """Mean of blocks of ``step`` by ``step`` pixels; colours stay apart."""
    rows, cols = (max(1, size // step) for size in image.shape[:2])
    whole = image[: rows * step, : cols * step]
    blocks = whole.reshape(rows, step, cols, step, *image.shape[2:])
    merged: Float32Array = blocks.mean(axis=(1, 3), dtype=np.float32)
    return merged


def _blurred(image: Float32Array, sigma: float) -> Float32Array:
    blurred: Float32Array = gaussian_filter(image, sigma, truncate=3.0)
    return blurred


def _log_sd(variance: Float32Array) -> Float32Array:
    found: Float32Array = np.log(np.sqrt(np.maximum(variance, 0)) + 0.01)
    return found


def _read(maps: Float32Array, at_rc: FloatArray) -> FloatArray:
    """Features at positions of the maps, shape (position, feature)."""
    read = [map_coordinates(m, at_rc.T, order=1, mode="nearest") for m in maps]
    return np.stack(read, axis=1).astype(np.float64)


def _independent(seen: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Centre of the spots' features, and the turn to independent directions."""
    centre = seen.mean(axis=0)
    spread = np.maximum(seen.std(axis=0), 1e-6)
    _, strength, directions = np.linalg.svd(
        (seen - centre) / spread, full_matrices=False
    )
    strength = strength / np.sqrt(len(seen))
    kept = np.flatnonzero(strength > _FAINTEST)[:_DIRECTIONS]
    return centre, directions[kept].T / strength[kept] / spread[:, None]
