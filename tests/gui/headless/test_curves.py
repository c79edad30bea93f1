from __future__ import annotations

import math

import pytest

from napari_stentrans.gui.state.curves import Curves
from napari_stentrans.progress import Progress


def training(step, loss=None, score=None):
    scores = {} if score is None else {"network": score}
    return Progress("Training", step, 100, loss, scores)


def test_losses_and_scores_become_points():
    curves = Curves()
    assert curves.is_empty
    assert curves.add(training(1, 0.9, 1.1))
    assert curves.add(training(2, 0.8))

    assert curves.loss == [(1, 0.9), (2, 0.8)]
    assert curves.held_out == [(1, 1.1)]
    assert (curves.phase, curves.n_steps) == ("Training", 100)


def test_other_signs_of_life_are_nothing_to_draw():
    curves = Curves()
    assert not curves.add(Progress("Kriging", 1, 20))
    assert not curves.add(Progress("Kriging: ready", 1, 1, partial=object()))
    assert curves.is_empty


def test_each_phase_begins_anew_but_judging_does_not_hide_the_training():
    curves = Curves()
    judging = Progress("Judging corrections", 1, 12, scores={"network": 0.9})
    curves.add(judging)
    assert curves.held_out == [(1, 0.9)]
    curves.add(training(1, 0.7))
    assert curves.held_out == []

    assert not curves.add(judging)

    assert curves.loss == [(1, 0.7)]


def test_limits_show_the_line_of_kriging_and_every_score():
    curves = Curves()
    curves.add(training(1, 0.9, 0.8))
    low, high = curves.limits()
    assert low < 0.8
    assert high > 1.0


def test_an_error_beyond_measure_does_not_flatten_the_rest():
    curves = Curves()
    for step, score in enumerate([1e6, 0.9, 0.8]):
        curves.add(training(step, None, score))
    assert curves.limits()[1] < 4


def test_losses_of_another_unit_are_shown_whole():
    """A method without kriging in it tells losses alone."""
    curves = Curves()
    for step in range(1, 4):
        curves.add(training(step, 1000.0 * step))
    low, high = curves.limits()
    assert high > 1000
    assert low > 500


def test_what_is_no_number_is_left_out():
    curves = Curves()
    curves.add(training(1, math.nan, math.inf))
    assert curves.is_empty
    assert curves.limits() == (0.0, 1.0)


def test_smoothing_keeps_a_level_and_follows_a_change():
    curves = Curves()
    for step in range(200):
        curves.add(training(step, 1.0 if step < 100 else 0.5))
    smooth = dict(curves.smooth_loss())
    assert smooth[99] == pytest.approx(1.0)
    assert smooth[199] == pytest.approx(0.5, abs=1e-3)
    assert 0.5 < smooth[105] < 1.0
