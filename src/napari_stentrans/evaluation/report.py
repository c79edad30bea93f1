"""The scores of an evaluation, as tables. Knows nothing about how they came.

Medians are taken over genes within each trial, then averaged over seeds.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import combinations, product
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from napari_stentrans.errors import InvalidRequestError
from napari_stentrans.evaluation.bootstrap import compared, over_seeds
from napari_stentrans.evaluation.picture import Picture
from napari_stentrans.evaluation.scoring import METRICS, STATISTICS
from napari_stentrans.evaluation.tasks import Protocol
from napari_stentrans.io.files.home import at_home
from napari_stentrans.io.files.replacing import replacing
from napari_stentrans.section.lattice import FloatArray
from napari_stentrans.section.section import Section
from napari_stentrans.wording import counted

RunKey: TypeAlias = tuple[str, int, str]
"""Task, seed and method."""

_RUN = ["task", "seed", "method"]
_CEILINGS = ["ceiling", "ceiling_log"]
_FEW_SPOTS = 10
"""Over fewer, chance alone gives correlations beyond 0.6 (one gene in twenty)."""
_SHARES = {"share": ("pearson", "ceiling"), "share_log": ("pearson_log", "ceiling_log")}


@dataclass(frozen=True, eq=False)
class EvaluationReport:
    """What every method scored on one section.

    Attributes
    ----------
    section
        The whole section.
    protocol
        Which spots were scored.
    scores : DataFrame
        A row a task, seed, method and gene; columns task, seed, method, gene, top
        (whether it is one of the highest), and every one of `METRICS`.
    ceilings : DataFrame
        A row a task, seed and gene: the noise ceiling of ``pearson`` and
        ``pearson_log``, columns ceiling and ceiling_log.
    distances : DataFrame
        A row a task, seed, method and distance to the nearest visible spot: how many
        spots, and their error (see `ErrorByDistance`).
    runs : DataFrame
        A row a task, seed and method: spots_seen, spots_scored, seconds to fit and to
        predict all genes, peak_memory_mb (see `Meter`).
    failures : DataFrame
        A row a task, seed and method that could not be tried, with the reason.
    replicates : dict
        Bootstrap replicates of each of `STATISTICS`, by (task, seed, method).
    pictures
        Predictions of the genes that were asked for.
    """

    section: Section
    protocol: Protocol
    scores: pd.DataFrame
    ceilings: pd.DataFrame
    distances: pd.DataFrame
    runs: pd.DataFrame
    failures: pd.DataFrame
    replicates: dict[RunKey, dict[str, FloatArray]] = field(default_factory=dict)
    pictures: list[Picture] = field(default_factory=list)

    def __repr__(self) -> str:
        return (
            f"<EvaluationReport of {self.section.name}: {', '.join(self.methods)} "
            f"({', '.join(self.tasks)}; {counted(len(self.seeds), 'seed')})>"
        )

    def save(self, path: str | Path) -> Path:
        """Write the report; the file appears once it is complete.

        Parameters
        ----------
        path
            ``.json``: all but the scores of single genes; ``.csv``, ``.csv.gz``: every
            score of every gene; ``.png``, ``.pdf``, ``.svg``: a figure.

        Raises
        ------
        InvalidRequestError
            If it has none of these endings, cannot be written there, or is a file that
            the section was read from.
        """
        from napari_stentrans.evaluation.writing import writer_of

        path = at_home(path)
        write = writer_of(path)
        with replacing(path, self.section.inputs) as scratch:
            write(self, scratch)
        return path

    @property
    def tasks(self) -> list[str]:
        """Names of the tasks, in the order they were asked for."""
        return [str(name) for name in pd.unique(self.runs["task"])]

    @property
    def seeds(self) -> list[int]:
        """The seeds, ascending."""
        return [int(seed) for seed in sorted(pd.unique(self.runs["seed"]))]

    @property
    def methods(self) -> list[str]:
        """Names of the methods, in the order they were asked for."""
        return [str(name) for name in pd.unique(self.runs["method"])]

    @property
    def notes(self) -> tuple[str, ...]:
        """What to mind about the scores: of which tasks spots are few."""
        found = []
        for task in self.tasks:
            runs = self.runs[self.runs["task"] == task]
            seen, scored = runs["spots_seen"].min(), runs["spots_scored"].min()
            if min(seen, scored) < _FEW_SPOTS:
                found.append(
                    f"few spots for the task '{task}' ({seen} seen, {scored} scored): "
                    f"with fewer than {_FEW_SPOTS} of either, scores and differences "
                    "between methods are mostly chance"
                )
        return tuple(found)

    def table(self, metric: str, task: str | None = None) -> pd.DataFrame:
        """One metric with a row a gene and a column a method, averaged over seeds.

        Of the first task, if none is named.
        """
        chosen = self.scores[self.scores["task"] == (task or self.tasks[0])]
        by_gene = chosen.groupby(["gene", "method"], observed=True, sort=False)
        wide: pd.DataFrame = by_gene[metric].mean().unstack("method")
        present = [name for name in self.methods if name in wide]
        return wide[present]

    def by_seed(self) -> pd.DataFrame:
        """Medians over genes: index task, seed, method; columns as in `summary`."""
        ceilings = self._over_genes(self.ceilings, ["task", "seed"], _CEILINGS)
        medians = self._over_genes(self.scores, _RUN, list(METRICS))
        whole = medians.join(ceilings, on=["task", "seed"])
        costs = self.runs.set_index(_RUN)[["seconds", "peak_memory_mb"]]
        return _with_shares(whole).join(costs).loc[costs.index]

    def summary(self, task: str | None = None) -> pd.DataFrame:
        """What each method scored: index task and method (of one task: method).

        ``METRIC`` is the median over all scored genes (``coverage``: the mean), and
        ``METRIC_top`` over the highest; genes without a value are left out. Then the
        median ceilings, ``seconds`` and ``peak_memory_mb``. All averaged over seeds,
        and of these averages the share of the ceiling that is reached (``share``,
        ``share_log``).

        Raises
        ------
        InvalidRequestError
            If the task was not evaluated.
        """
        by_seed = self.by_seed().groupby(["task", "method"], sort=False)
        whole = _with_shares(by_seed.mean())
        if task is None:
            return whole
        known = whole.index.unique("task")
        if task not in known:
            msg = f"{task!r} was not evaluated; there is {', '.join(map(str, known))}"
            raise InvalidRequestError(msg)
        return whole.loc[[task]].droplevel("task")

    def quartiles(self) -> pd.DataFrame:
        """Spread over genes: index task, method, metric, genes ("all" or "top").

        Columns lower, median and upper: quartiles, averaged over seeds.
        """
        found = {}
        for name, chosen in _gene_choices(self.scores):
            by_run = chosen.groupby(_RUN, observed=True, sort=False)[list(METRICS)]
            of_genes = by_run.quantile(np.array([0.25, 0.5, 0.75]))
            stacked = of_genes.stack(future_stack=True)
            stacked.index.names = [*_RUN, "quartile", "metric"]
            keys = ["task", "method", "metric", "quartile"]
            averaged = stacked.groupby(keys, observed=True, sort=False).mean()
            found[name] = averaged.unstack("quartile")
        whole = pd.concat(found, names=["genes"])
        whole.columns = pd.Index(["lower", "median", "upper"])
        return whole.reorder_levels(["task", "method", "metric", "genes"])

    def comparisons(self, method: str | None = None) -> pd.DataFrame:
        """Compare a method (the first, if none is named) with each of the others.

        A row a task, other method and statistic (one of `STATISTICS`): ``difference``
        of the medians, with its 95 % interval ``low`` to ``high`` from a bootstrap of
        squares of tissue and of seeds, ``ratio`` likewise, and ``genes_better``, the
        share of genes on which the method is ahead (described, not tested: genes are
        no independent witnesses). All on the seeds that both methods could be tried on.
        """
        first = method or self.methods[0]
        others = [other for other in self.methods if other != first]
        return self._compared([(first, other) for other in others])

    def all_comparisons(self) -> pd.DataFrame:
        """`comparisons` of every two methods, each pair once."""
        return self._compared(list(combinations(self.methods, 2)))

    def _compared(self, pairs: list[tuple[str, str]]) -> pd.DataFrame:
        rows = []
        for task, (first, other) in product(self.tasks, pairs):
            shared = self._shared(task, (first, other))
            if not shared.seeds:
                continue
            medians = shared.summary(task)
            for statistic in STATISTICS:
                row: dict[str, Any] = {"task": task, "method": first}
                row |= {"against": other, "statistic": statistic}
                pair = medians.loc[[first, other], statistic]
                drawn = (shared._drawn(name, statistic) for name in (first, other))
                row |= compared(*pair, *drawn)
                better = shared._genes_better(first, other, statistic)
                rows.append(row | {"genes_better": better})
        return pd.DataFrame(rows)

    def _shared(self, task: str, methods: tuple[str, ...]) -> EvaluationReport:
        """Some methods on one task, on the seeds that all of them could be tried on."""
        seeds = [
            seed
            for seed in self.seeds
            if all((task, seed, name) in self.replicates for name in methods)
        ]

        def chosen(table: pd.DataFrame) -> pd.DataFrame:
            of_task = table[(table["task"] == task) & table["seed"].isin(seeds)]
            return of_task[of_task["method"].isin(methods)]

        runs = product((task,), seeds, methods)
        drawn = {run: self.replicates[run] for run in runs}
        return replace(
            self, scores=chosen(self.scores), runs=chosen(self.runs), replicates=drawn
        )

    def _drawn(self, method: str, statistic: str) -> FloatArray:
        """Bootstrap replicates of a method that all seeds have together."""
        of_seeds = [
            found[statistic]
            for (_, _, name), found in self.replicates.items()
            if name == method
        ]
        return over_seeds(np.stack(of_seeds))

    def _genes_better(self, first: str, other: str, statistic: str) -> float:
        wide = self.table(statistic.removesuffix("_top"))
        if statistic.endswith("_top"):
            top = self.scores.loc[self.scores["top"], "gene"]
            wide = wide[wide.index.isin(top)]
        return float((wide[first] > wide[other]).mean())

    def _over_genes(
        self, table: pd.DataFrame, by: list[str], columns: list[str]
    ) -> pd.DataFrame:
        """Medians of columns over genes, and over the highest (suffix ``_top``)."""
        found = {}
        for name, chosen in _gene_choices(table):
            groups = chosen.groupby(by, observed=True, sort=False)
            medians = groups[columns].median()
            if "coverage" in columns:
                medians["coverage"] = groups["coverage"].mean()
            found[name] = medians
        joined = found["all"].join(found["top"].add_suffix("_top"))
        ordered = [column + end for column in columns for end in ("", "_top")]
        joined = joined[ordered].reset_index()
        keys = {name: str for name in by if name != "seed"}
        return joined.astype(keys).set_index(by)


def _gene_choices(table: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    return [("all", table), ("top", table[table["top"]])]


def _with_shares(medians: pd.DataFrame) -> pd.DataFrame:
    """Medians, and which share of the ceiling's the scores reach."""
    shares = {}
    for (share, (score, ceiling)), end in product(_SHARES.items(), ("", "_top")):
        highest = medians[ceiling + end]
        shares[share + end] = medians[score + end] / highest.where(highest > 0)
    return medians.assign(**shares)
