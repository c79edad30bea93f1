"""The pair that a network learns from: every second site in, all sites out.

Some spots are held back: never a target in training, they tell afterwards how far the
network is off. Knows nothing about networks.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from napari_stentrans.errors import InvalidRequestError
from napari_stentrans.methods.gene_images.raster import (
    Images,
    Placement,
    training_placement,
)
from napari_stentrans.section.section import Section

HELD_BACK_SHARE = 0.1
_FEWEST_TARGETS = 8
_TRAINED_SHARE = 0.1
"""Genes in more than this share of the spots are trained on, as published."""


@dataclass(frozen=True, eq=False)
class Lesson:
    """A section as input and target.

    Attributes
    ----------
    counts : csc_matrix, shape (spot, gene)
        Of the whole section.
    genes : ndarray, shape (trained gene,)
        Columns to train on.
    placement
        Spots in the target.
    target : ndarray of bool, shape (row, col)
        Pixels that training is scored on.
    held_back : ndarray of bool, shape (row, col)
        Pixels with spots that it is not.
    """

    counts: sparse.csc_matrix
    genes: NDArray[np.int64]
    placement: Placement
    target: NDArray[np.bool_]
    held_back: NDArray[np.bool_]

    @property
    def measured(self) -> NDArray[np.bool_]:
        """Input pixels that show a spot, shape (row / 2, col / 2)."""
        return self.placement.occupied[::2, ::2]

    def fine(self, genes: NDArray[np.int64]) -> Images:
        """Targets of genes, shape (gene, row, col)."""
        return self.placement.images(self.counts[:, genes])


def make_lesson(section: Section, rng: np.random.Generator) -> Lesson:
    """Divide a section into input, targets, and what is held back.

    Raises
    ------
    InvalidRequestError
        If there are too few spots, or no gene in enough of them.
    """
    placement = training_placement(section)
    occupied = placement.occupied
    between = occupied.copy()
    between[::2, ::2] = False
    if between.sum() < _FEWEST_TARGETS or not occupied[::2, ::2].any():
        msg = (
            f"{section.name} has too few neighbouring spots ({section.n_spots}) for a "
            "network that learns to fill every second row and column. Choose a "
            "method that needs no training, such as kriging."
        )
        raise InvalidRequestError(msg)
    trained = section.detected_in > _TRAINED_SHARE * section.n_spots
    genes = np.flatnonzero(trained)
    if not len(genes):
        msg = (
            f"no gene of {section.name} is detected in more than "
            f"{_TRAINED_SHARE:.0%} of its spots: there is nothing to train on. "
            "Choose a method that needs no training, such as kriging."
        )
        raise InvalidRequestError(msg)
    spots = np.flatnonzero(occupied)
    n_held = max(1, round(HELD_BACK_SHARE * len(spots)))
    held_back = np.zeros(occupied.shape, dtype=bool)
    held_back.flat[rng.choice(spots, n_held, replace=False)] = True
    return Lesson(section.by_gene, genes, placement, occupied & ~held_back, held_back)
