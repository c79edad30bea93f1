"""Time and memory of a method."""

from __future__ import annotations

import time

import numpy as np
import pytest

from napari_stentrans.evaluation import resources
from napari_stentrans.evaluation.resources import Meter, resident_memory

MEGABYTE = 1e6


@pytest.fixture(autouse=True)
def _readable():
    if np.isnan(resident_memory()()):
        pytest.skip("memory cannot be read here")


def looked_at(meter):
    """Wait until the thread that watches has seen what is held now."""
    held = meter._before + 150 * MEGABYTE
    give_up = time.monotonic() + 60
    while meter._highest < held and time.monotonic() < give_up:
        time.sleep(0.005)


def test_a_passing_peak_is_seen():
    meter = Meter()
    with meter:
        array = np.ones(int(200 * MEGABYTE / 8))
        looked_at(meter)
        del array
    assert 150 < meter.peak_bytes / MEGABYTE < 300


def test_what_is_kept_counts_in_later_blocks_and_the_rest_does_not():
    meter = Meter()
    with meter:
        kept = np.ones(int(100 * MEGABYTE / 8))
    not_its_own = np.ones(int(150 * MEGABYTE / 8))
    with meter:
        more = np.ones(int(60 * MEGABYTE / 8))
    assert kept.sum() + not_its_own.sum() + more.sum() > 0
    assert 130 < meter.peak_bytes / MEGABYTE < 220


def test_seconds_are_those_inside(monkeypatch):
    clock = iter([1.0, 1.5, 4.0, 4.25])
    monkeypatch.setattr(resources.time, "perf_counter", lambda: next(clock))
    meter = Meter()
    with meter:
        pass
    with meter:
        pass
    assert meter.seconds == 0.75


def test_a_failure_inside_is_not_hidden():
    meter = Meter()
    with pytest.raises(ValueError, match="inside"), meter:
        raise ValueError("inside")
