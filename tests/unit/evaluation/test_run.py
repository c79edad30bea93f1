"""Evaluation end to end, with methods whose scores are known beforehand."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from napari_stentrans.config import RunConfig
from napari_stentrans.datasets import simulated_section
from napari_stentrans.errors import InvalidRequestError
from napari_stentrans.evaluation import evaluate, hold_out, run
from napari_stentrans.evaluation.report import EvaluationReport
from napari_stentrans.io import read_section
from napari_stentrans.methods.base import Enhancer, ExpressionField, Fitted, Prediction
from napari_stentrans.progress import Progress
from napari_stentrans.section.missing import match_positions
from napari_stentrans.section.section import Section


@dataclass(eq=False)
class Known(Fitted, ExpressionField, Enhancer):
    """Predicts what it is told; remembers what it was shown."""

    mean: np.ndarray
    whole: Section
    name = "known"
    summary = ""
    rows: np.ndarray | None = None

    @property
    def n_positions(self):
        return len(self.rows)

    def read(self, genes):
        mean = self.mean[self.rows][:, genes]
        return Prediction(mean, np.ones_like(mean))

    def field_steps(self, array_rc):
        yield Progress("known", 0, 1)
        self.rows = match_positions(self.whole, array_rc)
        return self

    spot_field_steps = field_steps

    def fit_steps(self, section, config):
        yield Progress("known", 0, 1)
        self.section, self.config = section, config
        return self


@pytest.fixture(scope="module")
def section() -> Section:
    return simulated_section(n_rows=16, n_cols=16, n_genes=60, seed=5).section


@pytest.fixture
def method(monkeypatch, section):
    """Register methods by their predictions, shape (spot, gene)."""
    made: dict[str, Known] = {}

    def register(**means: np.ndarray) -> dict[str, Known]:
        made.update({name: Known(mean, section) for name, mean in means.items()})
        return made

    monkeypatch.setattr(run, "get_method", made.__getitem__)
    return register


def test_truth_scores_one_and_the_mean_nothing(method, section):
    counts = section.counts.toarray()
    method(truth=counts, mean=np.broadcast_to(counts.mean(0), counts.shape))
    summary = evaluate(section, ["truth", "mean"]).summary()
    for metric in ("pearson", "pearson_log", "spearman", "ssim"):
        assert summary.loc["truth", metric] == pytest.approx(1)
    for metric in ("pearson", "pearson_log", "spearman"):
        assert summary.loc["mean", metric] == 0
    assert summary.loc["truth", "coverage"] == 1


def test_log_score_takes_the_predicted_library_over_all_genes(method, section):
    """A prediction wrong by a factor a spot is right once libraries are taken out."""
    counts = section.counts.toarray()
    factor = np.random.default_rng(0).lognormal(0, 1, (section.n_spots, 1))
    method(scaled=counts * factor)
    summary = evaluate(section, ["scaled"], "region").summary()
    assert summary.loc["scaled", "pearson_log"] == pytest.approx(1, abs=1e-6)
    assert summary.loc["scaled", "pearson"] < 0.9


def test_method_sees_the_reduced_section_alone(method, section):
    made = method(truth=section.counts.toarray())
    config = RunConfig(seed=7)
    report = evaluate(section, ["truth"], "dropout", seed=2, config=config)
    held_out = hold_out(section, "dropout", 2)
    assert list(made["truth"].section.barcodes) == list(held_out.reduced.barcodes)
    assert made["truth"].config.seed == 7
    np.testing.assert_array_equal(report.hold_out.hidden, held_out.hidden)


def test_scores_are_tidy_and_of_detected_genes(method, section):
    method(truth=section.counts.toarray())
    report = evaluate(section, ["truth"])
    detected = section.detected_in > 0.1 * section.n_spots
    assert set(report.scores["gene"]) == set(section.genes[detected])
    assert list(report.scores) == ["gene", "top", "method", "metric", "value"]
    assert not report.scores.duplicated(["gene", "method", "metric"]).any()
    assert report.seconds["truth"] >= 0


def test_top_genes_are_the_highest(monkeypatch, section):
    monkeypatch.setattr(run, "TOP_GENES", 7)
    genes = run.scored_genes(section)
    totals = np.asarray(section.counts.sum(axis=0)).ravel()
    top = genes.columns[genes.top]
    assert len(top) == 7
    assert totals[top].min() >= np.sort(totals)[-7]


def test_nothing_to_score_is_told(section):
    empty = section.with_counts(section.counts * 0)
    empty.counts.eliminate_zeros()
    with pytest.raises(InvalidRequestError, match="too sparse"):
        evaluate(empty, ["nearest"])


def test_unknown_method_names_those_there_are(section):
    with pytest.raises(InvalidRequestError, match="linear"):
        evaluate(section, ["magic"])


def test_classical_methods_beat_the_mean_and_the_nearest_spot(section):
    report = evaluate(section, ["nearest", "linear", "cubic", "gaussian"], seed=1)
    summary = report.summary()
    assert report.methods == ["nearest", "linear", "cubic", "gaussian"]
    scores = summary["pearson_top"]
    assert 0.1 < scores["nearest"] < min(scores["linear"], scores["gaussian"])
    assert list(report.table("pearson")) == report.methods


def test_progress_is_reported_and_names_the_method(section):
    phases = []
    evaluate(section, ["linear"], on_progress=lambda p: phases.append(p.phase))
    assert "Scoring linear" in phases


def test_summary_is_medians_without_genes_that_have_no_value(section):
    rows = [
        ("a", True, "m", "pearson", 0.1),
        ("b", False, "m", "pearson", 0.5),
        ("c", False, "m", "pearson", 0.9),
        ("d", False, "m", "pearson", np.nan),
    ]
    columns = ["gene", "top", "method", "metric", "value"]
    report = EvaluationReport(
        scores=pd.DataFrame(rows, columns=columns),
        seconds=pd.Series({"m": 2.0}),
        hold_out=hold_out(section, "dropout"),
    )
    summary = report.summary()
    assert summary.loc["m"].to_dict() == {
        "pearson": 0.5,
        "pearson_top": 0.1,
        "seconds": 2.0,
    }
    assert (
        report.table("pearson").loc["d", "m"] != report.table("pearson").loc["a", "m"]
    )


def test_figures_of_the_melanoma_section(shared_data):
    """Medians over genes that an independent study found for the same task."""
    section = read_section(shared_data / "mel1_rep1")
    report = evaluate(section, ["linear", "cubic", "gaussian"], "upsample")
    assert len(report.hold_out.visible) == 66
    found = report.summary()["pearson"]
    assert found["linear"] == pytest.approx(0.097, abs=0.015)
    assert found["cubic"] == pytest.approx(0.094, abs=0.015)
    assert found["gaussian"] == pytest.approx(0.127, abs=0.02)
