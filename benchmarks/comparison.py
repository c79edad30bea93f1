"""Figures of a benchmark, averaged and compared. Knows nothing about markdown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from napari_stentrans.evaluation.bootstrap import compared, over_seeds
from napari_stentrans.evaluation.scoring import STATISTICS

CLASSICAL = ("nearest", "linear", "cubic", "gaussian", "published", "dist")
"""What the best of is to be beaten by far."""
HIDING = ("upsample", "dropout", "region")
_KEYS = ["protocol", "section", "task", "method"]


@dataclass(frozen=True)
class Ratio:
    """How many times better: of averages over sections.

    Attributes
    ----------
    value
        Ratio of the averages.
    low, high
        Its 95 % interval, sections being resampled.
    worst
        The lowest ratio on a single section (and task).
    """

    value: float
    low: float
    high: float
    worst: float


def spread(values: pd.Series) -> pd.DataFrame:
    """Give each method a column; rows and columns keep their order.

    (`unstack(sort=False)` mixes up rows where a method is missing.)
    """
    wide = values.unstack("method")
    rows = values.index.droplevel("method").drop_duplicates()
    names = values.index.get_level_values("method").drop_duplicates()
    return wide.reindex(index=rows, columns=names)


class Benchmark:
    """All results of a benchmark.

    Attributes
    ----------
    runs : DataFrame
        A row a protocol, section, task, method and seed, columns as in
        `EvaluationReport.by_seed`.
    scores : DataFrame
        The same averaged over seeds: index protocol, section, task, method.
    distances : DataFrame
        Errors by distance to the nearest visible spot, of the held-out protocol.
    failures : DataFrame
        A row a run that was not possible, with the reason.
    """

    def __init__(self, results: list[dict[str, Any]]) -> None:
        rows, distances, failures = [], [], []
        self._replicates: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
        for result in results:
            facts = {key: result["facts"][key] for key in [*_KEYS, "seed"]}
            if "failure" in result:
                failures.append(facts | {"reason": result["failure"]})
                continue
            found = result["record"]
            rows.append({**found["by_seed"][0], **facts})
            distances += [{**row, **facts} for row in found["distances"]]
            key = tuple(facts[name] for name in _KEYS)
            self._replicates.setdefault(key, []).append(found["replicates"][0])
        self.runs = pd.DataFrame(rows, columns=None if rows else [*_KEYS, "seed"])
        self.scores = self.runs.groupby(_KEYS, sort=False).mean(numeric_only=True)
        self.distances = pd.DataFrame(distances)
        self.failures = pd.DataFrame(failures, columns=[*_KEYS, "seed", "reason"])

    @property
    def methods(self) -> list[str]:
        """Names of the methods, in the order of their runs."""
        return [str(name) for name in pd.unique(self.runs["method"])]

    @property
    def tasks(self) -> list[str]:
        """Names of the tasks."""
        return [str(name) for name in pd.unique(self.runs["task"])]

    def wide(
        self, column: str, tasks: tuple[str, ...], protocol: str = "held-out"
    ) -> pd.DataFrame:
        """One score: index section and task, a column a method; NaN where none."""
        level = self.scores.index.get_level_values
        chosen = (level("protocol") == protocol) & level("task").isin(tasks)
        wide = spread(self.scores.loc[chosen, column].droplevel("protocol"))
        present = [name for name in self.methods if name in wide]
        return wide[present].dropna(axis="columns", how="all")

    def ratio(
        self, ours: pd.Series, theirs: pd.Series, n_replicates: int = 2000
    ) -> Ratio | None:
        """Compare two columns of `wide` where both are known.

        Sections are resampled, each with all of its tasks: they are what a new tissue
        would be one more of.
        """
        both = pd.DataFrame({"ours": ours, "theirs": theirs}).dropna()
        if both.empty or both["theirs"].mean() <= 0:
            return None
        single = (both["ours"] / both["theirs"].where(both["theirs"] > 0)).dropna()
        sums = both.groupby("section", sort=False).sum().to_numpy()
        low = high = float("nan")
        if len(sums) > 2:
            rng = np.random.default_rng(0)
            drawn = rng.integers(len(sums), size=(n_replicates, len(sums)))
            totals = sums[drawn].sum(axis=1)
            ratios = totals[:, 0] / np.where(totals[:, 1] > 0, totals[:, 1], np.nan)
            low, high = (float(q) for q in np.nanquantile(ratios, [0.025, 0.975]))
        return Ratio(
            value=float(both["ours"].mean() / both["theirs"].mean()),
            low=low,
            high=high,
            worst=float(single.min()),
        )

    def best_classical(self, wide: pd.DataFrame) -> pd.Series:
        """Return the best classical method of each row of `wide`, chosen afterwards."""
        return wide[[name for name in CLASSICAL if name in wide]].max(axis=1)

    def paired(self, method: str, other: str) -> pd.DataFrame:
        """Differences on each section and task, with intervals within the section."""
        rows = []
        for protocol, section, task, name in self._replicates:
            pair = [(protocol, section, task, of) for of in (method, other)]
            known = all(key in self._replicates for key in pair)
            if name != method or protocol != "held-out" or not known:
                continue
            for statistic in STATISTICS:
                values = [float(self.scores.loc[key, statistic]) for key in pair]
                drawn = [self._drawn(key, statistic) for key in pair]
                figures = compared(*values, *drawn)
                row = {"section": section, "task": task, "statistic": statistic}
                rows.append(row | figures)
        return pd.DataFrame(rows)

    def _drawn(self, key: tuple[Any, ...], statistic: str) -> np.ndarray:
        by_seed = [found[statistic] for found in self._replicates[key]]
        return over_seeds(np.array(by_seed, dtype=np.float64))
