"""Scores and values of the current gene: found once, and only while they are seen."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from napari.components import ViewerModel

from napari_stentrans import enhance, keys
from napari_stentrans.gui.control.controller import Controller
from napari_stentrans.gui.control.scores import score_of
from napari_stentrans.gui.state.session import EnhanceSession


@pytest.fixture
def opened(section, jobs):
    """A controller with a gene and a result of kriging."""
    controller = Controller(ViewerModel(), EnhanceSession(), jobs)
    controller.stage.open(section)
    controller.genes.add(section.genes[:1])
    controller.runs.configure(method="kriging")
    controller.runs.enhance()
    jobs.last.finish()
    return controller


def test_nothing_is_found_out_until_somebody_looks(opened, jobs):
    before = len(jobs.started)

    opened.view.arrange()

    assert len(jobs.started) == before
    assert opened.session.view.score is None
    assert opened.session.view.pairs is None


def test_the_score_of_the_gene_is_that_of_the_result(opened, section):
    opened.view.watch(watched=True)

    row = opened.session.enhanced.gene_scores.loc[section.genes[0]]
    score = opened.session.view.score
    assert score.gene == section.genes[0]
    assert score.heldout == pytest.approx(row[keys.HELDOUT_PCC])
    assert score.ceiling == pytest.approx(row[keys.HELDOUT_CEILING])
    assert score.rank == row[keys.HELDOUT_RANK]
    assert score.n_spots == section.n_spots
    assert opened.session.view.score_note == ""


def test_scores_come_with_the_finished_result(opened, jobs):
    opened.view.watch(watched=True)
    opened.runs.configure(method="nearest")
    opened.runs.enhance()
    before = opened.session.enhanced
    while opened.session.enhanced is before:
        jobs.last.advance()
    assert opened.session.view.score is None
    assert "finished" in opened.session.view.score_note

    jobs.last.finish()

    assert "does not test itself" in opened.session.view.score_note


def test_the_pairs_are_counts_and_results_at_the_spots_that_were_seen(opened, section):
    opened.view.watch(watched=True)

    pairs, result = opened.session.view.pairs, opened.session.enhanced
    gene = section.genes[0]
    measured = result.targets.measured
    spots, mean = result.targets.spot[measured], result.read([gene]).mean[measured, 0]
    order = np.argsort(spots)
    np.testing.assert_array_equal(pairs.left, section.gene_counts(gene)[spots[order]])
    np.testing.assert_array_equal(pairs.right, mean[order])
    assert pairs.names == ("measured", "enhanced")


def test_two_results_are_paired_by_spot(opened, jobs, section):
    first = opened.session.enhanced
    opened.runs.configure(method="nearest")
    opened.runs.enhance()
    jobs.last.finish()
    opened.view.watch(watched=True)

    opened.view.compare_with(first)

    pairs = opened.session.view.pairs
    assert len(pairs.left) == section.n_spots
    assert pairs.names == ("run 1, kriging", "run 2, nearest")


def scores(section, **columns):
    index = section.genes[: len(next(iter(columns.values())))]
    return pd.DataFrame(columns, index=index)


def test_why_there_is_no_score_is_told(section):
    result = enhance(section, method="nearest")
    unknown = scores(section, **{keys.HAS_SIGNAL: [True]})
    few = scores(section, **{keys.HELDOUT_PCC: [np.nan, 0.5]})

    for frame, gene, told in (
        (unknown, section.genes[0], "does not test itself"),
        (few, section.genes[0], "too few spots"),
        (few, section.genes[9], "too few spots"),
    ):
        score, note = score_of(result, frame, gene)
        assert score is None
        assert told in note


def test_what_is_not_known_is_left_out(section):
    result = enhance(section, method="nearest")

    score, note = score_of(
        result, scores(section, **{keys.HELDOUT_PCC: [0.4, np.nan]}), section.genes[0]
    )

    assert note == ""
    assert (score.kriging, score.ceiling, score.rank) == (None, None, None)
    assert score.has_signal is None
    assert score.n_genes == 1
    assert replace(score, gene="x").gene == "x"


def test_scores_and_points_are_of_the_gene_on_the_slider(opened, jobs, section):
    opened.gene_sets.add_slider(section.genes[2:6])
    jobs.last.finish()
    opened.view.watch(watched=True)
    jobs.last.finish()
    view = opened.session.view
    assert view.score.gene == view.pairs.gene == section.genes[2]

    opened.stage.viewer.dims.set_current_step(0, 3)
    assert view.score.gene == view.pairs.gene == section.genes[5]

    opened.genes.show(section.genes[0])
    assert view.score.gene == view.pairs.gene == section.genes[0]


def test_a_signature_has_no_score_and_says_so(opened, jobs, section):
    opened.gene_sets.add_signature(section.genes[2:6], "mine")
    jobs.last.finish()
    opened.view.watch(watched=True)

    assert opened.session.view.score is None
    assert opened.session.view.pairs is None
    assert "single genes" in opened.session.view.score_note
