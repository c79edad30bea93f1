"""The script of what could be reached: whoever sees more predicts better."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

from napari_stentrans.datasets import simulated_section
from napari_stentrans.section.section import Section

_HIGHEST = 1


@pytest.fixture
def script(repository: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script, imported from its folder."""
    monkeypatch.syspath_prepend(repository / "benchmarks")
    for name in ("attainable", "hidden_cheats", "denoising_cheats"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    return import_module("attainable")


@pytest.fixture(scope="module")
def section() -> Section:
    """A section, some spots of which are part of no run."""
    whole = simulated_section(
        n_rows=18, n_cols=18, n_genes=120, seed=3, mean_library=600, lattice="square"
    ).section
    counts = whole.counts.copy().tolil()
    counts[5:7] = 0
    return whole.with_counts(counts.tocsr())


def test_the_more_is_seen_the_better(script: ModuleType, section: Section) -> None:
    found = {
        name: values[_HIGHEST]
        for name, values in script.attainable(section, "dropout", 11).items()
    }
    assert found["kriging"] == 1.0
    assert found["best covariance"] > found["programmes alone"]
    assert found["programmes that saw"] > found["programmes alone"]
    assert found["... and best covariance"] > found["best covariance"]
    assert found["scores that saw"] > 1.1 * found["... and best covariance"]
    assert found["best mixture"] > found["programmes that saw"]
    assert found["best mixture"] > found["stentrans"]


def test_no_part_of_the_best_mixture_denoises_as_well(
    script: ModuleType, section: Section
) -> None:
    found = script.attainable(section, "denoise", 5)
    assert (found["pca20"] == 1.0).all()
    for name in ("raw", "pca20", "kriging", "40 programmes", "first recipe"):
        assert (found["best mixture"] > found[name]).all()
    assert (found["first recipe"] > found["raw"]).all()
