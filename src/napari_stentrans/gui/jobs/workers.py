"""Jobs in a background thread, and the one guard between torch and Qt.

superqt's generator workers swallow every ``RuntimeError`` without a signal, and all of
torch's failures are of that family: they are translated here, in the thread, before
superqt can see them.
"""

from __future__ import annotations

import atexit
import time
from collections.abc import Callable, Generator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, wraps
from threading import Event
from typing import Any, ParamSpec, TypeVar
from weakref import WeakSet

from napari_stentrans.errors import ComputeError
from napari_stentrans.gui.jobs.desk import Job, JobListener
from napari_stentrans.gui.jobs.main_thread import is_main_thread
from napari_stentrans.progress import Progress, Steps

P = ParamSpec("P")
T = TypeVar("T")

_PACE = 0.03
"""Seconds between two signs of life that reach the window."""
_LAST_WAIT_MS = 10_000
"""How long the end of the program waits for threads to heed that it is over."""
_JOBS_AT_ONCE = 8
"""At least: most of them are short, and none is to wait for a run to end."""


def surfaced(
    steps: Callable[P, Steps[T]], *, advice: str = ""
) -> Callable[P, Steps[T]]:
    """Make failures of the device visible through a superqt worker.

    ``advice`` is what to do about them.
    """

    @wraps(steps)
    def run(*args: P.args, **kwargs: P.kwargs) -> Steps[T]:
        try:
            return (yield from steps(*args, **kwargs))
        except (RuntimeError, MemoryError) as error:
            told = (str(error).strip() or type(error).__name__).splitlines()[0]
            msg = f"the computation failed: {told}. {advice}".strip()
            raise ComputeError(msg) from error

    return run


def paced(
    steps: Steps[T], pace: float = _PACE, is_stopped: Callable[[], bool] = bool
) -> Steps[T]:
    """Let through the first sign of life, then one in ``pace`` seconds.

    Results and scores along the way and the end of each phase always pass. Whether the
    job is to stop is asked at every sign of life, also those that do not pass.
    """
    answer: bool | None = None
    phase, last = None, -pace
    while True:
        try:
            progress = steps.send(answer)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]
        answer, now = None, time.monotonic()
        has_result = progress.partial is not None or bool(progress.scores)
        is_news = has_result or progress.phase != phase
        if is_news or progress.fraction >= 1 or now - last >= pace:
            phase, last = progress.phase, now
            answer = yield progress
        answer = is_stopped() or answer


def start_job(steps: Callable[[], Steps[Any]], listener: JobListener) -> Job:
    """Run a job in a thread of Qt's pool; to be called in the main thread."""
    from superqt.utils import create_worker

    assert is_main_thread(), "no report of a job that is started elsewhere arrives"
    stopping = Event()

    @surfaced
    def guarded() -> Generator[Progress, bool | None, Any]:
        return (yield from paced(steps(), is_stopped=stopping.is_set))

    worker = create_worker(
        guarded,
        _start_thread=False,
        _worker_class=_closing_worker(),
        _connect={
            "yielded": listener.progressed,
            "returned": listener.returned,
            "errored": listener.failed,
        },
    )
    _end_before_qt()
    _let_many_run()
    worker.start()
    return _ThreadJob(worker, stopping)


@cache
def _closing_worker() -> type[Any]:
    """Make superqt's worker close a job that is not wanted any more, in its thread.

    It would be closed in the main thread else, and the window wait there for what the
    job's own threads have begun.
    """
    from superqt.utils import GeneratorWorker

    class ClosingWorker(GeneratorWorker[Any, Any, Any]):
        def work(self) -> Any:
            try:
                return super().work()
            finally:
                self._gen.close()

    return ClosingWorker


@cache
def _end_before_qt() -> None:
    """Let no thread outlive what it reports to: the program would abort.

    Called with a job at hand, so that Qt has registered its own end before: the last
    registered comes first.
    """
    atexit.register(_end_workers)


@cache
def _let_many_run() -> None:
    """Let jobs run beside one another also where there are few cores."""
    from qtpy.QtCore import QThreadPool

    pool = QThreadPool.globalInstance()
    assert pool is not None, "superqt runs its workers there"
    pool.setMaxThreadCount(max(_JOBS_AT_ONCE, pool.maxThreadCount()))


def _end_workers() -> None:
    from superqt.utils import WorkerBase

    limit = None if any(worker.is_running for worker in _kept) else _LAST_WAIT_MS
    with suppress(RuntimeError):  # in the midst of something long
        WorkerBase.await_workers(limit)


_kept: WeakSet[Any] = WeakSet()
"""Workers that the end of the program waits for, as long as they take."""


@dataclass(frozen=True, eq=False)
class _ThreadJob:
    worker: Any
    stopping: Event
    """Superqt passes one message on, to whatever step comes next, be it the first."""

    def stop(self) -> None:
        self.stopping.set()

    def discard(self) -> None:
        type(self.worker).quit(self.worker)

    def keep(self) -> None:
        # At the end of the program superqt asks workers to quit, and waits for them.
        self.worker.quit = _go_on
        _kept.add(self.worker)


def _go_on() -> None:
    """Do not quit."""
