"""Where the command line writes: found out before computing, and never by accident."""

from __future__ import annotations

import pytest

from napari_stentrans.cli import main
from napari_stentrans.datasets import samples
from napari_stentrans.section.section import Section

SAMPLE = str(samples()["simulated_st"])
QUICK = ("--method", "nearest", "--refine", "1", "--genes", "GENE0001")
COMMANDS = {
    "enhance": lambda out: ["enhance", SAMPLE, "--out", str(out), *QUICK],
    "convert": lambda out: ["convert", SAMPLE, str(out)],
    "evaluate": lambda out: [
        *("evaluate", SAMPLE, "--task", "dropout", "--methods", "nearest"),
        *("--csv", str(out)),
    ],
}


@pytest.fixture(params=["enhance", "convert"])
def command(request):
    return COMMANDS[request.param]


@pytest.mark.parametrize("kind", ["folder", "file"])
@pytest.mark.parametrize("name", ["x.csv", "x.TSV.gz"])
def test_what_lies_beside_a_table_is_found_before_reading(
    command, tmp_path, capsys, monkeypatch, name, kind
):
    monkeypatch.setattr("napari_stentrans.io.read_section", pytest.fail)
    beside = tmp_path / f"{name}.tables"
    if kind == "folder":
        beside.mkdir()
    precious = beside / "thesis.txt" if kind == "folder" else beside
    precious.write_text("precious")

    assert main([*command(tmp_path / name), "--force"]) == 2

    assert str(beside) in capsys.readouterr().err
    assert precious.read_text() == "precious"


def test_a_folder_beside_scores_is_nobodys_business(tmp_path):
    (tmp_path / "x.csv.tables").mkdir()
    (tmp_path / "x.csv.tables" / "thesis.txt").touch()

    assert main(COMMANDS["evaluate"](tmp_path / "x.csv")) == 0


@pytest.fixture
def overtaken(monkeypatch):
    """Let a file appear once the section was read, as if another process made it."""

    def by(out):
        learnt = Section.__post_init__

        def read(section):
            learnt(section)
            out.write_text("theirs")

        monkeypatch.setattr(Section, "__post_init__", read)

    return by


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_a_file_that_appears_meanwhile_is_not_replaced(
    command, tmp_path, capsys, overtaken
):
    out = tmp_path / "x.csv"
    overtaken(out)

    assert main(command(out)) == 5

    assert "--force" in capsys.readouterr().err
    assert out.read_text() == "theirs"
    assert list(tmp_path.iterdir()) == [out]


def test_a_file_that_appears_meanwhile_is_replaced_by_force(
    command, tmp_path, overtaken
):
    overtaken(tmp_path / "x.csv")

    assert main([*command(tmp_path / "x.csv"), "--force"]) == 0

    assert (tmp_path / "x.csv").read_text() != "theirs"


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_a_home_of_nobody_is_a_name_as_any_other(command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    assert main(command("~nobody_of_that_name.csv")) == 0

    assert (tmp_path / "~nobody_of_that_name.csv").is_file()


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_a_tilde_is_home(command, tmp_path, monkeypatch):
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(tmp_path))

    assert main(command("~/x.csv")) == 0

    assert (tmp_path / "x.csv").is_file()


OPTIONS = ("image", "positions", "missing", "at", "model", "config", "gene-sets")
EMPTY = {
    "INPUT": ["info", ""],
    "INPUT of enhance": ["enhance", "", "--out", "x.csv"],
    "--out": ["enhance", SAMPLE, "--out", ""],
    "OUT": ["convert", SAMPLE, ""],
    "--csv": ["evaluate", SAMPLE, "--csv", ""],
    "--to": ["download", "--to", ""],
    "--out of demo": ["demo", "--no-gui", "--out", ""],
    **{
        f"--{name}": ["enhance", SAMPLE, "--out", "x.csv", *QUICK, f"--{name}", ""]
        for name in (*OPTIONS, "save-model", "save-signatures")
    },
}


@pytest.mark.parametrize("what", EMPTY)
def test_an_empty_path_is_a_slip(what, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)

    assert main(EMPTY[what]) == 2

    told = capsys.readouterr().err
    assert f"argument {what.split()[0]}: it is empty" in told
    assert not list(tmp_path.iterdir())


def test_a_list_of_genes_without_a_name_is_a_slip(tmp_path, capsys):
    out = str(tmp_path / "x.csv")

    assert main(["enhance", SAMPLE, "--out", out, "--genes", "@"]) == 2

    assert "--genes @ names no file" in capsys.readouterr().err


def test_the_current_folder_may_be_named(tmp_path, monkeypatch, capsys):
    (tmp_path / "counts.tsv.gz").symlink_to(SAMPLE)
    monkeypatch.chdir(tmp_path)

    assert main(["info", "."]) == 0

    assert "300" in capsys.readouterr().out
