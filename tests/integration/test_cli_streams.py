"""The command line where standard output or standard error takes no text."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from napari_stentrans.cli import main
from napari_stentrans.cli.console import ProgressBars, remark
from napari_stentrans.datasets import samples
from napari_stentrans.progress import Progress

FULL = Path("/dev/full")
needs_full = pytest.mark.skipif(not FULL.exists(), reason="no device that is full")
needs_shell = pytest.mark.skipif(os.name == "nt", reason="closes streams as sh does")


@pytest.fixture
def in_shell(tmp_path):
    """Run ``stentrans`` with streams led elsewhere; returns what came of it."""

    def run(*words: str, streams: str):
        command = [sys.executable, "-m", "napari_stentrans.cli", *words]
        return subprocess.run(
            ["sh", "-c", f'exec "$@" {streams}', "sh", *command],
            capture_output=True,
            text=True,
            timeout=300,
            cwd=tmp_path,
        )

    return run


@pytest.fixture
def enhanced(in_shell):
    """Run a quick ``stentrans enhance`` into out.csv."""

    def run(streams: str):
        source = str(samples()["simulated_st"])
        options = "--out out.csv --method nearest --refine 1 --genes GENE0001"
        return in_shell("enhance", source, *options.split(), streams=streams)

    return run


@needs_shell
@pytest.mark.parametrize("streams", [">&-", "2>&-", ">&- 2>&- <&-"])
def test_closed_streams_stop_nothing(enhanced, tmp_path, streams):
    found = enhanced(streams)

    assert (found.returncode, found.stderr) == (0, "")
    assert (tmp_path / "out.csv").is_file()


@needs_full
def test_notes_that_cannot_be_told_stop_nothing(tmp_path):
    program = tmp_path / "noted.py"
    program.write_text(
        "import sys; from napari_stentrans.cli.console import remark, say\n"
        "remark('one'); remark('two'); say('done')"
    )
    found = subprocess.run(
        ["sh", "-c", 'exec "$@" 2>/dev/full', "sh", sys.executable, str(program)],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert (found.returncode, found.stdout) == (0, "done\n")


@needs_full
def test_full_standard_output_is_named_and_the_file_is_there(enhanced, tmp_path):
    found = enhanced(">/dev/full")

    assert found.returncode == 5
    assert "standard output" in found.stderr
    assert "are complete" in found.stderr
    assert found.stderr.count("\n") == 1  # nothing more fails on the way out
    assert (tmp_path / "out.csv").is_file()


@needs_full
def test_an_error_keeps_its_code_where_it_cannot_be_told(in_shell):
    assert in_shell("info", "nofile", streams="2>/dev/full").returncode == 3


@needs_shell
@pytest.mark.parametrize(
    ("encoding", "told"),
    [
        ("cp1252", b"\\u65e5.tsv.gz\xe9"),
        ("ascii", b"\\u65e5.tsv.gz\\xe9"),
        ("ascii:replace", b"?.tsv.gz?"),  # asked for
        ("utf-8", "日.tsv.gzé".encode()),
    ],
)
def test_letters_that_a_stream_has_not_are_escaped(tmp_path, encoding, told):
    name = tmp_path / "日.tsv.gzé"
    name.symlink_to(samples()["simulated_st"])
    words = ["enhance", str(name), "--out", "日.tsv.gzé.csv", "--genes", "GENE0001"]
    found = subprocess.run(
        [
            *(sys.executable, "-m", "napari_stentrans.cli", *words),
            *("--method", "nearest", "--refine", "1"),
        ],
        capture_output=True,
        timeout=300,
        cwd=tmp_path,
        env=os.environ | {"PYTHONIOENCODING": encoding},
    )
    assert (found.returncode, found.stderr) == (0, b"")
    assert found.stdout.startswith(b"wrote " + told + b".csv: ")


class Lost:
    """A terminal that is gone."""

    def isatty(self):
        return True

    def write(self, _):
        raise OSError(5, "Input/output error")

    flush = fileno = lambda self: self.write("")


def test_a_terminal_that_is_gone_stops_no_job(monkeypatch):
    monkeypatch.setattr("sys.stderr", Lost())
    remark("note")
    with ProgressBars() as bars:
        for step in range(3):
            bars(Progress("Kriging", step, 3))


@pytest.mark.parametrize("asked", ["option", "environment"])
def test_a_traceback_keeps_the_exit_code(monkeypatch, capsys, asked):
    monkeypatch.setenv("STENTRANS_DEBUG", "1" if asked == "environment" else "")
    option = ["--traceback"] if asked == "option" else []

    assert main(["info", "nofile", *option]) == 3

    told = capsys.readouterr().err
    assert told.startswith("Traceback (most recent call last)")
    assert "stentrans: error: nofile does not exist" in told
