"""How far a network's prediction is off: the spread of `CountNoise`, made true.

A gene's variance as a line in its mean comes from linear interpolation at left-out
spots, as for the classical methods. How much wider the network's own errors are is
measured on the spots that were held back from its training, all genes together, and
apart for sites without a spot and for places between sites: one factor each, which
makes nine of ten held-back counts lie within the 90 % interval.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from napari_stentrans.methods.gene_images.lesson import Lesson
from napari_stentrans.methods.gene_images.network import (
    ImageNetwork,
    image_portions,
    refine,
)
from napari_stentrans.methods.interpolation.noise import CountNoise
from napari_stentrans.methods.parallel import one_torch_thread
from napari_stentrans.progress import Progress, Steps

_COVERED = 0.9
_WITHIN = 1.6449
"""Standard deviations of a normal distribution that cover as much."""
_MOST_GENES = 512
_LEAST, _MOST = 0.5, 20.0
_FEWEST = 3
"""Held-back spots of a kind that a factor is measured on."""


@dataclass(frozen=True, eq=False)
class ImageNoise:
    """Standard deviation of a count around what a network predicts.

    Attributes
    ----------
    counts
        The line of each gene.
    average : ndarray of float32, shape (gene,)
        Mean count over the spots. A network that takes a missing site for one without
        expression predicts too little there: the line is then read at the average.
    at_sites, between
        Factors at sites without a spot, and everywhere else.
    """

    counts: CountNoise
    average: NDArray[np.float32]
    at_sites: float = 1.0
    between: float = 1.0

    def sd(
        self,
        mean: NDArray[np.float32],
        genes: NDArray[np.int64],
        at_site: NDArray[np.bool_],
    ) -> NDArray[np.float32]:
        """Standard deviation around ``mean``, shape (position, gene).

        Parameters
        ----------
        mean : ndarray, shape (position, gene)
            Predicted counts.
        genes : ndarray, shape (gene,)
            Columns of the section.
        at_site : ndarray of bool, shape (position,)
            Which positions are sites without a spot.
        """
        least = np.where(at_site[:, None], self.average[genes], 0)
        factor = np.where(at_site, self.at_sites, self.between)[:, None]
        spread = self.counts.sd(np.maximum(mean, least, dtype=np.float32), genes)
        return np.asarray(factor * spread, dtype=np.float32)


def noise_steps(
    network: ImageNetwork, lesson: Lesson, counts: CountNoise, seed: int
) -> Steps[ImageNoise]:
    """Predict the held-back spots, the input without them, and compare."""
    rng = np.random.default_rng(seed)
    average = np.asarray(lesson.counts.mean(axis=0), dtype=np.float32).ravel()
    assumed = ImageNoise(counts, average)
    n_genes = min(_MOST_GENES, len(lesson.genes))
    genes = np.sort(rng.choice(lesson.genes, n_genes, replace=False))
    seen = lesson.measured & ~lesson.held_back[::2, ::2]
    where = np.flatnonzero(lesson.held_back)
    row, col = np.unravel_index(where, lesson.held_back.shape)
    at_site = (row % 2 == 0) & (col % 2 == 0)
    ratios = []
    for part in image_portions(n_genes, seen.shape):
        yield Progress("Measuring the error", part.start, n_genes)
        fine = lesson.fine(genes[part])
        with one_torch_thread():
            refined = refine(network, fine[:, ::2, ::2] * seen, seen)
        truth, mean = (
            each.reshape(len(fine), -1)[:, where].T for each in (fine, refined)
        )
        ratios.append(np.abs(truth - mean) / assumed.sd(mean, genes[part], at_site))
    ratio = np.concatenate(ratios, axis=1)
    return replace(
        assumed,
        at_sites=_factor(ratio, at_site),
        between=_factor(ratio, ~at_site),
    )


def _factor(ratio: NDArray[np.floating], chosen: NDArray[np.bool_]) -> float:
    """Factor for some of the spots; for all of them together if these are too few."""
    if chosen.sum() >= _FEWEST:
        ratio = ratio[chosen]
    return float(np.clip(np.quantile(ratio, _COVERED) / _WITHIN, _LEAST, _MOST))
