"""Back to the main thread, from wherever napari calls; no Qt where there is none."""

from __future__ import annotations

from collections.abc import Callable
from threading import current_thread, main_thread


def is_main_thread() -> bool:
    """Whether this is the thread of the window."""
    return current_thread() is main_thread()


def in_main_thread(act: Callable[[], None]) -> None:
    """Do something in the main thread: now if this is it, else as soon as it can."""
    if is_main_thread():
        act()
        return
    from superqt.utils import ensure_main_thread

    ensure_main_thread(act)()
