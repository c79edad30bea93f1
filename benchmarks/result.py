"""What is kept of one run: all that the report of a benchmark needs, in few bytes."""

from __future__ import annotations

from typing import Any

from napari_stentrans.evaluation import EvaluationReport, record

COMPARED = ("pearson", "pearson_log_top")
"""Scores whose differences get intervals, and whose replicates are therefore kept."""
SPREAD = {"pearson": ("pearson", "all"), "pearson_log_top": ("pearson_log", "top")}
"""Scores whose quartiles over genes are kept: by column, the metric and the genes."""
_DIGITS = 4


def compact(report: EvaluationReport) -> dict[str, Any]:
    """Return the scores of a report of one method, task and seed, JSON-able.

    Scores as in `EvaluationReport.by_seed`, the error by distance, and the bootstrap
    replicates of `COMPARED`, rounded to `_DIGITS` decimals (their spread is hundreds of
    times as much). Besides, as ``COLUMN_lower`` and ``COLUMN_upper``, the quartiles of
    `SPREAD`.
    """
    whole = record(report, replicates=True)
    (scores,), (replicates,) = whole["by_seed"], whole["replicates"]
    rounded = {
        name: [None if r is None else round(r, _DIGITS) for r in replicates[name]]
        for name in COMPARED
    }
    quartiles = {(of["metric"], of["genes"]): of for of in whole["quartiles"]}
    for column, of in SPREAD.items():
        scores |= {f"{column}_{end}": quartiles[of][end] for end in ("lower", "upper")}
    return {
        "scores": scores,
        "distances": whole["distances"],
        "replicates": rounded,
    }
