"""How long jobs report: generators of `Progress`, and the one driver that runs them.

A job is a generator that yields `Progress` and returns its result. Sending a true
value into it asks it to stop early *and keep what it has*; closing it discards the job.
Knows nothing about threads, terminals or windows.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any, TypeAlias, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class Progress:
    """One sign of life of a long job.

    Attributes
    ----------
    phase
        What is being done, in words a user understands ("Kriging", "Training").
    step, n_steps
        Steps done and in all, within this phase.
    loss
        Training loss, where there is one.
    scores
        Error at held-out spots as a share of what kriging misses there, by the name of
        who predicts them: ``"network"``. Kriging itself has 1. Empty between checks.
    partial
        A result that is usable already (a fitted method, a preview), or None.
    """

    phase: str
    step: int
    n_steps: int
    loss: float | None = None
    scores: Mapping[str, float] = field(default_factory=dict)
    partial: Any = None

    @property
    def fraction(self) -> float:
        """Share of this phase that is done, 0 to 1."""
        return self.step / self.n_steps if self.n_steps else 0.0


Steps: TypeAlias = Generator[Progress, bool | None, T]


def changed(steps: Steps[T], change: Callable[[Progress], Progress]) -> Steps[T]:
    """Run a job as it is, but for what it reports.

    Parameters
    ----------
    steps
        The job. Answers reach it, and it is closed with this one.
    change
        Makes of each `Progress` the one that is yielded.
    """
    answer: bool | None = None
    with closing(steps):
        while True:
            try:
                progress = steps.send(answer)
            except StopIteration as end:
                return end.value  # type: ignore[no-any-return]
            answer = yield change(progress)


def run_to_end(
    steps: Steps[T], on_progress: Callable[[Progress], bool | None] | None = None
) -> T:
    """Drive a job to its end and return its result.

    Parameters
    ----------
    steps
        The job.
    on_progress
        Called with every `Progress`; returning True asks the job to stop early
        and keep what it has.
    """
    answer: bool | None = None
    while True:
        try:
            progress = steps.send(answer)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]
        answer = bool(on_progress(progress)) if on_progress else None
