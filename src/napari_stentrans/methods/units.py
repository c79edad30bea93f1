"""Values that are no counts, brought to the scale of counts while a method learns.

Methods reason in counts: their noise, how few of them show a pattern, how they divide
into halves. Normalised values have the same structure in another unit, so they are
divided by what one count has become, and predictions are multiplied by it again:
results are the same whether values sum to 1 a spot, to ten thousand or to a million.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from napari_stentrans.config import RunConfig
from napari_stentrans.methods.base import ExpressionField, Fitted, Prediction
from napari_stentrans.progress import Progress, Steps, changed
from napari_stentrans.section.lattice import FloatArray, IntArray
from napari_stentrans.section.section import Section

Learn = Callable[[Section, RunConfig], Steps[Fitted]]

_SPARSE = 0.25
"""Quartile of the genes: for the sparser ones nearly all variance is of counting."""
_CONSTANT = 1e-9
"""Relative variance below which a gene only shows rounding."""


def value_of_one_count(section: Section) -> float:
    """Value that stands for one count: 1 of counts, else estimated from the genes.

    Counting has a variance of the mean, times the value of one count: the lower
    quartile over genes of variance over mean. (The smallest value would not do: what
    takes a background away leaves values as small as can be.)
    """
    if section.is_counted:
        return 1.0
    genes, values = section.counts.indices, section.counts.data.astype(np.float64)
    squares = np.bincount(genes, weights=values**2, minlength=section.n_genes)
    mean = section.gene_totals / section.n_spots
    variance = squares / section.n_spots - mean**2
    varying = variance > _CONSTANT * mean**2
    if not varying.any():
        return 1.0
    return float(np.quantile(variance[varying] / mean[varying], _SPARSE))


def in_counts_steps(learn: Learn, section: Section, config: RunConfig) -> Steps[Fitted]:
    """Let a method learn in units of counts; whatever it gives is in the section's."""
    unit = value_of_one_count(section)
    if unit == 1.0:
        return (yield from learn(section, config))
    counts = section.counts.copy()
    counts.data /= np.float32(unit)

    def in_units(progress: Progress) -> Progress:
        if progress.partial is None:
            return progress
        return replace(
            progress, partial=FittedInCounts(section, progress.partial, unit)
        )

    steps = learn(section.with_counts(counts), config)
    return FittedInCounts(section, (yield from changed(steps, in_units)), unit)


@dataclass(frozen=True, eq=False)
class FittedInCounts(Fitted):
    """A method that has learnt from values in units of counts.

    Attributes
    ----------
    section
        With the values as they are.
    learnt
        From these values over the unit.
    unit
        Value of one count.
    """

    section: Section
    learnt: Fitted
    unit: float

    @property
    def facts(self) -> dict[str, Any]:
        """Those of the method, and the unit."""
        return self.learnt.facts | {"value_of_one_count": float(f"{self.unit:.4g}")}

    def field_steps(self, array_rc: FloatArray) -> Steps[ExpressionField]:
        """Expression at any positions."""
        return _InUnits((yield from self.learnt.field_steps(array_rc)), self.unit)

    def spot_field_steps(self) -> Steps[ExpressionField]:
        """Improved expression at the spots."""
        return _InUnits((yield from self.learnt.spot_field_steps()), self.unit)

    def left_out_field(self) -> ExpressionField | None:
        """Each spot, predicted from all others."""
        left_out = self.learnt.left_out_field()
        return None if left_out is None else _InUnits(left_out, self.unit)

    def gene_scores(self, genes: IntArray) -> pd.DataFrame:
        """As the method says: correlations have no unit."""
        return self.learnt.gene_scores(genes)


@dataclass(frozen=True, eq=False)
class _InUnits(ExpressionField):
    counted: ExpressionField
    unit: float

    @property
    def n_positions(self) -> int:
        return self.counted.n_positions

    @property
    def depth(self) -> NDArray[np.float32] | None:
        return self.counted.depth

    def read(self, genes: IntArray) -> Prediction:
        found, unit = self.counted.read(genes), np.float32(self.unit)
        return Prediction(found.mean * unit, found.sd * unit)
