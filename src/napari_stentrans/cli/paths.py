"""Paths among the options: an empty one is a slip, not the current folder."""

from __future__ import annotations

import argparse
from pathlib import Path

from napari_stentrans.io.files.home import at_home


def named(text: str) -> str:
    """Return the text as it is, unless it is empty.

    Raises
    ------
    ArgumentTypeError
        If it is, mostly by a variable of the shell that is not set.
    """
    if not text:
        msg = "it is empty (a shell variable that is not set?); name a file or folder"
        raise argparse.ArgumentTypeError(msg)
    return text


def path_of(text: str) -> Path:
    """Return what is read or written, with ``~`` for a home."""
    return at_home(named(text))
