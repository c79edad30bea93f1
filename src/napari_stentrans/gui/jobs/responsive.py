"""How the window stays responsive: turns of its event loop, and waiting for a result.

A result is waited for where napari wants to have it at once, such as a file that was
dropped, or sample data: other long work is a job of the desk.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeAlias, TypeVar

from qtpy.QtCore import QCoreApplication, QEventLoop, QMetaObject, Qt, QTimer

from napari_stentrans.errors import WindowClosedError
from napari_stentrans.gui.jobs.main_thread import is_main_thread
from napari_stentrans.progress import Progress

T = TypeVar("T")
Report: TypeAlias = Callable[[Progress], bool]

_POLL_MS = 100
_UNTOLD_MS = 1000
"""What takes no longer needs no words."""
_TURN_MS = 1
"""Not 0: Qt takes that for an event of now, handled before mouse, keys and painting."""


def next_turn(act: Callable[[], None]) -> None:
    """Do something once the window has dealt with what waits, such as painting."""
    QTimer.singleShot(_TURN_MS, act)


def responsively(work: Callable[[Report], T], title: str) -> T:
    """Do work in a thread and return its result; away from a window, do it here.

    Parameters
    ----------
    work
        Given a function to report progress to, which answers whether to stop.
    title
        What is told if it takes a while.

    Raises
    ------
    WindowClosedError
        If the window is closed before the result is there.
    """
    if QCoreApplication.instance() is None or not is_main_thread():
        return work(lambda _: False)
    from napari.utils import progress
    from napari.utils.notifications import show_info

    latest: list[Progress] = []
    window_closes = False

    def report(told: Progress) -> bool:
        latest[:] = [told]
        return window_closes

    loop, timer, patience = QEventLoop(), QTimer(), QTimer()
    patience.setSingleShot(True)
    queued = Qt.ConnectionType.QueuedConnection
    with ThreadPoolExecutor(1) as pool, progress(desc=title) as bar:

        def look() -> None:
            if latest:  # what is shown draws the whole window anew
                told = latest.pop()
                bar.total = told.n_steps or None
                bar.set_description(told.phase)
                bar.update(told.step - bar.n)

        timer.timeout.connect(look)
        patience.timeout.connect(lambda: show_info(title))
        timer.start(_POLL_MS)
        patience.start(_UNTOLD_MS)
        future = pool.submit(work, report)
        future.add_done_callback(
            lambda _: QMetaObject.invokeMethod(loop, "quit", queued)
        )
        loop.exec()
        timer.stop()
        patience.stop()
        window_closes = not future.done()
    if window_closes:
        raise WindowClosedError(title)
    return future.result()
