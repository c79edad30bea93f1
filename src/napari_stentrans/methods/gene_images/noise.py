"""How far a network's prediction is off: the spread of `CountNoise`, made true.

A gene's variance as a line in its mean comes from linear interpolation at left-out
spots, as for the classical methods. How much wider the network's own errors are is
measured on the spots that were held back from its training, all genes together, and
apart for sites without a spot and for places between sites: that one factor each
makes nine of ten held-back counts lie within the 90 % interval.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_stentrans.methods.gene_images.lesson import Lesson
from napari_stentrans.methods.gene_images.network import (
    ImageNetwork,
    portions,
    refine,
)
from napari_stentrans.methods.interpolation.noise import CountNoise
from napari_stentrans.methods.parallel import one_torch_thread
from napari_stentrans.progress import Progress, Steps

_COVERED = 0.9
_WITHIN = 1.6449
"""Standard deviations of a normal distribution that cover as much."""
_MOST_GENES = 512
_LEAST, _MOST = 0.5, 10.0
_FEWEST = 3
"""Held-back spots of a kind that a factor is measured on."""


@dataclass(frozen=True)
class Widening:
    """Factors of the standard deviation."""

    at_sites: float = 1.0
    between: float = 1.0


def widening_steps(
    network: ImageNetwork, lesson: Lesson, noise: CountNoise, seed: int
) -> Steps[Widening]:
    """Predict the held-back spots, the input without them, and compare."""
    rng = np.random.default_rng(seed)
    n_genes = min(_MOST_GENES, len(lesson.genes))
    genes = np.sort(rng.choice(lesson.genes, n_genes, replace=False))
    measured = lesson.measured & ~lesson.held_back[::2, ::2]
    where = np.flatnonzero(lesson.held_back)
    ratios = []
    for part in portions(n_genes, measured.shape):
        yield Progress("Measuring the error", part.start, n_genes)
        truth = lesson.fine(genes[part])
        with one_torch_thread():
            refined = refine(network, truth[:, ::2, ::2] * measured, measured)
        mean = refined.reshape(len(truth), -1)[:, where].T
        error = np.abs(truth.reshape(len(truth), -1)[:, where].T - mean)
        ratios.append(error / noise.sd(mean, genes[part]))
    ratio = np.concatenate(ratios, axis=1)
    row, col = np.unravel_index(where, lesson.held_back.shape)
    is_site = (row % 2 == 0) & (col % 2 == 0)
    everywhere = _factor(ratio)
    return Widening(
        at_sites=_factor(ratio[is_site]) if is_site.sum() >= _FEWEST else everywhere,
        between=_factor(ratio[~is_site]) if (~is_site).sum() >= _FEWEST else everywhere,
    )


def _factor(ratio: NDArray[np.floating]) -> float:
    return float(np.clip(np.quantile(ratio, _COVERED) / _WITHIN, _LEAST, _MOST))
