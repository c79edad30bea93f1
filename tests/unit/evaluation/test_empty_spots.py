"""Spots without any count: missing data for methods, and for their scores too."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from napari_stentrans.datasets import simulated_section
from napari_stentrans.evaluation import evaluate, hold_out
from napari_stentrans.section.section import Section


@pytest.fixture(scope="module")
def whole() -> Section:
    return simulated_section(
        n_rows=16, n_cols=16, n_genes=60, seed=2, lattice="square"
    ).section


def emptied(section: Section, spots: np.ndarray) -> Section:
    """The same section, some spots without a count."""
    counts = section.counts.toarray()
    counts[spots] = 0
    return section.with_counts(sparse.csr_matrix(counts))


def test_paper_protocol_passes_over_a_visible_spot_without_counts(whole):
    empty = hold_out(whole, "upsample").visible[:1]
    report = evaluate(emptied(whole, empty), "nearest", "upsample", protocol="paper")
    n_visible = len(hold_out(whole, "upsample").visible)
    assert report.runs.loc[0, "spots_seen"] == n_visible - 1
    # nearest copies what it was given: each at its own place, or this is no 0
    assert report.distances.set_index("distance")["error"]["0"] == 0
