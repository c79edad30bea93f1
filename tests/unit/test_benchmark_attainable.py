"""The script of what could be reached: whoever sees more predicts better."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

from napari_stentrans.datasets import simulated_section
from napari_stentrans.errors import InvalidRequestError
from napari_stentrans.evaluation import genes
from napari_stentrans.section.section import Section

pytestmark = pytest.mark.slow
_HIGHEST = 40
"""Genes that count as the highest."""


@pytest.fixture
def script(repository: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script, imported from its folder."""
    monkeypatch.syspath_prepend(repository / "benchmarks")
    for name in ("attainable", "hidden_cheats", "denoising_cheats"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setattr(genes, "TOP_GENES", _HIGHEST)
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
    found = script.attainable(section, "dropout", 12)
    assert (found["kriging"] == 1.0).all()
    for more, less in (
        ("kriging", "gaussian"),
        ("best covariance", "programmes alone"),
        ("programmes that saw", "programmes alone"),
        ("... and best covariance", "best covariance"),
        ("scores that saw", "... and best covariance"),
        ("best mixture", "programmes that saw"),
    ):
        assert (found[more] > found[less]).all(), (more, less)
    # the highest genes have less noise, so that less is gained by seeing it
    every, highest = found["scores that saw"]
    assert every > highest


def test_denoising_cheats_by_the_mixture_alone(
    script: ModuleType, section: Section
) -> None:
    found = script.attainable(section, "denoise", 5)
    assert (found["pca20"] == 1.0).all()
    for name in ("raw", "pca20", "kriging", "40 programmes", "first recipe"):
        assert (found["best mixture"] > found[name]).all()
    assert (found["first recipe"] > found["raw"]).all()
    assert (found["kriging"] > found["plain kriging"]).all()


def test_only_counts(script: ModuleType, section: Section) -> None:
    shares = section.with_counts(section.counts / 600)
    with pytest.raises(InvalidRequestError, match="no counts"):
        script.attainable(shares, "dropout", 12)
