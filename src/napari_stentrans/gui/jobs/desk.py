"""One background job at a time, whose late reports are dropped. Knows no Qt.

Each job has a generation number; a report of an older generation than the current one
comes from a job that was discarded meanwhile, and is ignored.
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
        self._generation = 0

    @property
    def is_busy(self) -> bool:
        """Whether a job runs."""
        return self._job is not None

    def run(self, steps: Callable[[], Steps[Any]], listener: JobListener) -> None:
        """Start a job; whatever ran before is discarded."""
        self.discard()
        generation = self._generation

        def current(act: Callable[[Any], None], *, ends: bool) -> Callable[[Any], None]:
            def report(value: Any) -> None:
                if generation == self._generation:
                    if ends:
                        self._job = None
                    act(value)

            return report

        self._job = self._start(
            steps,
            JobListener(
                progressed=current(listener.progressed, ends=False),
                returned=current(listener.returned, ends=True),
                failed=current(listener.failed, ends=True),
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

    def leave(self) -> None:
        """Listen no more to the running job, which goes on to its end."""
        self._generation += 1
        self._job = None
