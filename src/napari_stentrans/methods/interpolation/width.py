"""The width of a Gaussian kernel, chosen by leaving out each spot in turn."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_stentrans.methods.interpolation.weights import (
    GaussianKernel,
    canonical_order,
)
from napari_stentrans.progress import Progress, Steps
from napari_stentrans.section.section import Section

WIDTHS = tuple(np.geomspace(0.5, 6.0, 10).round(2).tolist())
"""Widths to choose from, in pitches."""
_DEFAULT_WIDTH = 1.15
_MAX_SPOTS = 600
_MAX_GENES = 2000
_MAX_VALUES = 20_000_000


def choose_width_steps(section: Section, seed: int) -> Steps[float]:
    """Return the width that predicts left-out spots best; a stop keeps the best so far.

    The error is squared, at no more than 600 spots, of the 2000 highest genes. They
    weigh the same: a few genes of steep contrast would otherwise choose a width too
    narrow for all the rest.
    """
    best, least = _DEFAULT_WIDTH, np.inf
    if section.n_spots < 3:
        return best
    order = canonical_order(section.pitch_rc)
    left_out = order[np.random.default_rng(seed).permutation(len(order))[:_MAX_SPOTS]]
    values = _standardised_roots(section)
    for number, width in enumerate(WIDTHS):
        if (yield Progress("Choosing the width", number, len(WIDTHS))):
            break
        weights = GaussianKernel(width)(section.pitch_rc, section.pitch_rc[left_out])
        error = float(((weights @ values - values[left_out]) ** 2).mean())
        if error < least:
            best, least = width, error
    return best


def _standardised_roots(section: Section) -> NDArray[np.float32]:
    """Square roots of the highest genes' counts, of variance 1, shape (spot, gene)."""
    n_genes = min(_MAX_GENES, max(1, _MAX_VALUES // section.n_spots))
    highest = np.argsort(-section.gene_totals, kind="stable")[:n_genes]
    roots = np.sqrt(section.counts[:, highest].toarray())
    return np.asarray(roots / np.maximum(roots.std(axis=0), 1e-9), dtype=np.float32)
