"""What a running method tells of its learning, as points to draw. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import isfinite

from napari_stentrans.progress import Progress

Points = list[tuple[int, float]]

KRIGING = 1.0
"""Held-out error of kriging, the unit in which errors are told."""
_TRAINING = "Training"
_SMOOTHING = 0.1
_HIGHEST = 3.0
"""Errors above this many times kriging's are drawn at the edge."""


@dataclass(eq=False)
class Curves:
    """Points of one run.

    Attributes
    ----------
    phase, n_steps
        What the steps are of, and how many there will be.
    loss
        (step, training loss).
    held_out
        (step, error at spots that were held out), as a share of kriging's.
    """

    phase: str = ""
    n_steps: int = 0
    loss: Points = field(default_factory=list)
    held_out: Points = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to draw."""
        return not self.loss and not self.held_out

    def add(self, progress: Progress) -> bool:
        """Take in a sign of life; return whether there is something new to draw."""
        score = progress.scores.get("network")
        if progress.loss is None and score is None:
            return False
        if progress.phase != self.phase:
            if self.phase == _TRAINING:  # what is judged afterwards would hide it
                return False
            self.phase, self.loss, self.held_out = progress.phase, [], []
        self.n_steps = progress.n_steps
        for points, value in ((self.loss, progress.loss), (self.held_out, score)):
            if value is not None and isfinite(value):
                points.append((progress.step, value))
        return True

    def smooth_loss(self) -> Points:
        """Loss as a mean of the last steps: single ones differ by what was drawn."""
        smooth: Points = []
        for step, value in self.loss:
            before = smooth[-1][1] if smooth else value
            smooth.append((step, before + (value - before) * _SMOOTHING))
        return smooth

    def limits(self) -> tuple[float, float]:
        """Lowest and highest value of the drawing, which shows all that matters."""
        values = [value for _, value in (*self.smooth_loss(), *self.held_out)]
        if self.held_out:
            values.append(KRIGING)
            values = [min(value, _HIGHEST) for value in values]
        if not values:
            return 0.0, 1.0
        low, high = min(values), max(values)
        room = 0.08 * (high - low) or 0.1 * (high or 1.0)
        return low - room, high + room
