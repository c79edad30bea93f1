"""An H&E-like picture of a simulated tissue: pink, with purple nuclei."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from napari_stentrans.datasets.tissue_model import TissueModel
from napari_stentrans.section.lattice import FloatArray

PIXELS_PER_PITCH = 100.0
"""Full-resolution pixels a pitch."""
IMAGE_SCALE = 0.2
"""Pixels of the picture per full-resolution pixel."""
_GLASS = np.array([244.0, 242.0, 245.0])
_EOSIN = np.array([226.0, 160.0, 190.0])
_NUCLEUS = np.array([96.0, 62.0, 138.0])
_COARSE = 4
"""The tissue is evaluated at every fourth pixel and interpolated between."""


def draw_tissue(
    tissue: TissueModel, margin: float, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """Draw the tissue, with ``margin`` pitches of glass around the capture area.

    Returns
    -------
    ndarray of uint8, shape (row, col, 3)
        Its pixel (0, 0) lies ``margin`` pitches above and left of pitch (0, 0).
    """
    size = IMAGE_SCALE * PIXELS_PER_PITCH
    rows, cols = np.ceil((np.asarray(tissue.extent) + 2 * margin) * size).astype(int)
    depth, dye = _tissue_at_pixels(tissue, (rows, cols), size, margin, rng)
    glass = _GLASS + rng.normal(scale=1.0, size=(rows, cols, 1))
    fibres = ndimage.gaussian_filter(rng.normal(size=(rows, cols)), (1.0, 3.0))
    stained = dye[..., :3] + 45 * fibres[..., None]
    is_nucleus = rng.random((rows, cols)) < dye[..., 3]
    shade = np.clip(ndimage.gaussian_filter(is_nucleus * 10.0, 1.1), 0, 1)[..., None]
    stained = stained * (1 - shade) + _NUCLEUS * shade
    cover = np.clip(depth * 12, 0, 1)[..., None]
    picture = glass * (1 - cover) + stained * cover
    rounded: NDArray[np.uint8] = np.clip(np.rint(picture), 0, 255).astype(np.uint8)
    return rounded


def _tissue_at_pixels(
    tissue: TissueModel,
    shape: tuple[int, int],
    size: float,
    margin: float,
    rng: np.random.Generator,
) -> tuple[FloatArray, FloatArray]:
    """Depth, shape (row, col), and red, green, blue, nuclei a pixel: (row, col, 4)."""
    n_programmes = len(tissue.loadings)
    effect = np.column_stack(
        [
            rng.normal(scale=14.0, size=(n_programmes, 1)) * (0.6, 1.4, 0.8),
            rng.uniform(0.0, 0.03, size=n_programmes),
        ]
    )
    effect[-1] = (-20.0, -30.0, -5.0, 0.06)  # foci are crowded
    coarse_shape = (shape[0] // _COARSE + 2, shape[1] // _COARSE + 2)
    coarse_rc = np.indices(coarse_shape).reshape(2, -1).T * _COARSE
    pitch_rc = coarse_rc / size - margin
    dye = np.clip(tissue.activity(pitch_rc), -0.5, 1) @ effect + (*_EOSIN, 0.004)
    coarse = np.column_stack([tissue.depth(pitch_rc), dye]).reshape(*coarse_shape, 5)
    where = np.indices(shape) / _COARSE
    fine = [ndimage.map_coordinates(coarse[..., k], where, order=1) for k in range(5)]
    return fine[0], np.stack(fine[1:], axis=-1)
