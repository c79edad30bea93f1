"""How long a phase of a job still takes, from the progress seen so far. Pure."""

from __future__ import annotations

import time
from collections.abc import Callable

from napari_stentrans.progress import Progress
from napari_stentrans.wording import time_in_words

_TOO_EARLY = 0.02
"""Share of a phase below which nothing is foretold."""


class RemainingTime:
    """Foretells the end of a phase from its mean speed."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self.restart()

    def restart(self) -> None:
        """Forget the job before."""
        self._phase: str | None = None
        self._began = 0.0
        self._first = 0.0

    def after(self, progress: Progress) -> float | None:
        """Seconds until this phase is done; None while that cannot be said."""
        now = self._clock()
        if progress.phase != self._phase:
            self._phase, self._began, self._first = (
                progress.phase,
                now,
                progress.fraction,
            )
        done = progress.fraction - self._first
        if done < _TOO_EARLY or now == self._began:
            return None
        return (now - self._began) / done * (1 - progress.fraction)


def progress_text(progress: Progress, seconds: float | None) -> str:
    """One line about a running job: phase, steps and remaining time."""
    text = progress.phase
    if progress.n_steps > 1:
        text += f" {progress.step}/{progress.n_steps}"
    if seconds is not None and progress.fraction < 1:
        text += f" · about {time_in_words(seconds)} left"
    return text
