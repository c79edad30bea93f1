"""Collects what methods scored, trial by trial, into one report."""

from __future__ import annotations

from typing import Any

import pandas as pd

from napari_stentrans.evaluation.picture import Picture
from napari_stentrans.evaluation.plan import Plan
from napari_stentrans.evaluation.report import EvaluationReport, RunKey
from napari_stentrans.evaluation.resources import Meter
from napari_stentrans.evaluation.scoring import Scores
from napari_stentrans.evaluation.tasks import Trial
from napari_stentrans.section.lattice import FloatArray

_MEGABYTE = 1e6


class Results:
    """The report of a plan while it grows."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._scores: list[pd.DataFrame] = []
        self._ceilings: list[pd.DataFrame] = []
        self._distances: list[pd.DataFrame] = []
        self._runs: list[dict[str, Any]] = []
        self._failures: list[dict[str, Any]] = []
        self._pictures: list[Picture] = []
        self._replicates: dict[RunKey, dict[str, FloatArray]] = {}

    def add_trial(self, trial: Trial, ceilings: pd.DataFrame) -> None:
        """Begin a trial."""
        self._ceilings.append(_keyed(ceilings, trial))
        plan = self._plan
        if len(plan.pictured) and trial.seed == plan.seeds[0]:
            self._pictures.append(Picture.of(trial, plan.pictured))

    def add(self, trial: Trial, method: str, scores: Scores, meter: Meter) -> None:
        """Add a method to the trial that was begun last."""
        self._scores.append(_keyed(scores.by_gene, trial, method))
        self._distances.append(_keyed(scores.by_distance, trial, method))
        self._replicates[str(trial.task), trial.seed, method] = scores.replicates
        self._runs.append(
            {
                "task": str(trial.task),
                "seed": trial.seed,
                "method": method,
                "spots_seen": trial.reduced.n_spots,
                "spots_scored": len(trial.scored),
                "seconds": meter.seconds,
                "peak_memory_mb": meter.peak_bytes / _MEGABYTE,
            }
        )
        if len(scores.pictured.T) and trial.seed == self._plan.seeds[0]:
            self._pictures[-1].predicted[method] = scores.pictured

    def add_failure(self, trial: Trial, method: str, error: Exception) -> None:
        """Write down that a method cannot handle this section."""
        key = {"task": str(trial.task), "seed": trial.seed, "method": method}
        self._failures.append(key | {"reason": str(error)})

    def report(self) -> EvaluationReport:
        """Return what was collected."""
        keys = ["task", "seed", "method"]
        runs = pd.DataFrame(self._runs, columns=None if self._runs else keys)
        return EvaluationReport(
            section=self._plan.section,
            protocol=self._plan.protocol,
            scores=_joined(self._scores),
            ceilings=_joined(self._ceilings),
            distances=_joined(self._distances),
            runs=runs,
            failures=pd.DataFrame(self._failures, columns=[*keys, "reason"]),
            replicates=self._replicates,
            pictures=self._pictures,
        )


def _keyed(table: pd.DataFrame, trial: Trial, method: str | None = None) -> Any:
    """Say in the first columns which run a table is of."""
    keyed = table.copy()
    if method is not None:
        keyed.insert(0, "method", method)
    keyed.insert(0, "seed", trial.seed)
    keyed.insert(0, "task", str(trial.task))
    return keyed


def _joined(tables: list[pd.DataFrame]) -> pd.DataFrame:
    """Put tables below each other; names that repeat are stored once."""
    if not tables:
        return pd.DataFrame()
    whole = pd.concat(tables, ignore_index=True)
    for column in ("task", "method", "gene"):
        if column in whole:
            names = pd.unique(whole[column])
            whole[column] = pd.Categorical(whole[column], categories=names)
    return whole
