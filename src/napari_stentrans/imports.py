"""Importing large libraries without the pauses of the garbage collector."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def importing() -> Iterator[None]:
    """Let the garbage collector rest while libraries are imported inside.

    Modules stay, but with every quarter that they add to its objects Python looks
    through all of them: a sixth of the time that torch takes, and, since all threads
    have to wait, up to half a second in which a window does not move. What was imported
    counts as looked through afterwards.
    """
    if not gc.isenabled() or gc.get_freeze_count():  # others have plans of their own
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.unfreeze()  # into the oldest generation
        gc.enable()
