"""Paths as people write them, with ``~`` for a home."""

from __future__ import annotations

import os
from pathlib import Path


def at_home(path: str | Path) -> Path:
    """Return a path with the home that a leading ``~`` or ``~name`` stands for.

    Where nobody is called so, ``~`` is a letter as any other, as the shell has it:
    `Path.expanduser` would raise a RuntimeError instead.
    """
    return Path(os.path.expanduser(path))  # noqa: PTH111
