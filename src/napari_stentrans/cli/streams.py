"""Standard output and error where they are closed, full, gone or of few letters."""

from __future__ import annotations

import io
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import TextIO


def tell(text: str) -> None:
    """Write on stderr; what cannot be told there stops nothing."""
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except OSError:
        mute(sys.stderr)


def mute(stream: TextIO) -> None:
    """Let a stream that takes no text lead nowhere: it must not fail again at exit."""
    with suppress(OSError, ValueError):  # some streams are no files
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def open_closed() -> None:
    """Let standard streams that were closed (``>&-``) lead nowhere.

    Python has None for them. Their place is taken, too, so that it does not become that
    of a data file, which others would then print into.
    """
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            nowhere = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115
            setattr(sys, name, nowhere)


def escape_unknown() -> None:
    """Let letters that a stream has not (of names, in cp1252) be written as escapes.

    As standard error does by itself. Another way that somebody asked for is kept.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(errors="backslashreplace")
