from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from napari_stentrans import estimates
from napari_stentrans.config import PRESETS, RunConfig, with_preset
from napari_stentrans.datasets import simulated_section
from napari_stentrans.errors import InvalidRequestError
from napari_stentrans.estimates import (
    Workload,
    check_memory,
    estimate,
    slowness_after,
)
from napari_stentrans.methods.base import method_names
from napari_stentrans.pipeline import enhance

MELANOMA = Workload(spots=279, genes=13_024, values=557_593, positions=1_116)
VISIUM = Workload(spots=3_106, genes=10_913, values=2_423_896, positions=12_424)


def preset(name):
    return with_preset(RunConfig(), name)


@pytest.mark.parametrize(
    ("work", "name", "seconds"),
    [  # measured: CPU seconds of one core, and megabytes, of a run on these sections
        (MELANOMA, "instant", 0.7),
        (MELANOMA, "standard", 3.7),
        (MELANOMA, "best", 16.4),
        (VISIUM, "instant", 5.5),
        (VISIUM, "standard", 24),
        (VISIUM, "best", 31),
    ],
)
def test_seconds_are_those_that_were_measured(work, name, seconds):
    assert estimate(work, preset(name)).seconds == pytest.approx(seconds, rel=0.6)


def test_memory_is_what_was_measured():
    assert estimate(VISIUM, preset("instant")).memory == pytest.approx(0.21e9, rel=0.3)
    assert estimate(VISIUM, preset("standard")).memory == pytest.approx(0.3e9, rel=0.3)


@pytest.mark.parametrize(
    ("spots", "measured"),
    [  # of cells and of bins, one position each: peak above that of a first small run
        (20_000, 1.10e9),
        (27_725, 1.19e9),
    ],
)
def test_memory_of_large_sections_is_what_was_measured(spots, measured):
    """Little more than for kriging: the network takes spots in slices."""
    work = Workload(spots, genes=300, values=2_000_000, positions=spots)
    assert estimate(work, preset("standard")).memory == pytest.approx(measured, rel=0.2)


def test_what_kriging_keeps_is_bounded():
    """Measured: 0.72 GB on 59,025 bins, 0.78 GB on 80,734, one position each."""
    bins = Workload(spots=80_734, genes=2_973, values=11_309_131, positions=80_734)
    assert 0.78e9 < estimate(bins, preset("instant")).memory < 1.5e9


def test_a_run_is_refused_that_no_memory_here_would_hold(monkeypatch):
    section = simulated_section(n_rows=12, n_cols=10, n_genes=12, seed=0).section
    needed = estimate(Workload.of(section, RunConfig()), RunConfig()).memory
    monkeypatch.setattr(estimates, "machine_memory", lambda: needed)
    check_memory(section, RunConfig())
    monkeypatch.setattr(estimates, "machine_memory", lambda: None)
    check_memory(section, RunConfig())
    monkeypatch.setattr(estimates, "machine_memory", lambda: needed / 2)
    with pytest.raises(InvalidRequestError, match=r"101 spots.* about 50 spots.*bin_"):
        check_memory(section, RunConfig())
    with pytest.raises(InvalidRequestError, match="needs about"):
        enhance(section)


def test_more_thorough_is_never_cheaper():
    for work in (MELANOMA, VISIUM):
        costs = [estimate(work, preset(name)) for name in PRESETS]
        assert costs == sorted(costs, key=lambda cost: cost.seconds)
        assert [c.memory for c in costs] == sorted(c.memory for c in costs)


@pytest.mark.parametrize("method", method_names())
@pytest.mark.parametrize("part", ["spots", "positions", "genes", "values"])
def test_a_larger_section_is_never_cheaper(method, part):
    config = RunConfig(method=method)
    larger = replace(VISIUM, **{part: 3 * getattr(VISIUM, part)})
    small, large = estimate(VISIUM, config), estimate(larger, config)
    assert large.seconds >= small.seconds > 0
    assert large.memory >= small.memory > 0


def test_a_gpu_makes_the_network_faster_and_nothing_else():
    def seconds(name, device):
        return estimate(VISIUM, preset(name), device).seconds

    assert seconds("instant", "cuda") == seconds("instant", "cpu")
    assert seconds("best", "cuda") < 0.5 * seconds("best", "cpu")


def test_the_workload_is_that_of_the_section():
    section = simulated_section(n_rows=6, n_cols=5, n_genes=12, seed=0).section
    work = Workload.of(section, RunConfig(refine=3), n_new=2)

    assert work.spots == section.n_spots
    assert work.values == (section.counts.toarray() > 0).sum()
    assert work.positions == 9 * (section.n_spots + 2)
    share = (section.counts.toarray() > 0).mean(axis=0)
    assert work.genes == (share >= 0.01).sum()


def test_what_runs_took_is_learnt():
    config, slowness = preset("standard"), {}
    truth = 5 * estimate(VISIUM, config).seconds

    for _ in range(8):
        slowness = slowness_after(slowness, VISIUM, config, "cpu", truth)

    told = estimate(VISIUM, config, "cpu", slowness).seconds
    assert told == pytest.approx(truth, rel=0.02)
    assert estimate(MELANOMA, config, "cpu", slowness).seconds > 4 * (
        estimate(MELANOMA, config).seconds
    )


def test_one_slow_run_says_little():
    """Another program may have kept the computer busy."""
    config = preset("instant")
    usual = estimate(VISIUM, config).seconds
    slowness = slowness_after({}, VISIUM, config, "cpu", 16 * usual)
    assert estimate(VISIUM, config, "cpu", slowness).seconds == pytest.approx(4 * usual)


def test_methods_and_devices_are_learnt_apart():
    config = preset("standard")
    slowness = slowness_after({"dist cpu": 3.0}, VISIUM, config, "cuda", 1e4)
    assert slowness["dist cpu"] == 3.0
    assert estimate(VISIUM, config, "cpu", slowness) == estimate(VISIUM, config)


def test_given_positions_take_the_place_of_those_of_the_lattice():
    section = simulated_section(n_rows=6, n_cols=5, n_genes=12, seed=0).section
    work = Workload.of(section, RunConfig(refine=3), n_given=1000)
    assert work.positions == section.n_spots + 1000


def test_positions_that_no_memory_here_would_hold_are_refused(monkeypatch):
    section = simulated_section(n_rows=6, n_cols=5, n_genes=12, seed=0).section
    monkeypatch.setattr(estimates, "machine_memory", lambda: 1e9)
    at = np.broadcast_to([1.0, 2.0], (2_000_000, 2))
    with pytest.raises(InvalidRequestError, match="GB of memory"):
        enhance(section, method="kriging", at=at)
