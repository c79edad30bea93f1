"""Honest scores: hide what was measured, predict it, compare."""

from __future__ import annotations

from napari_stentrans.evaluation.figure import evaluation_figure
from napari_stentrans.evaluation.holdout import HoldOut, hold_out
from napari_stentrans.evaluation.plan import Plan, plan_evaluation
from napari_stentrans.evaluation.record import per_gene, record
from napari_stentrans.evaluation.report import EvaluationReport
from napari_stentrans.evaluation.run import evaluate, evaluation_steps
from napari_stentrans.evaluation.scoring import METRICS
from napari_stentrans.evaluation.tasks import Protocol, Task, Trial
from napari_stentrans.evaluation.thinning import CountSplit, split_counts

__all__ = [
    "METRICS",
    "CountSplit",
    "EvaluationReport",
    "HoldOut",
    "Plan",
    "Protocol",
    "Task",
    "Trial",
    "evaluate",
    "evaluation_figure",
    "evaluation_steps",
    "hold_out",
    "per_gene",
    "plan_evaluation",
    "record",
    "split_counts",
]
