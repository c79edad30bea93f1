"""Removing layers without the long pause that comes with it.

napari collects garbage by itself after each layer that goes, which takes hundreds of
milliseconds in a process with torch and pandas. What is frozen is not looked through;
thawed again at once, it is collected when Python does so by itself.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def no_collecting() -> Iterator[None]:
    """Let explicit collections find nothing to look through."""
    if gc.get_freeze_count():  # somebody else's: not ours to thaw
        yield
        return
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
