"""One background job at a time, whose late reports are dropped. Knows no Qt.

Each job reports by way of a place where its listener is kept: when the job is discarded
nobody is there any more, and when it is left alone perhaps another.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

from napari_stentrans.progress import Progress, Steps


def _ignore(_told: object) -> None:
    """Do nothing about it."""


@dataclass(frozen=True, eq=False, kw_only=True)
class JobListener:
    """What to call, in the main thread, when a job reports; what is left out, nothing.

    Attributes
    ----------
    progressed
        At every sign of life that passes.
    returned, failed
        At the end: with the result, or with what went wrong.
    """

    progressed: Callable[[Progress], None] = _ignore
    returned: Callable[[Any], None] = _ignore
    failed: Callable[[Exception], None] = _ignore


@dataclass(eq=False)
class _Place:
    """Where the one who listens to a job is found, for as long as it runs."""

    listener: JobListener


class Job(Protocol):
    """A job that runs."""

    def stop(self) -> None:
        """Ask it to end soon and return what it has."""

    def discard(self) -> None:
        """Ask it to end soon and return nothing."""

    def keep(self) -> None:
        """Let it run to its end even if the program is left meanwhile."""


StartJob: TypeAlias = Callable[[Callable[[], Steps[Any]], JobListener], Job]


class JobDesk:
    """Starts jobs, and knows the one that runs.

    Parameters
    ----------
    start
        How a job is run in the background.
    """

    def __init__(self, start: StartJob) -> None:
        self._start = start
        self._job: Job | None = None
        self._place = _Place(JobListener())

    @property
    def is_busy(self) -> bool:
        """Whether a job runs."""
        return self._job is not None

    def run(self, steps: Callable[[], Steps[Any]], listener: JobListener) -> None:
        """Start a job; whatever ran before is discarded."""
        self.discard()
        place = self._place = _Place(listener)
        self._job = self._start(
            steps,
            JobListener(
                progressed=lambda progress: place.listener.progressed(progress),
                returned=lambda result: self._ended(place).returned(result),
                failed=lambda error: self._ended(place).failed(error),
            ),
        )

    def stop(self) -> None:
        """Ask the running job to return what it has."""
        if self._job is not None:
            self._job.stop()

    def discard(self) -> None:
        """Ask the running job to end, and listen to it no more."""
        if self._job is not None:
            self._job.discard()
        self.leave()

    def keep(self) -> None:
        """Let the running job run to its end even if the program is left meanwhile."""
        if self._job is not None:
            self._job.keep()

    def leave(self, instead: JobListener | None = None) -> None:
        """Let the running job go on to its end; only ``instead`` hears of it."""
        self._place.listener = instead or JobListener()
        self._place, self._job = _Place(JobListener()), None

    def _ended(self, place: _Place) -> JobListener:
        """Who is to hear of the end of a job, and is held no longer."""
        if place is self._place:
            self._place, self._job = _Place(JobListener()), None
        return place.listener
