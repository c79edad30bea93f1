"""Honest scores: hide measured spots, predict them, compare."""

from __future__ import annotations

from napari_stentrans.evaluation.holdout import HoldOut, Task, hold_out
from napari_stentrans.evaluation.report import EvaluationReport
from napari_stentrans.evaluation.run import evaluate, evaluation_steps

__all__ = [
    "EvaluationReport",
    "HoldOut",
    "Task",
    "evaluate",
    "evaluation_steps",
    "hold_out",
]
