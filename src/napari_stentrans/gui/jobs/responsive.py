"""How the window stays responsive: turns of its event loop, and waiting for a result.

A result is waited for where napari wants to have it at once, such as sample data: other
long work is a job of the desk.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeAlias, TypeVar

from qtpy.QtCore import QCoreApplication, QEventLoop, QTimer

from napari_stentrans.progress import Progress

T = TypeVar("T")
Report: TypeAlias = Callable[[Progress], bool]

_POLL_MS = 100
_TURN_MS = 1
"""Not 0: Qt takes that for an event of now, handled before mouse, keys and painting."""


def next_turn(act: Callable[[], None]) -> None:
    """Do something once the window has dealt with what waits, such as painting."""
    QTimer.singleShot(_TURN_MS, act)


def responsively(work: Callable[[Report], T], title: str) -> T:
    """Do work in a thread and return its result; without a window, do it here.

    Parameters
    ----------
    work
        Given a function to report progress to, which answers whether to stop.
    title
        What is told at the start.
    """
    if QCoreApplication.instance() is None:
        return work(lambda _: False)
    from napari.utils import progress
    from napari.utils.notifications import show_info

    latest: list[Progress] = []
    window_closes = False

    def report(told: Progress) -> bool:
        latest[:] = [told]
        return window_closes

    show_info(title)
    loop, timer = QEventLoop(), QTimer()
    with ThreadPoolExecutor(1) as pool, progress(desc=title) as bar:
        future = pool.submit(work, report)

        def look() -> None:
            if future.done():
                loop.quit()
            if latest:  # what is shown draws the whole window anew
                told = latest.pop()
                bar.total = told.n_steps or None
                bar.set_description(told.phase)
                bar.update(told.step - bar.n)

        timer.timeout.connect(look)
        timer.start(_POLL_MS)
        loop.exec()
        timer.stop()
        window_closes = True
        return future.result()
