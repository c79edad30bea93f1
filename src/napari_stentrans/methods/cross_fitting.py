"""Scores of each spot from loadings found without it: free of its own noise.

Scores of the very spots that programmes were found on are too large: some of each
component is noise of those spots. Cross-fitted scores are honest targets, and, with the
counts divided into halves, they tell how much of what is odd about a spot is true.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from napari_stentrans.methods.parallel import map_in_order
from napari_stentrans.methods.programmes import (
    Programmes,
    component_scores,
    informative_genes,
    log_normalised,
    project,
    regress,
    scores_on,
)
from napari_stentrans.section.lattice import FloatArray, IntArray
from napari_stentrans.section.section import Section

_MANY = 1500
"""The components of so many spots are firm: two folds are enough."""


@dataclass(frozen=True, eq=False)
class CrossFitted:
    """Scores of each spot from loadings found without it.

    Attributes
    ----------
    scores : ndarray, shape (spot, channel)
        Of all its counts.
    halves : two ndarrays, shape (spot, channel)
        Of two halves of its counts, divided at random: their noise is independent.
    half_counts : csc_matrix, shape (spot, gene)
        The first of these halves.
    """

    scores: FloatArray
    halves: tuple[FloatArray, FloatArray]
    half_counts: sparse.csc_matrix

    def true_share(self, expected: FloatArray) -> FloatArray:
        """How much of what was not expected of a spot is true, shape (channel,).

        The covariance of the two halves' surprises (their noise does not agree) over
        the variance of the whole surprise.

        Parameters
        ----------
        expected : ndarray, shape (spot, channel)
            What the surroundings make one expect of each spot.
        """
        first, second = (half - expected for half in self.halves)
        whole = np.maximum(((self.scores - expected) ** 2).mean(axis=0), 1e-9)
        share: FloatArray = np.clip((first * second).mean(axis=0) / whole, 0.0, 1.0)
        return share


@dataclass(frozen=True, eq=False)
class Division:
    """A section, divided at random: its spots into folds, its counts into halves.

    Attributes
    ----------
    section
        Visible spots.
    seed
        Of the division, and of what is found on its parts.
    fold : ndarray, shape (spot,)
        Number of the fold of each spot.
    halves
        Two sections, each with about half of the counts of every spot and gene.
    """

    section: Section
    seed: int
    fold: IntArray
    halves: tuple[Section, Section]

    @classmethod
    def of(cls, section: Section, seed: int) -> Division:
        """Divide a section: this needs no programmes, and can be done meanwhile."""
        rng = np.random.default_rng(seed)
        n_folds = 5 if section.n_spots <= _MANY else 2
        fold = rng.permutation(section.n_spots) % n_folds
        return cls(section, seed, fold, _halves(section, rng))


def cross_fit(programmes: Programmes, division: Division) -> CrossFitted:
    """Score the spots of each fold on loadings found on the others.

    Loadings of each fold are turned to match the whole section's (Procrustes), so that
    the channels mean the same.
    """
    section, fold, (first, second) = division.section, division.fold, division.halves

    def on_one_scale(part: Section) -> sparse.csr_matrix:
        """Halves as if they were whole: scores of fewer counts would be smaller."""
        return log_normalised(part, programmes.median_library)[0]

    logs = list(map_in_order(on_one_scale, (section, first, second)))
    k = programmes.n_channels - 1
    crossed = [programmes.scores.copy() for _ in logs]

    def score(held: int) -> None:
        rest, own = np.flatnonzero(fold != held), np.flatnonzero(fold == held)
        columns = informative_genes(section.subset(rest)) if len(rest) else rest
        if min(len(rest), len(columns)) <= k:
            return
        loadings = _loadings_without(logs[0], rest, columns, programmes, division.seed)
        for log, scores in zip(logs, crossed, strict=True):
            mean = np.asarray(log[rest].mean(axis=0)).ravel()
            scores[own, 1:] = project(log[own], mean, loadings)

    for _ in map_in_order(score, range(fold.max(initial=-1) + 1)):
        pass
    return CrossFitted(crossed[0], (crossed[1], crossed[2]), first.counts.tocsc())


def scored_by_others(
    section: Section, programmes: Programmes, seed: int
) -> CrossFitted:
    """Scores on programmes that were found on another section altogether.

    Means of scores are those of all counts: a logarithm of half of them bends the
    more, which the halves share, and is no agreement on what a spot is.
    """
    halves = _halves(section, np.random.default_rng(seed))
    first, second = (scores_on(half, programmes) for half in halves)
    for half in (first, second):
        half += programmes.scores.mean(axis=0) - half.mean(axis=0)
        # half the counts, half the library: that is no surprise
        half[:, 0] = programmes.scores[:, 0]
    return CrossFitted(programmes.scores, (first, second), halves[0].counts.tocsc())


def _loadings_without(
    log: sparse.csr_matrix,
    rest: IntArray,
    columns: IntArray,
    programmes: Programmes,
    seed: int,
) -> NDArray[np.float32]:
    """Loadings of the whole section's programmes, from the rest of the spots."""
    k = programmes.n_channels - 1
    scores = component_scores(log[rest][:, columns], k, seed)
    scores = scores / np.maximum(scores.std(axis=0), 1e-12)
    turn = _rotation_onto(scores, programmes.scores[rest, 1:])
    return regress(scores @ turn, log[rest])


def _halves(section: Section, rng: np.random.Generator) -> tuple[Section, Section]:
    """Divide the counts of every spot and gene into halves, by tosses of a coin."""
    first = section.counts.copy()
    whole = np.floor(first.data)
    first.data = rng.binomial(whole.astype(np.int64), 0.5) + (first.data - whole) / 2
    first.data = first.data.astype(np.float32)
    second = sparse.csr_matrix(section.counts - first)
    return section.with_counts(first), section.with_counts(second)


def _rotation_onto(scores: FloatArray, onto: FloatArray) -> FloatArray:
    """Rotation that turns scores onto others of the same spots (Procrustes)."""
    left, _, right = np.linalg.svd(scores.T @ onto)
    rotation: FloatArray = left @ right
    return rotation
