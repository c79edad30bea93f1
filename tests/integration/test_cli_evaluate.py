"""`stentrans evaluate`, as people and scripts use it."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from napari_stentrans import read_section
from napari_stentrans.cli import main
from napari_stentrans.cli.console import ProgressBars
from napari_stentrans.datasets import samples, simulated_section
from napari_stentrans.evaluation import METRICS, evaluate
from napari_stentrans.figures import telling_genes
from napari_stentrans.io.writers.as_anndata import section_to_anndata

QUICK = ["--methods", "nearest", "linear"]


@pytest.fixture(scope="module")
def sample() -> str:
    return str(samples()["simulated_st"])


def test_a_table_a_task_with_the_scores_of_the_library(sample, capsys):
    code = main(["evaluate", sample, "--task", "dropout", "region", *QUICK])
    assert code == 0
    told = capsys.readouterr()
    assert told.err == ""
    report = evaluate(
        read_section(sample), ["nearest", "linear"], ["dropout", "region"]
    )
    for task in ("dropout", "region"):
        lines = told.out[told.out.index(f"{task} (seed 0)") :].splitlines()
        heading = dict(
            zip(lines[1].replace("  ", "\t").split(), range(99), strict=False)
        )
        assert "method" in heading
        row = lines[2].split()
        assert row[0] == "nearest"
        found = report.summary(task).loc["nearest"]
        assert row[1] == f"{found['pearson']:.3f}"
        assert row[4] == f"{found['pearson_log_top']:.3f}"
    quartiles = report.quartiles().loc[("region", "linear")]
    lines = [line.split() for line in told.out.splitlines()]
    spread = [
        f"{quartiles.loc[which, edge]:.3f}"
        for which in (("pearson", "all"), ("pearson_log", "top"))
        for edge in ("lower", "upper")
    ]
    assert [
        "region",
        "linear",
        *(spread[0], "..", spread[1]),
        *(spread[2], "..", spread[3]),
    ] in lines
    distances = report.distances.set_index(["task", "method"]).loc[("region", "linear")]
    errors = [f"{error:.2f}" for error in distances["error_log_top"]]
    assert [line for line in lines if line[:2] == ["region", "linear"]][1][2:] == errors
    assert "held out: only what the method has not seen is scored" in told.out
    assert "nearest less each other method, with 95 % intervals" in told.out


def test_all_outputs_are_written_whole(sample, tmp_path, capsys):
    out = {name: tmp_path / f"scores.{name}" for name in ("json", "csv", "png")}
    code = main(
        f"evaluate {sample} --task upsample denoise --seed 0 2 --methods linear pca20 "
        f"--json {out['json']} --csv {out['csv']} --figure {out['png']} "
        "--genes DOMAIN1-03,GENE0001".split()
    )
    assert code == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        path.name for path in out.values()
    )
    facts = json.loads(out["json"].read_text())
    assert facts["tasks"] == ["upsample", "denoise"]
    assert facts["seeds"] == [0, 2]
    report = evaluate(read_section(sample), ["linear"], "upsample", [0, 2])
    (row,) = (row for row in facts["summary"] if row["task"] == "upsample")
    found = report.summary("upsample").loc["linear", "pearson"]
    assert row["pearson"] == pytest.approx(found, rel=1e-5)
    table = pd.read_csv(out["csv"])
    assert {"task", "seed", "method", "gene", "ceiling", *METRICS} < set(table)
    assert set(table["method"]) == {"linear", "pca20"}
    assert out["png"].read_bytes().startswith(b"\x89PNG")
    assert out["png"].stat().st_size > 20_000
    told = capsys.readouterr().out
    assert all(f"wrote {path}" in told for path in out.values())


def test_of_very_many_genes_the_most_telling_are_named_before_the_run(
    sample, tmp_path, monkeypatch, capsys
):
    def stop(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr("napari_stentrans.evaluation.evaluation_steps", stop)
    section = read_section(sample)
    genes = tmp_path / "genes.txt"
    genes.write_text("\n".join(section.genes[:40]))
    picture = tmp_path / "many.png"
    words = ["evaluate", sample, *QUICK, "--figure", str(picture)]
    assert main([*words, "--genes", f"@{genes}"]) == 130
    shown = telling_genes(section, 12, among=np.arange(40))
    told = f"note: many.png will show 12 of 40 genes: {', '.join(shown)}\n"
    assert told in capsys.readouterr().err
    assert main([*words, "--genes", ",".join(shown)]) == 130
    assert "will show" not in capsys.readouterr().err


def test_without_a_task_all_are_tried(sample, capsys):
    assert main(["evaluate", sample, "--methods", "nearest"]) == 0
    told = capsys.readouterr().out
    assert all(
        f"\n{task} (seed 0)" in told
        for task in ("upsample", "dropout", "region", "denoise")
    )


def test_options_given_twice_add_up(sample, capsys):
    twice = "--task dropout --task region --methods linear --methods nearest"
    assert main(f"evaluate {sample} {twice} --seed 0 --seed 2".split()) == 0
    told = capsys.readouterr().out
    assert "dropout (seed 0, 2)" in told
    assert "region (seed 0, 2)" in told
    assert "linear less each other method" in told


def test_commas_are_as_good_as_spaces(sample, capsys):
    lists = "--task dropout,region --methods linear,nearest --seed 0,2"
    assert main(f"evaluate {sample} {lists}".split()) == 0
    told = capsys.readouterr().out
    assert "dropout (seed 0, 2)" in told
    assert "region (seed 0, 2)" in told
    assert "linear less each other method" in told


def test_paper_protocol_is_named_for_what_it_is(sample, capsys):
    assert main(["evaluate", sample, "--protocol", "paper", *QUICK]) == 0
    told = capsys.readouterr().out
    assert "paper protocol: all spots scored, in-sample" in told
    assert "dropout" not in told


def test_few_spots_are_told(tmp_path, capsys):
    small = simulated_section(n_rows=5, n_cols=5, n_genes=30, seed=1).section
    file = tmp_path / "small.h5ad"
    section_to_anndata(small).write_h5ad(file)
    assert main(["evaluate", str(file), "--task", "dropout", *QUICK]) == 0
    told = capsys.readouterr().err
    assert "note: few spots for the task 'dropout'" in told


def test_what_cannot_be_told_is_a_dash(tmp_path, capsys):
    tiny = simulated_section(n_rows=5, n_cols=5, n_genes=30, seed=1).section
    file = tmp_path / "tiny.h5ad"
    section_to_anndata(tiny.subset([0, 1, 2, 3, 4, 5, 6])).write_h5ad(file)
    assert main(["evaluate", str(file), "--task", "dropout", *QUICK]) == 0
    told = capsys.readouterr().out
    assert "nan" not in told
    assert "Ceiling: r -, r top -, log r -, log r top -\n" in told
    assert "dropout  nearest  - .. -     - .. -\n" in told
    lines = [line.split() for line in told.splitlines()]
    assert ["dropout", "linear", "-", "-"] in lines  # the difference


def test_quiet_says_nothing(sample, tmp_path, capsys):
    out = tmp_path / "x.json"
    words = ["--task", "dropout", *QUICK, "--quiet", "--json", str(out)]
    assert main(["evaluate", sample, *words]) == 0
    assert out.exists()
    assert capsys.readouterr() == ("", "")


def test_run_files_set_what_methods_are_given(sample, tmp_path, capsys):
    settings = tmp_path / "run.yaml"
    settings.write_text("kriging: {windw: 3}\n")
    assert main(["evaluate", sample, *QUICK, "--config", str(settings)]) == 2
    assert "did you mean 'window'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["--methods", "kringing"], 2, "no method 'kringing'"),
        (["--methods", "pca"], 2, "dist; raw, pca20 (task 'denoise' alone)"),
        (["--task", "magic"], 2, "there is no 'magic'; choose from upsample, dropout"),
        (["--seed", "-1"], 2, "expected"),
        (["--seed", "x"], 2, "expected a whole number, 0 to 4294967295, not 'x'"),
        (["--seed", str(2**32)], 2, "0 to 4294967295"),
        (["--json", "x.txt"], 2, "--json x.txt: the name must end in .json"),
        (["--csv", "no/where.csv"], 2, "no/where.csv: there is no folder"),
        (["--figure", "x.bmp"], 2, "must end in .png or .pdf or .svg"),
        (["--genes", "A,B"], 2, "--genes are for the pictures of --figure"),
        (["--methods", "raw", "--task", "dropout"], 4, "'denoise' alone"),
        (["--protocol", "paper", "--task", "denoise"], 4, "leave it out"),
        (["--figure", "x.png", "--genes", "NOPE"], 4, "has no gene 'NOPE'"),
    ],
)
def test_errors_are_said_before_anything_is_computed(
    sample, tmp_path, monkeypatch, capsys, words, code, message
):
    monkeypatch.chdir(tmp_path)
    assert main(["evaluate", sample, *words]) == code
    told = capsys.readouterr()
    assert message in told.err
    assert told.err.startswith("stentrans: error: ")
    assert told.out == ""
    assert not list(tmp_path.iterdir())


def test_outputs_are_not_replaced_unasked(sample, tmp_path, capsys):
    out = tmp_path / "x.csv"
    out.write_text("mine")
    words = ["evaluate", sample, "--task", "dropout", *QUICK, "--csv", str(out)]
    assert main(words) == 2
    assert "--force" in capsys.readouterr().err
    assert out.read_text() == "mine"
    assert main([*words, "--force"]) == 0
    assert out.read_text().startswith("section,")


def test_what_is_read_is_never_replaced(sample, tmp_path, capsys):
    kept = tmp_path / "kept.csv"
    kept.write_text("model: ''\n")
    settings = tmp_path / "run.yaml"
    settings.write_text(f"model: {kept}\n")
    picture = str(tmp_path / "x.png")
    reading = ["--config", str(settings)], ["--genes", f"@{kept}", "--figure", picture]

    for words in reading:
        given = ["evaluate", sample, *words, "--csv", str(kept), "--force"]
        assert main(given) == 2
        assert "never changed" in capsys.readouterr().err
    assert kept.read_text() == "model: ''\n"


def test_interrupted_it_leaves_no_file(sample, tmp_path, monkeypatch, capsys):
    def interrupt(self, progress):
        raise KeyboardInterrupt

    monkeypatch.setattr(ProgressBars, "__call__", interrupt)
    out = tmp_path / "x.json"
    assert main(["evaluate", sample, *QUICK, "--json", str(out)]) == 130
    assert not list(tmp_path.iterdir())
    assert "interrupted" in capsys.readouterr().err


def test_a_failing_writer_leaves_no_file(sample, tmp_path, monkeypatch, capsys):
    def fail(self, *args, **kwargs):
        raise OSError("no space left on device")

    monkeypatch.setattr(pd.DataFrame, "to_csv", fail)
    words = ["--json", str(tmp_path / "x.json"), "--csv", str(tmp_path / "x.csv")]
    assert main(["evaluate", sample, "--task", "dropout", *QUICK, *words]) == 5
    assert not list(tmp_path.iterdir())
    assert "no space left" in capsys.readouterr().err
