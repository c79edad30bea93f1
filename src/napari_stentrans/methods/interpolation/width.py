"""The width of a Gaussian kernel, chosen by leaving out each spot in turn."""

from __future__ import annotations

import numpy as np
from scipy import sparse
from scipy.spatial import KDTree

from napari_stentrans.methods.interpolation.operators import (
    TRUNCATE,
    canonical_order,
    nearest_spot,
)
from napari_stentrans.progress import Progress, Steps
from napari_stentrans.section.lattice import FloatArray
from napari_stentrans.section.section import Section

WIDTHS = np.geomspace(0.5, 6.0, 10).round(2)
"""Widths to choose from, in pitches."""
_DEFAULT = 1.15
_MAX_SPOTS = 1000
_MAX_GENES = 100


def choose_width_steps(section: Section, seed: int) -> Steps[float]:
    """Return the width that predicts left-out spots best; a stop keeps the best so far.

    The error is squared, on square roots of counts (their noise is much the same for
    all genes), over the highest genes.
    """
    if section.n_spots < 3:
        return _DEFAULT
    truth, spots = _sample(section, seed)
    pairs = _pairs(section.pitch_rc, spots)
    best, least = _DEFAULT, np.inf
    for number, width in enumerate(WIDTHS):
        if (yield Progress("Choosing the width", number, len(WIDTHS))):
            break
        ...
    return best
