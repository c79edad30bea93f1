"""Jobs: methods tested on hidden spots of a section, and the report of a test saved."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING

from napari_stentrans.config import RunConfig
from napari_stentrans.gui.jobs.tasks import ADVICE
from napari_stentrans.gui.jobs.workers import surfaced
from napari_stentrans.gui.state.runs import Difference, Lead, MethodScore, MethodTest
from napari_stentrans.progress import Progress, Steps
from napari_stentrans.section.section import Section

if TYPE_CHECKING:
    import pandas as pd

    from napari_stentrans.evaluation import EvaluationReport

_COMPARED = ("linear", "gaussian", "kriging")
"""Quick, and what a method has to beat."""
_COMPARED_AT_SPOTS = ("raw", "pca20", "kriging")
"""The same for measured spots, which nobody interpolates."""


@partial(surfaced, advice=ADVICE)
def comparing(
    section: Section,
    config: RunConfig,
    task: str,
    n_repeats: int = 1,
    pictured: Sequence[str] = (),
) -> Steps[MethodTest]:
    """Hide spots, predict them with simple methods and with the one that is set up.

    Parameters
    ----------
    section, config
        What is tested, and the method that is.
    task
        One of `evaluation.Task`.
    n_repeats
        How often spots are chosen; scores are averaged.
    pictured
        Genes whose predictions are kept for a figure.
    """
    from napari_stentrans.evaluation import Task, evaluation_steps, plan_evaluation

    yield Progress("Hiding spots", 0, 1)
    simple = _COMPARED_AT_SPOTS if task == Task.DENOISE else _COMPARED
    methods = list(dict.fromkeys([*simple, config.method]))
    seeds = [config.seed + repeat for repeat in range(n_repeats)]
    plan = plan_evaluation(section, methods, task, seeds, genes=pictured)
    own_seed_apart = config.model_copy(update={"seed": 0})  # is added to each
    report = yield from evaluation_steps(plan, own_seed_apart)
    return _summed_up(report, task, config.method)


def saving_scores(report: EvaluationReport, path: Path) -> Steps[Path]:
    """Write what a test found; returns the path."""
    yield Progress("Saving", 0, 1)
    return report.save(path)


def _summed_up(report: EvaluationReport, task: str, method: str) -> MethodTest:
    summary = report.summary(task)
    scores = tuple(
        MethodScore(
            method=str(method),
            raw=float(row["pearson"]),
            log=float(row["pearson_log_top"]),
            share=float(row["share"]),
            coverage=float(row["coverage"]),
            seconds=float(row["seconds"]),
        )
        for method, row in summary.iterrows()
    )
    return MethodTest(
        task,
        int(report.runs["spots_scored"].iloc[0]),
        int(report.scores["gene"].nunique()),
        scores,
        len(report.seeds),
        _lead(report, summary["pearson"], method),
        report,
    )


def _lead(report: EvaluationReport, raw: pd.Series, method: str) -> Lead:
    """How far a method is ahead of the best of the others."""
    against = str(raw.drop(method).fillna(-inf).idxmax())
    pairs = report.comparisons(method)
    of = pairs[pairs["against"] == against].set_index("statistic")
    columns = ["difference", "low", "high"]
    found = of.loc[["pearson", "pearson_log_top"], columns].to_numpy(float)
    return Lead(method, against, *(Difference(*row) for row in found.tolist()))
