"""The paper's own protocol: every measured spot is scored, also those that were given.

In-sample, and therefore flattering: a method that copies what it was given is right
there. Kept apart from the honest scores, and only for comparison with the paper.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import sparse

from napari_stentrans.evaluation.holdout import HoldOut
from napari_stentrans.evaluation.tasks import Task, Trial
from napari_stentrans.methods.base import ExpressionField, Fitted, Prediction
from napari_stentrans.progress import Steps
from napari_stentrans.section.lattice import IntArray
from napari_stentrans.section.section import Section


@dataclass(frozen=True, eq=False)
class AllSpots(Trial):
    """A hold-out whose visible spots are scored as well.

    Attributes
    ----------
    hold_out
        Says what the method sees.
    """

    hold_out: HoldOut

    @property
    def section(self) -> Section:  # type: ignore[override]
        """The whole section."""
        return self.hold_out.section

    @property
    def task(self) -> Task:  # type: ignore[override]
        """How spots were hidden."""
        return self.hold_out.task

    @property
    def seed(self) -> int:  # type: ignore[override]
        """Of that choice."""
        return self.hold_out.seed

    @property
    def reduced(self) -> Section:
        """The visible spots alone."""
        return self.hold_out.reduced

    @property
    def scored(self) -> IntArray:
        """All spots with counts."""
        return np.union1d(self.hold_out.visible, self.hold_out.hidden)

    @cached_property
    def counts(self) -> sparse.csr_matrix:
        """All measured counts."""
        return self.section.counts[self.scored]

    def field_steps(self, fitted: Fitted) -> Steps[ExpressionField]:
        """Improve what was seen and predict the rest, as `enhance` does."""
        seen = yield from fitted.spot_field_steps()
        unseen = yield from fitted.field_steps(self.hold_out.hidden_rc)
        return _Joined(seen, unseen, self.hold_out.visible, self.hold_out.hidden)


@dataclass(frozen=True, eq=False)
class _Joined(ExpressionField):
    """Two fields and the rows that each of them fills."""

    first: ExpressionField
    second: ExpressionField
    first_rows: IntArray
    second_rows: IntArray

    @property
    def n_positions(self) -> int:
        return len(self.first_rows) + len(self.second_rows)

    def read(self, genes: IntArray) -> Prediction:
        a, b = self.first.read(genes), self.second.read(genes)
        order = np.argsort(np.concatenate([self.first_rows, self.second_rows]))
        return Prediction(
            np.concatenate([a.mean, b.mean])[order],
            np.concatenate([a.sd, b.sd])[order],
        )
