"""Jobs: methods tested on hidden spots of a section, and the report of a test saved."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING

from napari_stentrans.config import RunConfig
from napari_stentrans.gui.jobs.tasks import ADVICE
from napari_stentrans.gui.jobs.workers import surfaced
from napari_stentrans.gui.state.runs import Lead, MethodScore, MethodTest
from napari_stentrans.progress import Progress, Steps
from napari_stentrans.section.section import Section

if TYPE_CHECKING:
    import pandas as pd

    from napari_stentrans.evaluation import EvaluationReport

_COMPARED = ("linear", "gaussian", "kriging")
"""Quick, and what a method has to beat."""
_COMPARED_AT_SPOTS = ("raw", "pca20", "kriging")
"""The same for measured spots, which nobody interpolates."""
_PICTURED = 2
"""Genes in a figure of which none was asked for."""
_STATISTICS = {"raw": "pearson", "log": "pearson_log_top"}
"""What the scores are called in reports."""


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
        Genes whose predictions are kept for a figure; two telling ones, if not given.
    """
    from napari_stentrans.evaluation import Task, evaluation_steps, plan_evaluation
    from napari_stentrans.figures import telling_genes

    yield Progress("Hiding spots", 0, 1)
    simple = _COMPARED_AT_SPOTS if task == Task.DENOISE else _COMPARED
    methods = list(dict.fromkeys([*simple, config.method]))
    seeds = [config.seed + repeat for repeat in range(n_repeats)]
    genes = pictured or telling_genes(section, _PICTURED)
    plan = plan_evaluation(section, methods, task, seeds, genes=genes)
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
            method=str(name),
            raw=float(row[_STATISTICS["raw"]]),
            log=float(row[_STATISTICS["log"]]),
            share=float(row["share"]),
            coverage=float(row["coverage"]),
            seconds=float(row["seconds"]),
        )
        for name, row in summary.iterrows()
    )
    return MethodTest(
        task=task,
        method=method,
        n_hidden=round(report.runs["spots_scored"].mean()),
        n_genes=int(report.scores["gene"].nunique()),
        n_repeats=len(report.seeds),
        scores=scores,
        leads=_leads(report, summary, method),
        report=report,
    )


def _leads(
    report: EvaluationReport, summary: pd.DataFrame, method: str
) -> dict[str, Lead]:
    """How far a method is ahead of the best other one, by each score."""
    rows = report.comparisons(method).to_dict("records")
    pairs = {(row["statistic"], row["against"]): row for row in rows}
    found = {}
    for score, statistic in _STATISTICS.items():
        others = summary[statistic].drop(method).dropna()
        if others.empty:
            continue
        against = str(others.idxmax())
        pair = pairs[statistic, against]
        if isfinite(pair["difference"]):
            found[score] = Lead(against, pair["difference"], pair["low"], pair["high"])
    return found
