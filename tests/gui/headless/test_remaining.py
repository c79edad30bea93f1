from __future__ import annotations

import pytest

from napari_stentrans.gui.jobs.remaining import RemainingTime, progress_text
from napari_stentrans.progress import Progress


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


def test_foretells_from_the_mean_speed_of_the_phase():
    clock = Clock()
    remaining = RemainingTime(clock)

    assert remaining.after(Progress("Training", 0, 100)) is None
    clock.now += 10
    assert remaining.after(Progress("Training", 25, 100)) == pytest.approx(30)
    clock.now += 10
    assert remaining.after(Progress("Training", 75, 100)) == pytest.approx(20 / 3)


def test_each_phase_starts_anew():
    clock = Clock()
    remaining = RemainingTime(clock)
    remaining.after(Progress("Reading", 0, 2))
    clock.now += 60

    assert remaining.after(Progress("Training", 0, 10)) is None
    clock.now += 1
    assert remaining.after(Progress("Training", 5, 10)) == pytest.approx(1)


def test_says_nothing_too_early():
    clock = Clock()
    remaining = RemainingTime(clock)
    remaining.after(Progress("Training", 0, 1000))
    clock.now += 1

    assert remaining.after(Progress("Training", 1, 1000)) is None


def test_progress_text():
    half = Progress("Training", 50, 100)
    assert progress_text(half, 12.0) == "Training 50/100 · about 12 s left"
    assert progress_text(half, None) == "Training 50/100"
    assert progress_text(Progress("Saving", 0, 1), None) == "Saving"
