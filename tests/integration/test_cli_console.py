"""What the command line shows on a terminal, and in a pipe."""

from __future__ import annotations

import io
import os
import re
import signal
import sys
import time

import pytest

from napari_stentrans.cli.console import ExitCode, ProgressBars, UsageError, report
from napari_stentrans.cli.signals import EndedError, ended_as_interrupted
from napari_stentrans.errors import ComputeError, InvalidSectionError, UnknownGeneError
from napari_stentrans.progress import Progress

ON_POSIX = pytest.mark.skipif(sys.platform == "win32", reason="has no such signals")


class Terminal(io.StringIO):
    def isatty(self):
        return True


JOB = [Progress("Kriging", step, 4) for step in range(5)] + [
    Progress("Training", 10, 200, loss=0.12345)
]


def show(monkeypatch, stream, *, quiet=False) -> str:
    monkeypatch.setattr("sys.stderr", stream)
    with ProgressBars(quiet=quiet) as bars:
        for progress in JOB:
            assert bars(progress) is None  # never asks the job to stop
            if bars._bar is not None:
                bars._bar.refresh()
    return stream.getvalue()


def test_each_phase_has_a_bar_with_its_remaining_time(monkeypatch):
    shown = show(monkeypatch, Terminal())
    assert "Kriging: 100 %" in shown
    assert "Training:   5 %" in shown
    assert re.search(r"10/200, \S+ left, loss 0.123", shown)
    assert shown.index("Kriging") < shown.index("Training")


def test_a_pipe_and_quiet_see_nothing(monkeypatch):
    assert show(monkeypatch, io.StringIO()) == ""
    assert show(monkeypatch, Terminal(), quiet=True) == ""


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (UsageError("x"), ExitCode.USAGE),
        (InvalidSectionError("x"), ExitCode.INPUT),
        (UnknownGeneError("x"), ExitCode.REQUEST),
        (ComputeError("x"), ExitCode.COMPUTE),
        (KeyboardInterrupt(), ExitCode.INTERRUPTED),
        (EndedError(signal.SIGTERM), 143),
        (KeyError("x"), ExitCode.UNEXPECTED),
    ],
    ids=lambda value: type(value).__name__,
)
def test_kinds_of_errors_have_their_codes(error, code, capsys):
    assert report(error) == code
    assert capsys.readouterr().err.startswith("stentrans: ")


def test_an_error_is_one_block_with_all_problems_and_notes(capsys):
    error = InvalidSectionError(["3 counts are negative", "2 genes occur twice"])
    error.add_note("while reading counts.tsv")

    report(error)

    assert capsys.readouterr().err == (
        "stentrans: error: 3 counts are negative\n"
        "  2 genes occur twice\n"
        "  while reading counts.tsv\n"
    )


@ON_POSIX
@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_the_system_ends_a_run_as_ctrl_c_does(name):
    number = getattr(signal, name)
    before = signal.signal(number, signal.SIG_DFL)  # nohup may have changed it

    def wait():
        with ended_as_interrupted():
            os.kill(os.getpid(), number)
            time.sleep(5)  # cut short

    try:
        with pytest.raises(EndedError):
            wait()
        assert signal.getsignal(number) is signal.SIG_DFL
    finally:
        signal.signal(number, before)


@ON_POSIX
def test_a_signal_that_is_ignored_stays_so():
    """As by nohup: the run goes on without its terminal."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with ended_as_interrupted():
            os.kill(os.getpid(), signal.SIGHUP)
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)
