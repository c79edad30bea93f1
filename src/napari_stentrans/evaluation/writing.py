"""A report to a file: what is written is told by the ending of the name."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from napari_stentrans.evaluation.figure import evaluation_figure
from napari_stentrans.evaluation.record import per_gene, record
from napari_stentrans.evaluation.report import EvaluationReport
from napari_stentrans.io.files.endings import ending_among

Writer = Callable[[EvaluationReport, Path], None]

_DPI = 120


def writer_of(path: Path) -> Writer:
    """Return what writes a report, to any path, as the ending of this one says.

    Raises
    ------
    InvalidRequestError
        If the ending says nothing that is known.
    """
    return _WRITERS[ending_among(path, _WRITERS, _TOLD)]


def _json(report: EvaluationReport, path: Path) -> None:
    path.write_text(json.dumps(record(report), indent=1) + "\n", encoding="utf-8")


def _csv(report: EvaluationReport, path: Path) -> None:
    per_gene(report).to_csv(path, index=False)


def _figure(report: EvaluationReport, path: Path) -> None:
    evaluation_figure(report).savefig(path, dpi=_DPI)


_WRITERS: dict[str, Writer] = {
    ".json": _json,
    **dict.fromkeys((".csv", ".csv.gz"), _csv),
    **dict.fromkeys((".png", ".pdf", ".svg"), _figure),
}
_TOLD = {
    ".json": "summary, for programs",
    ".csv": "table of every gene; also .csv.gz",
    ".png": "figure; also .pdf, .svg",
}
