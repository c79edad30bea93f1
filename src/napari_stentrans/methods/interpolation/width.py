"""The width of a Gaussian kernel, chosen by leaving out each spot in turn."""

from __future__ import annotations

import numpy as np

from napari_stentrans.methods.interpolation.operators import (
    GaussianKernel,
    canonical_order,
)
from napari_stentrans.progress import Progress, Steps
from napari_stentrans.section.section import Section

WIDTHS = tuple(np.geomspace(0.5, 6.0, 10).round(2).tolist())
"""Widths to choose from, in pitches."""
_DEFAULT_WIDTH = 1.15
_MAX_SPOTS = 1000
_MAX_GENES = 100


def choose_width_steps(section: Section, seed: int) -> Steps[float]:
    """Return the width that predicts left-out spots best; a stop keeps the best so far.

    The error is squared, on square roots of counts (whose noise is much the same for
    every gene), over the 100 highest genes and at most 1000 spots.
    """
    best, least = _DEFAULT_WIDTH, np.inf
    if section.n_spots < 3:
        return best
    order = canonical_order(section.pitch_rc)
    left_out = order[np.random.default_rng(seed).permutation(len(order))[:_MAX_SPOTS]]
    totals = np.asarray(section.counts.sum(axis=0)).ravel()
    highest = np.argsort(-totals, kind="stable")[:_MAX_GENES]
    values = np.sqrt(section.counts[:, highest].toarray())
    for number, width in enumerate(WIDTHS):
        if (yield Progress("Choosing the width", number, len(WIDTHS))):
            break
        weigh = GaussianKernel(width)(section.pitch_rc, section.pitch_rc[left_out])
        error = float(((weigh(values) - values[left_out]) ** 2).mean())
        if error < least:
            best, least = width, error
    return best
