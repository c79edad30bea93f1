"""Job: methods tested on hidden spots of a section."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from napari_stentrans.config import RunConfig
from napari_stentrans.gui.jobs.tasks import ADVICE
from napari_stentrans.gui.jobs.workers import surfaced
from napari_stentrans.gui.state.runs import MethodScore, MethodTest
from napari_stentrans.progress import Progress, Steps
from napari_stentrans.section.section import Section

if TYPE_CHECKING:
    from napari_stentrans.evaluation import EvaluationReport

_COMPARED = ("linear", "gaussian", "kriging")
"""Quick, and what a method has to beat."""


@partial(surfaced, advice=ADVICE)
def comparing(section: Section, config: RunConfig, task: str) -> Steps[MethodTest]:
    """Hide spots, predict them with simple methods and with the one that is set up."""
    from napari_stentrans.evaluation import evaluation_steps, plan_evaluation

    yield Progress("Hiding spots", 0, 1)
    methods = list(dict.fromkeys([*_COMPARED, config.method]))
    plan = plan_evaluation(section, methods, task, config.seed)
    report = yield from evaluation_steps(plan, config)
    return _summed_up(report, task)


def _summed_up(report: EvaluationReport, task: str) -> MethodTest:
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
    n_genes = int(report.scores["gene"].nunique())
    return MethodTest(task, int(report.runs["spots_scored"].iloc[0]), n_genes, scores)
