"""The task of denoising: counts divided into two halves, one seen, one to compare with.

Given the expression at a spot, the halves are independent of each other: noise that a
method learns from the one does not help with the other (binomial thinning).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import sparse

from napari_stentrans.errors import InvalidRequestError
from napari_stentrans.evaluation.metrics import binomial_half
from napari_stentrans.evaluation.tasks import Task, Trial
from napari_stentrans.methods.base import ExpressionField, Fitted
from napari_stentrans.progress import Steps
from napari_stentrans.section.lattice import FloatArray, IntArray
from napari_stentrans.section.section import Section

_STREAM = 1
"""Apart from the ceilings' splits of the same seed."""


@dataclass(frozen=True, eq=False)
class CountSplit(Trial):
    """A section whose counts are divided into two halves of equal depth.

    Attributes
    ----------
    section
        The whole section.
    seen
        Its spots with counts, with the half that a method sees.
    unseen : csr_matrix, shape (spot with counts, gene)
        The other half.
    task, seed
        `Task.DENOISE`, and the seed of the division.
    """

    section: Section
    seen: Section
    unseen: sparse.csr_matrix
    task: Task
    seed: int

    @property
    def reduced(self) -> Section:
        """The half that a method sees."""
        return self.seen

    @property
    def counts(self) -> sparse.csr_matrix:
        """The other half."""
        return self.unseen

    @property
    def scored(self) -> IntArray:
        """All spots with counts, if only in one half."""
        return np.flatnonzero(self.section.library_size)

    @cached_property
    def distance(self) -> FloatArray:
        """Zero: every spot was seen, with other counts."""
        return np.zeros(len(self.scored))

    def field_steps(self, fitted: Fitted) -> Steps[ExpressionField]:
        """Improve the spots that were seen."""
        return (yield from fitted.spot_field_steps())


def split_counts(section: Section, seed: int = 0) -> CountSplit:
    """Divide the counts of a section.

    Raises
    ------
    InvalidRequestError
        If its values are no whole numbers, or too few to be divided.
    """
    if not section.is_counted:
        msg = (
            f"the values of {section.name} are no whole numbers, and only counts can "
            "be divided in halves: leave out the task 'denoise', or read raw counts"
        )
        raise InvalidRequestError(msg)
    seen = binomial_half(section.counts, np.random.default_rng([seed, _STREAM]))
    if seen.sum() == 0:
        msg = f"{section.name} has too few counts to be divided for the task 'denoise'"
        raise InvalidRequestError(msg)
    other = sparse.csr_matrix(section.counts - seen)
    other.eliminate_zeros()
    measured = np.flatnonzero(section.library_size)
    half = section.with_counts(seen).subset(measured)
    return CountSplit(section, half, other[measured], Task.DENOISE, seed)
