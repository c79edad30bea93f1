"""What a method costs: seconds, and how far the process's memory grew meanwhile.

Only work inside ``with meter:`` counts, so that scoring is not charged to a method.
Memory is resident memory of this process, sampled by a thread: what all its threads
and native libraries hold, but not the memory of a graphics card nor of other
processes. What the method keeps between two blocks counts as held in the second.
"""

from __future__ import annotations

import ctypes
import gc
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

_PAUSE = 0.01
"""Seconds between two looks at the memory: a peak shorter than this may be missed."""
_STATM = Path("/proc/self/statm")


class Meter:
    """Adds up what is spent inside its ``with`` blocks.

    Attributes
    ----------
    seconds
        Wall-clock time.
    peak_bytes
        Highest growth of resident memory; NaN where it cannot be read.
    """

    def __init__(self) -> None:
        self.seconds = 0.0
        self.peak_bytes = 0.0
        self._held = 0.0
        self._resident = resident_memory()
        give_memory_back()

    def __enter__(self) -> None:
        self._before = self._highest = self._resident()
        self._done = threading.Event()
        self._watch = threading.Thread(target=self._look, daemon=True)
        self._watch.start()
        self._started = time.perf_counter()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.seconds += time.perf_counter() - self._started
        self._done.set()
        self._watch.join()
        after = self._resident()
        highest = max(self._highest, after)
        self.peak_bytes = max(self.peak_bytes, self._held + highest - self._before)
        self._held = max(self._held + after - self._before, 0.0)

    def _look(self) -> None:
        while not self._done.wait(_PAUSE):
            self._highest = max(self._highest, self._resident())


def resident_memory() -> Callable[[], float]:
    """Return how to read the resident memory of this process, in bytes.

    From the kernel on Linux, through psutil elsewhere if it is installed (napari
    brings it); otherwise NaN.
    """
    if _STATM.exists():
        import resource

        page = resource.getpagesize()
        return lambda: float(int(_STATM.read_text().split()[1]) * page)
    try:
        import psutil  # type: ignore[import-untyped]
    except ImportError:
        return lambda: float("nan")
    process = psutil.Process()
    return lambda: float(process.memory_info().rss)


def give_memory_back() -> None:
    """Return freed memory to the system, so that the next growth is seen in full."""
    gc.collect()
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:  # glibc has it, others do not
            trim(0)
