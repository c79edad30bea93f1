"""Evaluation end to end, with methods whose scores are known beforehand."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
from scipy import sparse

from napari_stentrans.config import RunConfig
from napari_stentrans.datasets import simulated_section
from napari_stentrans.errors import ComputeError, InvalidRequestError, UnknownGeneError
from napari_stentrans.evaluation import (
    METRICS,
    Task,
    evaluate,
    evaluation_figure,
    genes,
    hold_out,
    per_gene,
    plan,
    record,
    run,
    split_counts,
)
from napari_stentrans.evaluation.metrics import noise_ceiling
from napari_stentrans.io import read_section
from napari_stentrans.methods.base import Enhancer, ExpressionField, Fitted, Prediction
from napari_stentrans.progress import Progress, run_to_end
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
        made = Known(self.mean, self.whole)
        made.rows = match_positions(self.whole, array_rc)
        return made

    def spot_field_steps(self):
        return (yield from self.field_steps(self.section.array_rc))

    def learn_steps(self, section, config):
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

    monkeypatch.setattr(plan, "get_method", made.__getitem__)
    monkeypatch.setattr(plan, "method_names", lambda: list(made))
    return register


@pytest.mark.parametrize("task", Task)
def test_truth_scores_one_and_the_mean_nothing(method, section, task):
    counts = section.counts.toarray()
    if task is Task.DENOISE:
        counts = split_counts(section, 0).counts.toarray()
    method(truth=counts, mean=np.broadcast_to(counts.mean(0), counts.shape))
    summary = evaluate(section, ["truth", "mean"], task).summary(task)
    for metric in ("pearson", "pearson_log", "spearman", "ssim", "variance_ratio"):
        assert summary.loc["truth", metric] == pytest.approx(1)
    for metric in ("rmse", "js", "gene_correlation_error_top"):
        assert summary.loc["truth", metric] == pytest.approx(0, abs=1e-6)
    for metric in ("pearson", "pearson_log", "spearman", "variance_ratio"):
        assert summary.loc["mean", metric] == 0
    assert summary.loc["truth", "coverage"] == 1
    assert summary.loc["truth", "moran_ratio"] == pytest.approx(1)


def test_intervals_are_as_wide_as_the_method_says(method, section):
    counts = section.counts.toarray()
    method(truth=counts)
    task = hold_out(section, "dropout", 0)
    found = per_gene(evaluate(section, ["truth"], "dropout")).set_index("gene")
    spread = counts[task.hidden].std(axis=0, dtype=float)  # its sd is one
    expected = 2 * 1.645 / spread[section.genes.get_indexer(found.index)]
    np.testing.assert_allclose(found["interval_width"], expected, rtol=1e-5)


def test_log_score_takes_the_predicted_library_over_all_genes(method, section):
    """A prediction wrong by a factor a spot is right once libraries are taken out."""
    counts = section.counts.toarray()
    factor = np.random.default_rng(0).lognormal(0, 1, (section.n_spots, 1))
    method(scaled=counts * factor)
    summary = evaluate(section, ["scaled"], "region").summary("region")
    assert summary.loc["scaled", "pearson_log"] == pytest.approx(1, abs=1e-6)
    assert summary.loc["scaled", "pearson"] < 0.9


def test_predicted_libraries_include_genes_that_are_not_scored(method, section):
    """Most counts are of genes too rare to be scored, a few spots have each of them."""
    rng = np.random.default_rng(0)
    counts = section.counts.toarray()
    counts[:, 20:] = 400 * (rng.random((section.n_spots, 40)) < 0.04)
    rare = section.with_counts(sparse.csr_matrix(counts.astype(np.float32)))
    method(scaled=counts * rng.lognormal(0, 1, (section.n_spots, 1)))
    report = evaluate(rare, ["scaled"], "dropout")
    assert report.scores["gene"].nunique() <= 20
    assert report.summary("dropout").loc["scaled", "pearson_log"] == pytest.approx(1)


@pytest.mark.parametrize("task", ["upsample", "dropout", "region"])
def test_method_sees_the_reduced_section_alone(method, section, task):
    made = method(truth=section.counts.toarray())
    config = RunConfig(seed=7)
    evaluate(section, ["truth"], task, seed=2, config=config)
    held_out = hold_out(section, task, 2)
    seen = made["truth"].section
    assert list(seen.barcodes) == list(held_out.reduced.barcodes)
    assert (seen.counts != held_out.reduced.counts).nnz == 0
    assert made["truth"].config.seed == 9
    assert made["truth"].config.method == "truth"


def test_method_sees_one_half_alone(method, section):
    made = method(truth=section.counts.toarray())
    evaluate(section, ["truth"], "denoise", seed=2)
    half = split_counts(section, 2).reduced
    assert (made["truth"].section.counts != half.counts).nnz == 0


def test_scores_have_a_row_a_run_and_detected_gene(method, section):
    method(truth=section.counts.toarray(), other=section.counts.toarray())
    tasks, seeds = ["dropout", "region"], [0, 3]
    report = evaluate(section, ["truth", "other"], tasks, seeds)
    detected = section.detected_in > 0.1 * section.n_spots
    assert set(report.scores["gene"]) == set(section.genes[detected])
    keys = ["task", "seed", "method", "gene"]
    assert not report.scores.duplicated(keys).any()
    assert len(report.scores) == 8 * detected.sum()
    assert set(METRICS) < set(report.scores)
    assert len(report.runs) == 8
    assert (report.runs["seconds"] >= 0).all()
    assert (report.tasks, report.seeds) == (tasks, seeds)


def test_summary_averages_medians_over_seeds(section):
    methods = ["nearest", "linear"]
    both = evaluate(section, methods, "dropout", [0, 1]).summary("dropout")
    apart = [
        evaluate(section, methods, "dropout", s).summary("dropout") for s in (0, 1)
    ]
    of_clock = {"seconds", "peak_memory_mb"}
    same = [n for n in both if n not in of_clock and not n.startswith("share")]
    np.testing.assert_allclose(both[same], (apart[0][same] + apart[1][same]) / 2)


def test_shares_of_the_ceiling_are_those_of_what_stands_beside_them(section):
    """A seed with a tiny ceiling does not rule what is told of all of them."""
    report = evaluate(section, ["nearest", "linear"], "dropout", [0, 1, 2])
    for told in (report.summary(), report.by_seed()):
        np.testing.assert_allclose(told["share"], told["pearson"] / told["ceiling"])
        np.testing.assert_allclose(
            told["share_log_top"], told["pearson_log_top"] / told["ceiling_log_top"]
        )


def test_a_report_is_one_line(section):
    report = evaluate(section, ["nearest"], "dropout", [0, 1])
    assert repr(report).endswith("nearest (dropout; 2 seeds)>")
    assert "\n" not in repr(report)


def test_summary_is_medians_without_genes_that_have_no_value(section):
    report = evaluate(section, ["linear"], "dropout")
    found = report.summary("dropout").loc["linear"]
    scores = report.scores
    for metric in ("pearson", "moran_ratio"):
        assert found[metric] == pytest.approx(np.nanmedian(scores[metric]))
        high = scores.loc[scores["top"], metric]
        assert found[f"{metric}_top"] == pytest.approx(np.nanmedian(high))
    assert found["coverage"] == pytest.approx(scores["coverage"].mean())
    ceiling = np.median(report.ceilings["ceiling"])
    assert found["share"] == pytest.approx(found["pearson"] / ceiling)
    spread = report.quartiles().loc[("dropout", "linear", "pearson", "all")]
    expected = np.quantile(scores["pearson"], [0.25, 0.5, 0.75])
    np.testing.assert_allclose(spread[["lower", "median", "upper"]], expected)


def test_comparisons_are_of_the_same_spots_and_genes(section):
    report = evaluate(section, ["gaussian", "nearest"], "dropout", [0, 1])
    table = report.comparisons().set_index("statistic")
    summary = report.summary("dropout")
    for statistic in table.index:
        row = table.loc[statistic]
        expected = (
            summary.loc["gaussian", statistic] - summary.loc["nearest", statistic]
        )
        assert row["difference"] == pytest.approx(expected)
        assert row["low"] < row["difference"] < row["high"]
        assert row["high"] - row["low"] < 0.5
    genes = report.table("pearson", "dropout")
    better = (genes["gaussian"] > genes["nearest"]).mean()
    assert table.loc["pearson", "genes_better"] == pytest.approx(better)


def test_every_two_methods_are_compared_once(section):
    report = evaluate(section, ["gaussian", "linear", "nearest"], "dropout")
    table = report.all_comparisons()
    table = table[table["statistic"] == "pearson"]
    pairs = list(zip(table["method"], table["against"], strict=True))
    assert pairs == [
        ("gaussian", "linear"),
        ("gaussian", "nearest"),
        ("linear", "nearest"),
    ]
    of_linear = report.comparisons("linear").set_index(["statistic", "against"])
    last = table.iloc[-1]
    for column in ("difference", "low", "high", "ratio", "genes_better"):
        assert last[column] == of_linear.loc[("pearson", "nearest"), column]


def test_the_highest_genes_are_compared_apart(method, section, monkeypatch):
    """One method is right on the highest genes alone, the other on all the others."""
    monkeypatch.setattr(genes, "TOP_GENES", 7)
    counts = section.counts.toarray()
    noise = np.random.default_rng(0).poisson(5.0, counts.shape).astype(np.float32)
    is_high = np.isin(np.arange(60), np.argsort(-section.gene_totals)[:7])
    high, low = np.where(is_high, counts, noise), np.where(is_high, noise, counts)
    method(high=high, low=low)
    report = evaluate(section, ["high", "low"], "dropout")
    better = report.comparisons().set_index("statistic")["genes_better"]
    assert better["pearson_top"] == 1
    assert better["pearson"] == pytest.approx(7 / report.scores["gene"].nunique())


def test_a_method_does_not_differ_from_itself(method, section):
    counts = section.counts.toarray() + 1
    method(one=counts, same=counts)
    row = evaluate(section, ["one", "same"], "region").comparisons().iloc[0]
    assert row["difference"] == row["low"] == row["high"] == 0
    assert row["ratio"] == 1


def test_paper_protocol_scores_what_was_given_as_well(section):
    honest = evaluate(section, ["nearest"], "upsample")
    paper = evaluate(section, ["nearest"], "upsample", protocol="paper")
    n_seen = len(hold_out(section, "upsample").visible)
    assert paper.runs.loc[0, "spots_scored"] == section.n_spots
    assert honest.runs.loc[0, "spots_scored"] == section.n_spots - n_seen
    assert (
        paper.summary("upsample").loc["nearest", "pearson"]
        > honest.summary("upsample").loc["nearest", "pearson"] + 0.02
    )
    at_spots = paper.distances.set_index("distance")["error"]["0"]
    assert at_spots == 0  # nearest copies what it was given


def test_paper_protocol_predicts_the_rest_like_the_honest_one(method, section):
    counts = section.counts.toarray()
    method(truth=counts)
    report = evaluate(section, ["truth"], "upsample", protocol="paper")
    assert report.summary("upsample").loc["truth", "pearson"] == pytest.approx(1)


def test_predictions_of_pictured_genes_are_kept(method, section):
    counts = section.counts.toarray()
    method(truth=counts)
    genes = [str(section.genes[k]) for k in (7, 2)]
    report = evaluate(section, ["truth"], ["dropout", "region"], [1, 2], pictured=genes)
    assert [(p.task, p.seed) for p in report.pictures] == [
        ("dropout", 1),
        ("region", 1),
    ]
    for picture in report.pictures:
        kept = counts[:, [7, 2]]
        shown = picture.predicted["truth"]
        np.testing.assert_array_equal(shown, kept[picture.scored])
        np.testing.assert_array_equal(picture.measured, kept[picture.scored])
        np.testing.assert_array_equal(picture.given, kept[picture.seen])
        assert not np.intersect1d(picture.seen, picture.scored).size


def test_record_is_json_and_csv_has_every_gene(section):
    import json

    report = evaluate(section, ["linear", "raw"], ["dropout", "denoise"])
    text = json.dumps(record(report, replicates=True), allow_nan=False)
    facts = json.loads(text)
    assert facts["protocol"] == "held-out"
    assert {row["method"] for row in facts["summary"]} == {"linear", "raw"}
    assert len(facts["replicates"]) == 3
    assert "replicates" not in record(report)  # they are megabytes
    assert facts["section"]["fingerprint"] == section.fingerprint
    table = per_gene(report)
    assert len(table) == len(report.scores)
    assert not table["ceiling"].isna().any()
    one = table.iloc[5]
    match = report.ceilings.query("task == @one.task and gene == @one.gene")
    assert one["ceiling_log"] == match["ceiling_log"].item()


@pytest.mark.parametrize("task", Task)
def test_a_single_gene_is_divided_by_itself_and_has_no_log_score(section, task):
    shallow = section.counts[:, [np.argmax(section.gene_totals < 500)]]
    var = section.var.iloc[[0]]
    lone = Section("lone", shallow, section.obs, var, section.array_rc, section.lattice)
    report = evaluate(lone, ["nearest", "linear"], task)
    assert (split_counts(lone).counts.sum(axis=1) == 0).any()
    assert report.summary(task)["pearson"].notna().all()
    logged = [name for name in report.summary(task) if "_log" in name]
    for name in [*logged, "pearson_one_depth", "gene_correlation_error"]:
        assert report.summary(task)[name].isna().all(), name
    spread = report.quartiles().xs("pearson_log", level="metric")
    assert len(spread) == 4  # two methods, all genes and the highest
    assert spread.isna().all(axis=None)
    found = report.comparisons().set_index("statistic").loc["pearson_log"]
    assert found[["difference", "low", "high"]].isna().all()


@pytest.mark.parametrize(
    ("task", "n_spots", "told"),
    [
        ("dropout", 30, "(21 seen, 9 scored)"),
        ("dropout", 34, ""),
        ("denoise", 9, "(9 seen, 9 scored)"),
        ("denoise", 10, ""),
        ("upsample", 30, "(8 seen, 22 scored)"),
    ],
)
def test_few_spots_are_noted(section, task, n_spots, told, tmp_path):
    few = section.subset(np.arange(n_spots))
    steps = run.evaluation_steps(
        plan.plan_evaluation(few, ["nearest"], task, 0), RunConfig()
    )
    report = run_to_end(steps)
    facts = record(report)
    title = evaluation_figure(report).subfigs[0].get_suptitle()
    if not told:
        assert report.notes == ()
        assert facts["notes"] == []
        assert "few spots" not in title
        return
    (note,) = report.notes
    assert note.startswith(f"few spots for the task '{task}' {told}")
    assert facts["notes"] == [note]
    assert note in title.replace("\n", " ")
    with pytest.warns(UserWarning, match="mostly chance"):
        evaluate(few, ["nearest"], task)


def test_the_seed_with_the_fewest_spots_is_noted(section):
    report = evaluate(section, ["nearest"], "dropout", [0, 1, 2])
    assert report.notes == ()
    runs = report.runs.assign(spots_seen=[139, 4, 100], spots_scored=[59, 30, 80])
    (note,) = replace(report, runs=runs).notes
    assert "(4 seen, 30 scored)" in note
    runs = report.runs.assign(spots_seen=[139, 40, 100], spots_scored=[59, 3, 80])
    (note,) = replace(report, runs=runs).notes
    assert "(40 seen, 3 scored)" in note


@pytest.mark.parametrize(("task", "n_spots"), [("dropout", 7), ("denoise", 2)])
def test_two_spots_have_no_score(section, task, n_spots):
    """Any two are in line: every correlation would be 1 or -1."""
    few, more = (section.subset(np.arange(n)) for n in (n_spots, n_spots + 2))
    with pytest.warns(UserWarning, match="2 scored"):
        report = evaluate(few, ["nearest", "linear"], task)
    with pytest.warns(UserWarning, match="few spots"):
        scored = evaluate(more, ["nearest", "linear"], task)
    assert len(report.scores) > 0
    told = ["gene", "task", "seed", "method", "top", "coverage"]
    assert report.scores.drop(columns=told).isna().all(axis=None)
    assert report.distances[["error", "error_log_top"]].isna().all(axis=None)
    assert report.comparisons()[["difference", "low", "high"]].isna().all(axis=None)
    assert scored.scores["pearson"].notna().any()


# -- what is refused, and what is passed over ------------------------------------------


def test_nothing_to_score_is_told(section):
    empty = section.with_counts(section.counts * 0)
    with pytest.raises(InvalidRequestError, match="too sparse"):
        evaluate(empty, ["nearest"])


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"methods": ["magic"]}, "stentrans, .*linear, .*; raw, pca20"),
        ({"task": "magic"}, "upsample, dropout, region, denoise"),
        ({"protocol": "magic"}, "held-out, paper"),
        ({"protocol": "paper", "task": "denoise"}, "leave it out"),
        ({"methods": []}, "at least one"),
        ({"task": []}, "at least one"),
        ({"seed": -1}, "0 or more"),
        ({"methods": ["pca20"]}, "denoise"),
    ],
)
def test_wrong_choices_name_those_there_are(section, choices, message):
    with pytest.raises(InvalidRequestError, match=message):
        evaluate(section, **choices)


def test_unknown_gene_to_picture_is_told(section):
    with pytest.raises(UnknownGeneError, match="GENE9999"):
        evaluate(section, ["nearest"], pictured=["GENE9999"])


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_a_prediction_that_is_no_number_is_not_left_out_of_medians(
    method, section, wrong
):
    mean = section.counts.toarray()
    mean[:, 3] = wrong
    method(broken=mean)
    with pytest.raises(ComputeError, match="fault of the method"):
        evaluate(section, ["broken"])


def test_a_method_that_cannot_is_left_out_unless_it_was_named(method, section):
    good, bad = section.counts.toarray(), np.full(section.counts.shape, np.nan)
    method(good=good, bad=bad)
    report = evaluate(section)
    assert report.methods == ["good"]
    assert report.failures["method"].tolist() == ["bad"]
    assert list(report.summary("dropout").index) == ["good"]
    with pytest.raises(ComputeError):
        evaluate(section, ["good", "bad"])


def test_ceilings_of_counts_and_of_logs_are_told_apart(section):
    report = evaluate(section, ["nearest"], "dropout")
    told = report.ceilings.set_index("gene")
    hidden = hold_out(section, "dropout", 0).hidden
    columns = section.gene_index(told.index)
    rng = np.random.default_rng(9)  # other splits
    expected = noise_ceiling(section.counts[hidden], columns, rng)
    for name, other, values in zip(
        ["ceiling", "ceiling_log"], ["ceiling_log", "ceiling"], expected, strict=True
    ):
        own_error = np.abs(told[name] - values).mean()
        assert own_error < 0.06
        assert own_error < 0.7 * np.abs(told[other] - values).mean()


def test_values_that_are_no_counts_have_no_ceiling(section):
    halved = section.with_counts(section.counts * 0.5)
    summary = evaluate(halved, ["linear"], "dropout").summary("dropout")
    assert np.isnan(summary.loc["linear", "ceiling"])
    assert np.isnan(summary.loc["linear", "share"])
    assert summary.loc["linear", "pearson"] > 0


def test_genes_in_more_than_a_tenth_of_the_spots_with_counts_are_scored(section):
    """Of 150 spots with counts, beside 48 without any: 15 are too few, 16 enough."""
    detected = np.array([150, 31, 16, 15, 1])
    counts = np.zeros((section.n_spots, section.n_genes), dtype=np.float32)
    counts[:150, :5] = np.arange(150)[:, None] < detected
    sparse_one = section.with_counts(sparse.csr_matrix(counts))
    assert list(genes.scored_genes(sparse_one).columns) == [0, 1, 2]


def test_top_genes_are_the_highest(monkeypatch, section):
    monkeypatch.setattr(genes, "TOP_GENES", 7)
    chosen = genes.scored_genes(section)
    totals = np.asarray(section.counts.sum(axis=0)).ravel()
    top = chosen.columns[chosen.top]
    assert len(top) == 7
    assert totals[top].min() >= np.sort(totals)[-7]


def test_classical_methods_beat_the_nearest_spot(section):
    methods = ["nearest", "linear", "cubic", "gaussian"]
    report = evaluate(section, methods, seed=1)
    scores = report.summary("dropout")["pearson_top"]
    assert report.methods == methods
    assert 0.1 < scores["nearest"] < min(scores["linear"], scores["gaussian"])
    assert list(report.table("pearson")) == methods


def test_progress_names_task_seed_and_method(section):
    phases = []
    evaluate(section, ["linear"], seed=3, on_progress=lambda p: phases.append(p.phase))
    assert any(phase.startswith("dropout, seed 3, linear") for phase in phases)
    assert any(phase.startswith("Scoring linear") for phase in phases)


def test_a_stop_reaches_the_fit(method, section):
    heard = []

    class Listening(Known):
        def learn_steps(self, seen, config):
            heard.append((yield Progress("Training", 0, 2)))
            self.section = seen
            return self

    made = method(one=section.counts.toarray())
    made["one"] = Listening(section.counts.toarray(), section)
    evaluate(section, ["one"], on_progress=lambda p: "Training" in p.phase)
    assert heard == [True]


def test_an_anndata_will_do_and_a_path_is_explained(section):
    anndata = pytest.importorskip("anndata")
    adata = anndata.AnnData(section.counts, obs=section.obs, var=section.var)
    adata.obs["array_row"], adata.obs["array_col"] = section.array_rc.T
    report = evaluate(adata, ["nearest"])
    assert report.section.n_spots == section.n_spots
    with pytest.raises(InvalidRequestError, match="read_section"):
        evaluate("section.h5ad")


def test_figures_of_the_melanoma_section(shared_data):
    """Medians over genes that an independent study found for the same task."""
    section = read_section(shared_data / "mel1_rep1")
    report = evaluate(section, ["linear", "cubic", "gaussian"], "upsample")
    assert report.runs.loc[0, "spots_seen"] == 66
    found = report.summary("upsample")["pearson"]
    assert found["linear"] == pytest.approx(0.097, abs=0.015)
    assert found["cubic"] == pytest.approx(0.094, abs=0.015)
    assert found["gaussian"] == pytest.approx(0.127, abs=0.02)


def test_run_knows_no_method_by_name():
    import inspect

    from napari_stentrans.methods.base import method_names

    source = inspect.getsource(run)
    assert not [name for name in method_names() if f'"{name}"' in source]


def test_methods_are_compared_on_the_seeds_that_both_could_be_tried_on(
    method, section, monkeypatch
):
    """The same predictions, but one method refuses seed 0: no difference at all."""
    rng = np.random.default_rng(0)
    noisy = section.counts.toarray() * rng.lognormal(0, 1, section.counts.shape)
    made = method(all_seeds=noisy, picky=noisy)

    def refuse(of_section, config):
        yield Progress("known", 0, 1)
        if config.seed == 0:
            raise ComputeError("not this one")
        made["picky"].section, made["picky"].config = of_section, config
        return made["picky"]

    monkeypatch.setattr(made["picky"], "fit_steps", refuse)
    report = evaluate(section, None, "region", [0, 1, 2])
    assert list(report.failures["seed"]) == [0]
    found = report.comparisons("all_seeds").set_index("against").loc["picky"]
    for column in ("difference", "low", "high"):
        np.testing.assert_array_equal(found[column], 0)
    assert (found["genes_better"] == 0).all()


def test_settings_may_be_a_mapping_and_are_checked(section):
    fewer = evaluate(section, "kriging", config={"kriging": {"n_programmes": 1}})
    assert not fewer.summary().equals(evaluate(section, "kriging").summary())
    with pytest.raises(InvalidRequestError, match="no setting 'krigging'"):
        evaluate(section, "kriging", config={"krigging": {}})
