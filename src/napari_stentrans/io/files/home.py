"""Paths as people write them, with ``~`` for a home."""

from __future__ import annotations

import os
from pathlib import Path

from napari_stentrans.errors import InvalidRequestError


def at_home(path: str | os.PathLike[str], what: str = "the path") -> Path:
    """Return a path with the home that a leading ``~`` or ``~name`` stands for.

    Where nobody is called so, ``~`` is a letter as any other, as the shell has it:
    `Path.expanduser` would raise a RuntimeError instead.

    Parameters
    ----------
    path
        As given.
    what
        What to call it where it is none.

    Raises
    ------
    InvalidRequestError
        If it is no path, or "", which would be the current folder.
    """
    if not isinstance(path, str | os.PathLike):
        msg = f"{what} must be a str or a Path, not {path!r}"
        raise InvalidRequestError(msg)
    if path == "":
        msg = f"{what} is empty; name a file or folder ('.' is the current folder)"
        raise InvalidRequestError(msg)
    return Path(os.path.expanduser(path))  # noqa: PTH111
