"""The script of what could be reached: whoever sees more predicts better."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

from napari_stentrans.datasets import simulated_section


@pytest.fixture
def script(repository: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script, imported from its folder."""
    monkeypatch.syspath_prepend(repository / "benchmarks")
    monkeypatch.delitem(sys.modules, "attainable", raising=False)
    return import_module("attainable")


def test_the_more_is_seen_the_better(script: ModuleType) -> None:
    section = simulated_section(
        n_rows=18, n_cols=18, n_genes=120, seed=3, mean_library=600, lattice="square"
    ).section
    counts = section.counts.copy().tolil()
    counts[5:7] = 0  # spots that are no part of any run
    found = script.attainable(section.with_counts(counts.tocsr()), "dropout", 11)
    assert found["kriging"] == 1.0
    assert found["programmes that saw"] > found["programmes alone"]
    assert found["scores that saw"] > 1.1 * found["programmes that saw"]
    assert found["best mixture"] > found["programmes that saw"]
    assert found["best mixture"] > found["stentrans"]
