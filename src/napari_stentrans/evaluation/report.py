"""The scores of an evaluation, as one tidy table. Knows nothing about how they came."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from napari_stentrans.evaluation.holdout import HoldOut

TOP_GENES = 500
"""How many of the highest genes make up the second median of each score."""


@dataclass(frozen=True, eq=False)
class EvaluationReport:
    """What every method scored on the hidden spots of one section.

    Attributes
    ----------
    scores : DataFrame
        One row a gene, method and metric: columns gene, top (whether it is one of the
        highest genes), method, metric, value.
    seconds : Series
        Time to fit and to predict all genes, one entry a method.
    hold_out
        The spots that were hidden, with task and seed.
    """

    scores: pd.DataFrame
    seconds: pd.Series
    hold_out: HoldOut

    @property
    def methods(self) -> list[str]:
        """Names of the methods, in the order they were asked for."""
        return [str(name) for name in self.seconds.index]

    def table(self, metric: str) -> pd.DataFrame:
        """One metric with a row a gene and a column a method."""
        chosen = self.scores[self.scores["metric"] == metric]
        wide = chosen.pivot_table(
            index="gene",
            columns="method",
            values="value",
            sort=False,
            dropna=False,
            observed=True,
        )
        return wide[self.methods]

    def summary(self) -> pd.DataFrame:
        """Medians over genes: a row a method, a column a metric.

        ``METRIC`` is over all scored genes, ``METRIC_top`` over the highest ones;
        genes without a value are left out. The last column is ``seconds``.
        """
        by_method = ["method", "metric"]
        everywhere = self._medians(self.scores)
        highest = self._medians(self.scores[self.scores["top"]]).add_suffix("_top")
        both = everywhere.join(highest)
        metrics = pd.unique(self.scores[by_method[1]])
        ordered = [name for metric in metrics for name in (metric, f"{metric}_top")]
        return both.loc[self.methods, ordered].assign(seconds=self.seconds)

    def _medians(self, scores: pd.DataFrame) -> pd.DataFrame:
        medians = scores.groupby(["method", "metric"], observed=True)["value"].median()
        return medians.unstack("metric")
