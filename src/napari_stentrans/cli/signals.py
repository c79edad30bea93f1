"""Being ended by the system, as by a batch queue: an interruption like Ctrl-C.

Without this the program would be gone at once, and unfinished files would stay.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

_POLITE = ("SIGTERM", "SIGHUP")
"""What batch queues and closing terminals send; Windows knows the first alone."""


class EndedError(KeyboardInterrupt):
    """The system asked the program to end; its argument is the number of the signal."""


@contextmanager
def ended_as_interrupted() -> Iterator[None]:
    """Raise `EndedError` within the block when the system asks the program to end.

    A signal that is ignored (as by nohup), or looked after by somebody else, stays so.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # only that one may say what signals do
        return
    known = [getattr(signal, name) for name in _POLITE if hasattr(signal, name)]
    taken = [each for each in known if signal.getsignal(each) is signal.SIG_DFL]
    for each in taken:
        signal.signal(each, _end)
    try:
        yield
    finally:
        for each in taken:
            signal.signal(each, signal.SIG_DFL)


def _end(number: int, _frame: FrameType | None) -> NoReturn:
    raise EndedError(number)
