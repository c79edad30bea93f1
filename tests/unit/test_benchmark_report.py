"""The benchmark's report: methods are compared on the same seeds, gaps are named."""

from __future__ import annotations

import sys
from importlib import import_module
from types import SimpleNamespace

import numpy as np
import pytest

from napari_stentrans.evaluation.scoring import STATISTICS

METRICS = (
    *STATISTICS,
    *(f"{name}_{end}" for name in STATISTICS for end in ("lower", "upper")),
    *(
        "pearson_one_depth_top",
        "spearman",
        "ssim",
        "rmse",
        "js",
        "moran_ratio",
        "variance_ratio",
    ),
    *("gene_correlation_error", "coverage", "interval_width", "ceiling"),
    *("ceiling_log_top", "share", "share_log_top", "seconds", "peak_memory_mb"),
)
MODULES = (
    *("result", "comparison", "layout", "missing", "chapters", "details", "target"),
    *("sections", "document"),
)
FOUR = ("nearest", "linear", "cubic", "gaussian")
SIX = (*FOUR, "published", "dist")


@pytest.fixture
def report(repository, monkeypatch):
    """The modules of the report, which are no package."""
    monkeypatch.syspath_prepend(repository / "benchmarks")
    yield SimpleNamespace(**{name: import_module(name) for name in MODULES})
    for name in MODULES:
        sys.modules.pop(name, None)


def result(method, score, section="a", task="upsample", seed=0, **metrics):
    """One kept run, with the same figure for all that is not said."""
    facts = {"protocol": "held-out", "section": section, "task": task}
    figures = dict.fromkeys(METRICS, score) | metrics
    distances = {"distance": "up to 1", "spots": 5, "error_log_top": 1.0}
    replicates = {name: [score - 0.01, score, score + 0.01] for name in STATISTICS}
    return {
        "facts": facts | {"method": method, "seed": seed},
        "scores": figures,
        "distances": [distances],
        "replicates": replicates,
    }


def test_scores_stand_together_on_the_seeds_that_all_have(report):
    bench = report.comparison.Benchmark(
        [
            result("kriging", 0.2, seed=0),
            result("kriging", 0.8, seed=1),
            result("dist", 0.1, seed=0),
            result("kriging", 0.5, "b", seed=1),
            result("dist", 0.4, "b", seed=2),  # no seed in common
        ]
    )
    both = bench.together("pearson", ("upsample",), ["dist", "kriging"])
    assert both.to_dict("index") == {("a", "upsample"): {"dist": 0.1, "kriging": 0.2}}
    assert bench.together("pearson", ("region",), ["dist", "kriging"]).empty
    assert bench.seeds("kriging") == (0, 1)
    assert bench.seeds("dist", ("region",)) == ()


def test_averages_are_of_seeds_that_a_method_has_on_all_of_its_sections(report):
    runs = [
        *(result("dist", 0.1, "a", seed=seed) for seed in range(3)),
        result("dist", 0.2, "b", seed=0),
        *(result("kriging", 0.3, each, seed=seed) for each in "ab" for seed in (0, 1)),
        result("dist", 0.2, "a", "region", seed=1),
    ]
    kept = report.comparison.with_whole_seeds(runs)
    assert [run for run in runs if run not in kept] == runs[1:3]


def test_a_ratio_knows_no_seed_that_one_of_both_lacks(report):
    bench = report.comparison.Benchmark(
        [
            *(result("kriging", 0.2 + seed, seed=seed) for seed in range(3)),
            result("dist", 0.1, seed=0),
        ]
    )
    forth = bench.against("pearson", ("upsample",), "dist", ("kriging",))
    back = bench.against("pearson", ("upsample",), "kriging", ("dist",))
    assert forth.value == pytest.approx(0.5)
    assert back.value == pytest.approx(2)
    assert back.worst_at == ("a", "upsample")


def test_the_best_is_chosen_on_each_section_among_others(report):
    bench = report.comparison.Benchmark(
        [
            *(result(name, r, "a") for name, r in zip(FOUR, (1, 2, 3, 4), strict=True)),
            *(result(name, r, "b") for name, r in zip(FOUR, (9, 8, 7, 6), strict=True)),
            result("stentrans", 8, "a"),
            result("stentrans", 18, "b"),
        ]
    )
    found = bench.against("pearson", ("upsample",), "stentrans", SIX)
    assert found.value == pytest.approx(26 / 13)  # of 4 and 9; two were not run
    itself = bench.against("pearson", ("upsample",), "nearest", FOUR)
    assert itself.value == pytest.approx(10 / 12)
    assert bench.against("pearson", ("upsample",), "nearest", ("nearest",)) is None


def test_differences_within_a_section_are_of_shared_seeds(report):
    bench = report.comparison.Benchmark(
        [
            result("stentrans", 0.5, seed=0),
            result("stentrans", 0.9, seed=1),
            result("kriging", 0.4, seed=0),
            result("kriging", 0.1, seed=2),
        ]
    )
    found = bench.paired("stentrans", "kriging").set_index("statistic")
    assert found["difference"].to_numpy() == pytest.approx(np.full(len(found), 0.1))


def test_a_ceiling_counts_every_seed_once(report):
    bench = report.comparison.Benchmark(
        [
            result("kriging", 0, seed=0, ceiling=0.4),
            result("kriging", 0, seed=1, ceiling=0.6),
            result("dist", 0, seed=0, ceiling=0.4),
        ]
    )
    found = bench.ceilings("ceiling", ("upsample",))
    assert found[("a", "upsample")] == pytest.approx(0.5)


def test_runs_not_made_are_named_each_once(report):
    missing = [
        {"protocol": "held-out", "task": t, "method": m, "seed": s, "section": n}
        for m in ("published", "dist")
        for t in ("upsample", "region")
        for s in (1, 2)
        for n in ("a", "b")
    ]
    missing.append(missing[0] | {"protocol": "paper", "section": "b", "seed": 0})
    assert report.missing.not_run(missing, n_sections=2).splitlines() == [
        "- published and dist: upsample and region, seeds 1, 2, all 2 sections",
        "- published: upsample by the paper's protocol, seed 0, 1 of 2 sections: b",
    ]


@pytest.fixture
def results():
    """Two sections; the networks on seed 0 alone, where one is above all others."""
    found = []
    for section in ("a", "b"):
        for seed in (0, 1):
            four = zip(FOUR, (0.1, 0.15, 0.12, 0.2), strict=True)
            found += [result(m, r, section, seed=seed) for m, r in four]
            found.append(result("kriging", 0.25, section, seed=seed))
            found.append(result("stentrans", 0.3, section, seed=seed, seconds=17))
        found.append(result("published", -0.1, section, seconds=7777))
        dist = 0.31 if section == "b" else 0.05
        found.append(result("dist", dist, section, seconds=7777))
    return found


def test_what_is_met_of_the_aim_is_said_and_what_is_not(report, results):
    text = report.target.target(report.comparison.Benchmark(results))
    assert "best of nearest, linear, cubic, gaussian, published and dist" in text
    # against .2 on a and .31 on b: .6 / .51
    assert "**not met** for upsample r (1.176) and upsample log r (1.176)" in text
    assert "22 of 24 comparisons" in text
    assert "b upsample r: 0.300, dist 0.310" in text
    assert "**not shown** against all six" in text
    (row,) = (
        s for s in text.splitlines() if s.startswith("| upsample | r | stentrans")
    )
    assert row.split(" | ")[3:] == [
        *("1.176; 0.97 (b)", "1.500; 1.50 (a)", "1.500; 1.50 (a)", "not met |")
    ]
    (row,) = (s for s in text.splitlines() if s.startswith("| dist (seed 0) |"))
    assert "| 1 of 2 | -0.010 (b) |" in row


def test_an_aim_that_is_met_is_said_to_be(report, results):
    kept = [r for r in results if r["facts"]["section"] == "a"]
    for r in list(kept):
        if r["facts"]["method"] in ("published", "dist"):
            kept.append({**r, "facts": r["facts"] | {"seed": 1}})
    text = report.target.target(report.comparison.Benchmark(kept))
    assert "met for upsample r (1.500)" in text
    assert "not met" not in text
    assert "not shown" not in text


def test_seeds_are_told_of_each_task_where_they_differ(report, results, tmp_path):
    """The networks have both seeds of upsample, and one of dropout."""
    both = [{**r, "facts": r["facts"] | {"task": "dropout"}} for r in results]
    for r in results:
        if r["facts"]["method"] in ("published", "dist"):
            both.append({**r, "facts": r["facts"] | {"seed": 1}})
    both += results
    bench = report.comparison.Benchmark(both)

    assert bench.seeds("dist") == (0,)
    assert bench.seeds("dist", ("upsample",)) == (0, 1)
    text = report.target.target(bench)
    assert "(upsample: seeds 0, 1; dropout: seed 0)" in text
    assert "**not shown** against all six for dropout; run on fewer are" in text
    assert "| dist | upsample |" in text
    assert "| dist (seed 0) | dropout |" in text
    path = tmp_path / "benchmark.md"
    report.document.write_document(path, both, [], [], (), "")
    told = "seeds 0, 1; published and dist: seed 0 alone for dropout."
    assert told in path.read_text()


def test_without_all_six_there_is_no_word_of_the_aim(report, results):
    four = [r for r in results if r["facts"]["method"] != "dist"]
    assert report.target.target(report.comparison.Benchmark(four)) == ""


def test_the_report_marks_few_seeds_and_leaves_seconds_out(report, results, tmp_path):
    path = tmp_path / "benchmark.md"
    candidates = [
        report.sections.Candidate(name, tmp_path, spots=9, genes=5, lattice="hex")
        for name in ("a", "b", "c")
    ]
    lost = {"protocol": "held-out", "task": "upsample", "method": "dist", "seed": 1}
    missing = [lost | {"section": name} for name in ("a", "b")]
    untimed = ("published", "dist")
    note = "One run was made elsewhere."
    report.document.write_document(path, results, candidates, missing, untimed, note)
    text = path.read_text()
    assert note in text
    assert "seeds 0, 1; published and dist: seed 0 alone." in text
    assert "**Unfinished: 28 of 30 runs.**" in text
    assert "- dist: upsample, seed 1, all 2 sections" in text
    assert "| published (seed 0) |" in text
    assert "7777" not in text
    assert "17.0 s" in text
    assert "No seconds for published and dist" in text


def test_the_middle_half_of_the_genes_is_averaged_over_sections(report):
    ends = {"pearson_lower": 0.1, "pearson_upper": 0.3}
    log = {"pearson_log_top_lower": 0.2, "pearson_log_top_upper": 0.4}
    higher = {name: end + 0.2 for name, end in ends.items()}
    runs = [
        result("kriging", 0.2, "a", **ends, **log),
        result("kriging", 0.2, "b", **higher, **log),
        result("dist", 0.2, "a", **ends, **log),  # none on b
    ]
    told = report.details.over_genes(report.comparison.Benchmark(runs))
    assert "| upsample | kriging | 0.200 to 0.400 | 0.200 to 0.400 |" in told
    assert "| upsample | dist, 1 of 2 sections | - | - |" in told
