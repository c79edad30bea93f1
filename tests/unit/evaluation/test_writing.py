"""Reports as files: the ending says what is written."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from napari_stentrans.datasets import simulated_section
from napari_stentrans.errors import InvalidRequestError
from napari_stentrans.evaluation import EvaluationReport, evaluate

FIRST_BYTES = {".png": b"\x89PNG", ".pdf": b"%PDF", ".svg": b"<?xml"}


@pytest.fixture(scope="module")
def report() -> EvaluationReport:
    section = simulated_section(n_rows=16, n_cols=16, n_genes=40, seed=5).section
    return evaluate(section, ["nearest", "linear"], "dropout", [0, 1])


@pytest.mark.parametrize("ending", FIRST_BYTES)
def test_a_figure(report: EvaluationReport, tmp_path: Path, ending: str) -> None:
    path = report.save(tmp_path / f"scores{ending}")
    assert path.read_bytes().startswith(FIRST_BYTES[ending])
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("ending", [".csv", ".csv.gz"])
def test_a_table_of_every_gene(
    report: EvaluationReport, tmp_path: Path, ending: str
) -> None:
    table = pd.read_csv(report.save(tmp_path / f"scores{ending}"))
    assert len(table) == len(report.scores)
    assert {"gene", "method", "seed", "pearson", "ceiling"} <= {*table.columns}
    assert set(table["section"]) == {report.section.name}  # tables are put together


def test_a_summary(report: EvaluationReport, tmp_path: Path) -> None:
    facts = json.loads(report.save(str(tmp_path / "scores.json")).read_text())
    assert facts["methods"] == ["nearest", "linear"]
    assert facts["comparisons"]


def test_another_ending_is_refused_with_what_there_is(
    report: EvaluationReport, tmp_path: Path
) -> None:
    with pytest.raises(InvalidRequestError, match=r"NAME\.csv"):
        report.save(tmp_path / "scores.xlsx")
    with pytest.raises(InvalidRequestError, match="no folder"):
        report.save(tmp_path / "nowhere" / "scores.csv")
    assert list(tmp_path.iterdir()) == []


def test_what_was_read_is_never_written_to(
    report: EvaluationReport, tmp_path: Path
) -> None:
    table = tmp_path / "counts.csv"
    table.write_text("precious")
    of_file = replace(report, section=replace(report.section, source=str(table)))
    with pytest.raises(InvalidRequestError):
        of_file.save(table)
    assert table.read_text() == "precious"
