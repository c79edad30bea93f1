"""Where the lattice lies in the image: fits from pitch to pixel coordinates."""

from __future__ import annotations

import numpy as np

from napari_stentrans.section.lattice import FloatArray

_PIXELS_PER_PITCH = 100.0
"""Where one spot, or none, shows no scale."""


def affine_between(pitch_rc: FloatArray, pixel_xy: FloatArray) -> FloatArray:
    """Affine map of pitch (row, col, 1) to pixel (x, y), shape (3, 2), invertible.

    Least squares over the spots. Spots on one line leave the other direction open:
    then the map is a shift, turn and scale, and rows run down where columns run right.
    """
    design = np.column_stack([pitch_rc, np.ones(len(pitch_rc))])
    solution = np.asarray(np.linalg.lstsq(design, pixel_xy, rcond=None)[0])
    flat = abs(np.linalg.det(solution[:2])) <= 1e-9 * (solution[:2] ** 2).sum()
    if flat or np.linalg.matrix_rank(pitch_rc - pitch_rc[0], 1e-6) < 2:
        return _similarity(pitch_rc, pixel_xy)
    return solution


def _similarity(pitch_rc: FloatArray, pixel_xy: FloatArray) -> FloatArray:
    """Shift, turn and scale of pitch (row, col, 1) to pixel (x, y), shape (3, 2)."""
    pitch = pitch_rc[:, 1] + 1j * pitch_rc[:, 0]
    pixel = pixel_xy[:, 0] + 1j * pixel_xy[:, 1]
    spread = pitch - pitch.mean()
    turn = _PIXELS_PER_PITCH + 0j
    if np.abs(spread).max() > 0 and np.ptp(pixel_xy, axis=0).max() > 0:
        turn = complex(np.vdot(spread, pixel) / np.vdot(spread, spread))
    shift = pixel.mean() - turn * pitch.mean()
    return np.array(
        [[-turn.imag, turn.real], [turn.real, turn.imag], [shift.real, shift.imag]]
    )
