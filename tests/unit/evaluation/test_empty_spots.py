"""Spots without any count: missing data for methods, and for their scores too."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from napari_stentrans.datasets import simulated_section
from napari_stentrans.errors import InvalidRequestError
from napari_stentrans.evaluation import Task, evaluate, hold_out, plan_evaluation
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


def measured_but_for(section: Section, share: float) -> Section:
    empty = np.random.default_rng(0).random(section.n_spots) < share
    return emptied(section, np.flatnonzero(empty))


@pytest.mark.parametrize(
    ("task", "protocol"),
    [*((task, "held-out") for task in Task), (Task.UPSAMPLE, "paper")],
)
def test_they_are_neither_shown_nor_scored(whole, task, protocol):
    section = measured_but_for(whole, 0.3)
    measured = set(np.flatnonzero(section.library_size))
    trial = plan_evaluation(section, None, task, 1, protocol).trial(task, 1)
    shown = section.barcodes.get_indexer(trial.reduced.barcodes)
    assert set(shown) | set(trial.scored) == measured
    assert trial.counts.shape == (len(trial.scored), section.n_genes)
    assert len(trial.distance) == len(trial.scored)


@pytest.mark.parametrize(("empty", "metric"), [(0.65, "log"), (0.15, "one_depth")])
def test_the_scores_of_the_others_are_there(whole, empty, metric):
    section = measured_but_for(whole, empty)
    report = evaluate(section, ["linear", "raw"], ["dropout", "denoise"])
    assert not report.scores[f"pearson_{metric}"].isna().any()
    assert not report.ceilings["ceiling_log"].isna().any()


def test_scores_are_those_of_a_section_without_them(whole):
    """Each count goes to the same half, so that not a bit may differ."""
    section = measured_but_for(whole, 0.3)
    alone = section.subset(section.library_size > 0)
    found, expected = (
        evaluate(each, ["nearest", "raw"], "denoise").table("pearson_log")
        for each in (section, alone)
    )
    np.testing.assert_array_equal(found, expected)
    assert len(found) == len(expected)


def test_nothing_hidden_but_spots_without_counts_is_told(whole):
    hidden = hold_out(whole, "dropout", 3).hidden
    section = emptied(whole, hidden)
    with pytest.raises(InvalidRequestError, match="nothing to compare"):
        hold_out(section, "dropout", 3)
