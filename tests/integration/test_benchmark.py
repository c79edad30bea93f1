"""The benchmark's command, on sample sections: done once, then found again."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from napari_stentrans.datasets import samples


@pytest.fixture
def data(tmp_path):
    """A folder with one good section, one twice, and something unreadable."""
    folder = tmp_path / "data"
    folder.mkdir()
    whole = samples()["simulated_st"].read_bytes()
    (folder / "one.tsv.gz").write_bytes(whole)
    (folder / "again.tsv.gz").write_bytes(whole)
    (folder / "notes.txt").write_text("nothing")
    return folder


@pytest.fixture
def benchmark(repository, data, tmp_path):
    def run(*words: str) -> str:
        command = [sys.executable, str(repository / "benchmarks/all_sections.py")]
        command += [str(data), "--output", str(tmp_path / "benchmark.md")]
        command += ["--cache", str(tmp_path / "cache"), *words]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


@pytest.mark.slow
def test_runs_are_kept_and_the_report_is_made_from_them(benchmark, tmp_path):
    words = ["--methods", "nearest", "kriging", "raw", "--seeds", "0"]
    words += ["--tasks", "upsample", "denoise"]
    first = benchmark(*words)
    assert "0 of 7 runs are there already" in first
    assert "FAULT" not in first
    text = (tmp_path / "benchmark.md").read_text()
    for heading in (
        "## Hidden spots, averaged over sections",
        "## Denoising measured spots",
        "## Every section: r / log r",
        "## Do 90 % intervals cover 90 %?",
        "## Spread over genes",
        "## Paper protocol: all spots scored, in-sample",
    ):
        assert heading in text
    assert "Unfinished" not in text
    # the scores in the report are those that were kept
    (kept,) = (tmp_path / "cache").rglob("held-out-upsample-nearest-0.json")
    scores = json.loads(kept.read_text())["scores"]
    pair = f"{scores['pearson']:.3f} / {scores['pearson_log_top']:.3f}"
    assert f"| {pair} |" in text
    middle = f"{scores['pearson_lower']:.3f} to {scores['pearson_upper']:.3f}"
    assert f"| upsample | nearest | {middle} |" in text
    assert scores["pearson_lower"] < scores["pearson"] < scores["pearson_upper"]
    # a method that did not take part in a task has no score there
    hidden = text[text.index("## Hidden spots") : text.index("## Denoising")]
    assert "| nearest |" in hidden
    assert "| raw |" not in hidden
    (row,) = (line for line in text.splitlines() if "| upsample | 0." in line)
    assert row.split(" | ")[4] == "-"

    kept.unlink()  # as if it had been stopped
    again = benchmark(*words)
    assert "6 of 7 runs are there already" in again
    assert "[1/1]" in again

    more = benchmark(*words, "--seeds", "0", "1", "--report-only")
    assert "7 of 12 runs" in more
    assert "Unfinished" in (tmp_path / "benchmark.md").read_text()


@pytest.mark.slow
def test_a_setting_counts_for_the_methods_that_mention_it(benchmark, tmp_path):
    settings = tmp_path / "run.json"
    settings.write_text('{"kriging": {"n_programmes": 3}}')
    words = ["--methods", "nearest", "kriging", "--seeds", "0", "--no-paper"]
    words += ["--tasks", "dropout"]
    assert "0 of 2 runs are there already" in benchmark(*words)
    told = benchmark(*words, "--config", str(settings))
    assert "1 of 2 runs are there already" in told
    assert "kriging seed 0" in told
