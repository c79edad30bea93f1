"""What the command line says: results on stdout, everything else on stderr."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager, suppress
from enum import IntEnum
from typing import TYPE_CHECKING, Any

from napari_stentrans.cli.signals import EndedError
from napari_stentrans.cli.streams import mute, tell
from napari_stentrans.errors import (
    ComputeError,
    InvalidRequestError,
    InvalidSectionError,
    ReadError,
    StEnTransError,
    UnknownGeneError,
)

if TYPE_CHECKING:
    from napari_stentrans.progress import Progress


class ExitCode(IntEnum):
    """What a script can tell from the exit status."""

    OK = 0
    UNEXPECTED = 1
    USAGE = 2
    INPUT = 3
    REQUEST = 4
    COMPUTE = 5
    INTERRUPTED = 130


EXIT_CODES_HELP = """\
exit codes:
  0    done
  1    unexpected error, a fault of this program: please report it
  2    wrong options, run file or output path
  3    the input cannot be read, or is not a valid section
  4    the request does not fit the section: unknown gene, bad mask, nothing to do
  5    computing or writing the result failed
  130  interrupted with Ctrl-C; no unfinished file is left
  143  the same, ended by the system (SIGTERM; 129 by SIGHUP)"""

_OF_SIGNALS = 128

_MEANING: dict[type[Exception], ExitCode] = {
    ReadError: ExitCode.INPUT,
    InvalidSectionError: ExitCode.INPUT,
    UnknownGeneError: ExitCode.REQUEST,
    InvalidRequestError: ExitCode.REQUEST,
    StEnTransError: ExitCode.COMPUTE,
    MemoryError: ExitCode.COMPUTE,
    OSError: ExitCode.COMPUTE,
}


_BAR = (
    "{desc}: {percentage:3.0f} % |{bar}| {n_fmt}/{total_fmt}, {remaining} left{postfix}"
)


class UsageError(StEnTransError):
    """The options, the run file or the output path are wrong."""

    def __init__(self, message: str, command: str = "") -> None:
        super().__init__(message)
        if command:
            self.add_note(f"See '{command} --help'.")


def say(text: str, *, quiet: bool = False) -> None:
    """Print a result; files are complete by then.

    Raises
    ------
    ComputeError
        If standard output takes no text.
    """
    if quiet:
        return
    try:
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        mute(sys.stdout)
        msg = (
            f"cannot print to standard output: {error.strerror or error}. Files that "
            "were asked for are complete. Send what is printed to another place."
        )
        raise ComputeError(msg) from error


def remark(text: str, *, quiet: bool = False) -> None:
    """Print something worth knowing that is no result."""
    if not quiet:
        tell(f"stentrans: {text}\n")


def report(error: BaseException) -> int:
    """Print an error as one block on stderr; returns the exit code."""
    if isinstance(error, KeyboardInterrupt):
        remark("interrupted; no unfinished file is left")
        if isinstance(error, EndedError):  # as shells have it
            return _OF_SIGNALS + int(error.args[0])
        return ExitCode.INTERRUPTED
    code, message = _explain(error)
    lines = [*message.splitlines(), *getattr(error, "__notes__", [])]
    tell("stentrans: error: " + "\n  ".join(lines) + "\n")
    return code


def _explain(error: BaseException) -> tuple[ExitCode, str]:
    if isinstance(error, UsageError):
        return ExitCode.USAGE, str(error)
    for kind, code in _MEANING.items():
        if isinstance(error, kind):
            told = str(error) or type(error).__name__
            return code, told if kind is not MemoryError else f"out of memory: {told}"
    return ExitCode.UNEXPECTED, (
        f"unexpected {type(error).__name__}: {error}\n"
        "This is a fault of the program. Please report it with the output of the same "
        "command and --traceback."
    )


class ProgressBars(AbstractContextManager["ProgressBars"]):
    """Shows `Progress` as one bar a phase with its remaining time.

    On a terminal only: to a file or a pipe it writes nothing.
    """

    def __init__(self, *, quiet: bool = False) -> None:
        self._shown = not quiet and sys.stderr.isatty()
        self._bar: Any = None
        self._phase = ""

    def __call__(self, progress: Progress) -> None:
        """Show one sign of life; never asks the job to stop."""
        if not self._shown:
            return
        try:
            self._show(progress)
        except OSError:  # the terminal is gone
            mute(sys.stderr)
            self._shown = False

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):
            self._close()

    def _show(self, progress: Progress) -> None:
        if self._bar is None or progress.phase != self._phase:
            self._open(progress)
        self._bar.update(progress.step - self._bar.n)
        if progress.loss is not None:
            self._bar.set_postfix_str(f"loss {progress.loss:.3g}", refresh=False)

    def _close(self) -> None:
        if self._bar is not None:
            self._bar.close()

    def _open(self, progress: Progress) -> None:
        from tqdm import tqdm

        self._close()
        self._phase = progress.phase
        self._bar = tqdm(
            total=progress.n_steps or None,
            desc=progress.phase,
            file=sys.stderr,
            leave=False,
            dynamic_ncols=True,
            bar_format=_BAR,
        )
