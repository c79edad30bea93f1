"""A report as data for other programs: JSON-able facts, and a table a gene."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from napari_stentrans.evaluation.report import EvaluationReport


def record(report: EvaluationReport, *, replicates: bool = False) -> dict[str, Any]:
    """Everything but the scores of single genes, JSON-able; unknown values are None.

    With ``replicates``, the bootstrap replicates of each run as well: reports of one
    section that were computed apart can then still be compared.
    """
    section = report.section
    whole: dict[str, Any] = {
        "section": {
            "name": section.name,
            "fingerprint": section.fingerprint,
            "spots": section.n_spots,
            "genes": section.n_genes,
            "lattice": str(section.lattice.kind),
        },
        "protocol": str(report.protocol),
        "protocol_meaning": report.protocol.meaning,
        "genes_scored": int(report.ceilings["gene"].nunique()),
        "tasks": report.tasks,
        "seeds": report.seeds,
        "methods": report.methods,
        "summary": _rows(report.summary().reset_index()),
        "by_seed": _rows(report.by_seed().reset_index()),
        "quartiles": _rows(report.quartiles().reset_index()),
        "comparisons": _rows(report.all_comparisons()),
        "distances": _rows(report.distances),
        "runs": _rows(report.runs),
        "failures": _rows(report.failures),
        "notes": list(report.notes),
    }
    if replicates:
        whole["replicates"] = [
            {"task": task, "seed": seed, "method": method}
            | {
                name: [_known(v) for v in values.tolist()]
                for name, values in of.items()
            }
            for (task, seed, method), of in report.replicates.items()
        ]
    return whole


def per_gene(report: EvaluationReport) -> pd.DataFrame:
    """A row a task, seed, method and gene: every score, beside the noise ceilings."""
    keys = ["task", "seed", "gene"]
    plain = {"task": str, "gene": str}
    ceilings = report.ceilings.drop(columns="top").astype(plain)
    joined = report.scores.astype(plain).merge(ceilings, on=keys, how="left")
    joined.insert(0, "section", report.section.name)
    return joined


def _rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [
        {str(name): _known(value) for name, value in row.items()}
        for row in table.to_dict("records")
    ]


def _known(value: Any) -> Any:
    """Return a plain value, rounded to six digits; None if it is not a number."""
    if isinstance(value, float):
        return float(f"{value:.6g}") if math.isfinite(value) else None
    return value
