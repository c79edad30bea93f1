"""Figures of a benchmark, averaged and compared. Knows nothing about markdown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from result import COMPARED

from napari_stentrans.evaluation.bootstrap import compared, over_seeds

CLASSICAL = ("nearest", "linear", "cubic", "gaussian")
NETWORKS = ("published", "dist")
"""Trained for each section, which takes long: they may have fewer seeds than others."""
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
    worst_at
        Where that is: section and task.
    """

    value: float
    low: float
    high: float
    worst: float
    worst_at: tuple[str, str]


def spread(values: pd.Series) -> pd.DataFrame:
    """Give each method a column; rows and columns keep their order.

    (`unstack(sort=False)` mixes up rows where a method is missing.)
    """
    wide = values.unstack("method")
    rows = values.index.droplevel("method").drop_duplicates()
    names = values.index.get_level_values("method").drop_duplicates()
    return wide.reindex(index=rows, columns=names)


def with_whole_seeds(results: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Leave out runs of seeds that a method has not had on all of its sections.

    Else one section would count with more seeds than another.
    """
    had: dict[tuple[str, ...], dict[str, set[int]]] = {}
    for facts in (result["facts"] for result in results):
        of = had.setdefault(_series(facts), {})
        of.setdefault(facts["section"], set()).add(facts["seed"])
    whole = {series: set.intersection(*of.values()) for series, of in had.items()}
    return [r for r in results if r["facts"]["seed"] in whole[_series(r["facts"])]]


def _series(facts: dict[str, Any]) -> tuple[str, ...]:
    """What is averaged over sections."""
    return facts["protocol"], facts["task"], facts["method"]


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
        self._replicates: dict[tuple[Any, ...], dict[int, dict[str, Any]]] = {}
        for result in results:
            facts = {key: result["facts"][key] for key in [*_KEYS, "seed"]}
            if "failure" in result:
                failures.append(facts | {"reason": result["failure"]})
                continue
            rows.append({**result["scores"], **facts})
            distances += [{**row, **facts} for row in result["distances"]]
            key = tuple(facts[name] for name in _KEYS)
            by_seed = self._replicates.setdefault(key, {})
            by_seed[int(facts["seed"])] = result["replicates"]
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

    def seeds(
        self, method: str | None = None, tasks: Sequence[str] | None = None
    ) -> tuple[int, ...]:
        """Return the seeds of all methods, or those of one on each of its tasks."""
        runs = self.runs[self.runs["protocol"] == "held-out"]
        if tasks is not None:
            runs = runs[runs["task"].isin(tasks)]
        if method is None:
            return tuple(sorted({int(seed) for seed in runs["seed"]}))
        runs = runs[runs["method"] == method]
        by_task = [set(each["seed"]) for _, each in runs.groupby("task")]
        shared = set.intersection(*by_task) if by_task else set()
        return tuple(sorted(int(seed) for seed in shared))

    def shared_seeds(self, task: str, methods: Sequence[str]) -> tuple[int, ...]:
        """Return the seeds that several methods have on a task."""
        having = [set(self.seeds(name, (task,))) for name in methods]
        return tuple(sorted(set.intersection(*having)))

    def together(
        self, column: str, tasks: Sequence[str], methods: Sequence[str]
    ) -> pd.DataFrame:
        """One score of several methods, averaged over the seeds that all of them have.

        Index section and task, a column a method. Seeds hide other spots, so that
        methods may only be compared on the same ones. Where no seed is shared, there
        is no row.
        """
        runs = self.runs[self.runs["protocol"] == "held-out"]
        runs = runs[runs["task"].isin(tasks) & runs["method"].isin(methods)]
        keys = ["section", "task", "seed", "method"]
        by_seed = spread(runs.set_index(keys)[column])
        shared = by_seed.reindex(columns=list(methods)).dropna()
        return shared.groupby(["section", "task"], sort=False).mean()

    def against(
        self, column: str, tasks: Sequence[str], method: str, others: Sequence[str]
    ) -> Ratio | None:
        """Compare a method with others, on the seeds that all have.

        Of several others the best on each section and task, chosen afterwards; those
        that were not run on these tasks, and the method itself, are none of them.
        """
        rivals = [n for n in others if n != method and self.seeds(n, tasks)]
        if not rivals:
            return None
        both = self.together(column, tasks, [method, *rivals])
        return self.ratio(both[method], both[rivals].max(axis=1))

    def ceilings(self, column: str, tasks: Sequence[str]) -> pd.Series:
        """Return a ceiling of each section and task; every seed counts once."""
        runs = self.runs[self.runs["protocol"] == "held-out"]
        runs = runs[runs["task"].isin(tasks)]
        by_seed = runs.groupby(["section", "task", "seed"], sort=False)[column].mean()
        return by_seed.groupby(["section", "task"], sort=False).mean()

    def ratio(
        self, ours: pd.Series, theirs: pd.Series, n_replicates: int = 2000
    ) -> Ratio | None:
        """Compare two columns of `together` where both are known.

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
            worst_at=single.index[int(single.argmin())],
        )

    def paired(self, method: str, other: str) -> pd.DataFrame:
        """Differences on each section and task, with intervals within the section.

        On the seeds that both have.
        """
        pair = (method, other)
        scores = {name: self.together(name, self.tasks, pair) for name in COMPARED}
        rows = []
        for (protocol, section, task, name), ours in self._replicates.items():
            theirs = self._replicates.get((protocol, section, task, other), {})
            seeds = [seed for seed in ours if seed in theirs]
            if name != method or protocol != "held-out" or not seeds:
                continue
            for statistic in COMPARED:
                values = scores[statistic].loc[(section, task)]
                drawn = [_drawn(of, seeds, statistic) for of in (ours, theirs)]
                figures = compared(float(values[method]), float(values[other]), *drawn)
                row = {"section": section, "task": task, "statistic": statistic}
                rows.append(row | figures)
        return pd.DataFrame(rows)


def _drawn(
    replicates: dict[int, dict[str, Any]], seeds: list[int], statistic: str
) -> np.ndarray:
    by_seed = [replicates[seed][statistic] for seed in seeds]
    return over_seeds(np.array(by_seed, dtype=np.float64))
