"""The panel alone: what the user does, and what changes in the session."""

from __future__ import annotations

from unittest.mock import Mock

import numpy as np
import pytest

from napari_stentrans.enhanced import EnhancedSection
from napari_stentrans.gui.state.runs import RunRecord
from napari_stentrans.gui.state.view import GeneScore, SpotPairs, ViewMode
from napari_stentrans.gui.widgets.compare_panel import ComparePanel


def a_result(method):
    """A result that only knows how it was made."""
    return Mock(spec=EnhancedSection, provenance={"config": {"method": method}})


@pytest.fixture
def result(session, section):
    """A finished result that is shown."""
    made = a_result("kriging")
    session.section, session.enhanced = section, made
    session.run.results = (made,)
    return made


def test_without_a_result_the_panel_says_what_to_do(shown):
    panel = shown(ComparePanel)

    assert "Enhance" in panel.hint.text()
    assert not panel.switch.isEnabled()


@pytest.mark.parametrize("mode", ViewMode)
def test_every_mode_is_one_click_away(click, shown, controller, result, mode):
    panel = shown(ComparePanel)

    click(panel.switch.modes[mode])

    controller.view.set_mode.assert_called_once_with(mode)


def test_ways_for_single_genes_say_so_while_several_are_seen(shown, session, result):
    panel = shown(ComparePanel)
    session.genes.shown = ("CD3E",)
    session.view.set_seen = "slider of 4 genes"

    for mode, made in panel.switch.modes.items():
        assert made.isEnabled() is mode.is_for_sets
        assert ("for single genes" in made.toolTip()) is not mode.is_for_sets
    assert "for single genes" in panel.hint.text()

    session.view.set_seen = ""
    assert all(made.isEnabled() for made in panel.switch.modes.values())
    assert not panel.hint.isVisible()


def test_the_switch_follows_the_session(shown, session, result):
    panel = shown(ComparePanel)

    for mode in ViewMode:
        session.view.mode = mode
        pressed = [m for m, button in panel.switch.modes.items() if button.isChecked()]
        assert pressed == [mode]


def test_boxes_ask_for_what_they_say(shown, controller, result):
    panel = shown(ComparePanel)

    for box in (panel.show_sd, panel.fade, panel.origin, panel.color_bars):
        box.click()

    controller.view.show_sd.assert_called_once_with(shown=True)
    controller.view.fade.assert_called_once_with(faded=True)
    controller.view.show_origin.assert_called_once_with(shown=True)
    controller.view.show_color_bars.assert_called_once_with(shown=False)


def test_even_depth_is_offered_where_methods_know_depth(
    shown, session, controller, result
):
    panel = shown(ComparePanel)
    panel.even.click()
    controller.view.even_out.assert_called_once_with(even=True)
    session.view.even = True
    assert panel.even.isChecked()

    without = a_result("linear")
    without.depth = None
    session.view.reference = without
    assert not panel.even.isEnabled()
    assert not panel.even.isChecked()
    assert "does not tell how deep" in panel.even.toolTip()


def test_a_scale_bar_is_offered_where_its_length_is_known(shown, session, controller):
    panel = shown(ComparePanel)
    assert not panel.scale_bar.isEnabled()
    assert "spacing of the spots" in panel.scale_bar.toolTip()

    session.about.pitch_um = 100.0
    assert panel.scale_bar.isChecked()
    panel.scale_bar.click()

    controller.scale.show.assert_called_once_with(shown=False)


def test_boxes_follow_the_session(shown, session, result):
    panel = shown(ComparePanel)

    session.view.show_sd = session.view.fade = session.view.show_origin = True

    assert panel.show_sd.isChecked()
    assert panel.fade.isChecked()
    assert panel.origin.isChecked()
    assert panel.legend.isVisible()


def test_uncertainty_is_offered_only_where_it_can_be_seen(shown, session, result):
    panel = shown(ComparePanel)

    session.view.mode = ViewMode.SWIPE

    assert not panel.show_sd.isEnabled()
    assert "Side by side" in panel.show_sd.toolTip()


def test_blinking_flips_until_it_is_paused(click, shown, session, controller, result):
    panel = shown(ComparePanel)
    assert not panel.switch.timer.isActive()

    session.view.mode = ViewMode.BLINK
    assert panel.switch.timer.isActive()
    panel.switch.timer.timeout.emit()
    controller.view.flip.assert_called_once_with()
    click(panel.switch.pause)
    assert not panel.switch.timer.isActive()
    click(panel.switch.pause)
    session.view.mode = ViewMode.SWIPE
    assert not panel.switch.timer.isActive()


def test_the_slider_moves_the_divider_and_follows_it(
    shown, session, controller, result
):
    panel = shown(ComparePanel)
    session.view.mode = ViewMode.SWIPE

    panel.switch.divider.setValue(250)
    controller.view.move_divider.assert_called_once_with(0.25)
    session.view.divider = 0.75

    assert panel.switch.divider.value() == 750
    controller.view.move_divider.assert_called_once()


def test_results_are_chosen_from_two_lists(shown, session, controller, result):
    other = a_result("stentrans")
    panel = shown(ComparePanel)
    session.run.log = tuple(
        RunRecord(each, Mock(), number=n) for n, each in ((1, result), (2, other))
    )
    session.run.results = (result, other)

    texts = [panel.shown.itemText(n) for n in range(panel.shown.count())]
    assert texts == ["run 1, kriging", "run 2, stentrans"]
    assert panel.shown.currentText() == "run 1, kriging"
    assert panel.reference.currentText() == "measured counts"
    panel.shown.activated.emit(1)
    panel.reference.activated.emit(1)
    panel.reference.activated.emit(0)

    controller.runs.show.assert_called_once_with(other)
    asked = [call.args for call in controller.view.compare_with.call_args_list]
    assert asked == [(other,), (None,)]


def test_a_preview_is_told_from_results(shown, session, result):
    panel = shown(ComparePanel)

    session.enhanced = a_result("kriging")

    assert "preview" in panel.shown.currentText()


def test_score_rank_and_how_it_was_measured_are_told(shown, session, result):
    panel = shown(ComparePanel)

    session.view.score = GeneScore("CD74", 0.61, 0.58, 0.77, 12, 13024, True, 279)
    numbers, how = panel.score.numbers.text(), panel.score.how.text()
    session.view.score = None
    session.view.score_note = "no score: why"

    for told in ("0.61", "0.58", "0.77", "12 of 13,024", "own pattern"):
        assert told in numbers
    assert "279 spots" in how
    assert panel.score.numbers.text() == "no score: why"
    assert not panel.score.bar.isVisible()


def test_the_cloud_of_points_says_that_it_is_no_score(qtbot, shown, session, result):
    panel = shown(ComparePanel)
    assert not panel.scatter.isVisible()

    left = np.arange(6000, dtype=np.float32)
    session.view.pairs = SpotPairs("CD74", left, left / 2, ("measured", "enhanced"))
    assert panel.scatter.isVisible()
    assert not panel.scatter.grab().isNull()

    assert "6,000 spots, r = 1.00" in panel.agreement.text()
    assert "No score" in panel.agreement.text()


@pytest.mark.parametrize("highest", [0.00628, 1234567.0])
def test_long_numbers_at_the_cloud_of_points_are_whole(shown, session, result, highest):
    panel = shown(ComparePanel)
    values = np.array([0, highest], dtype=np.float32)

    session.view.pairs = SpotPairs("CD74", values, values, ("measured", "enhanced"))

    edge = panel.scatter.grab().toImage().copy(0, 0, 1, 30)
    assert len({edge.pixelColor(0, y).rgb() for y in range(edge.height())}) == 1


def test_scores_are_looked_up_only_while_the_panel_is_seen(shown, controller):
    panel = shown(ComparePanel)
    panel.hide()

    asked = [call.kwargs for call in controller.view.watch.call_args_list]
    assert asked == [{"watched": True}, {"watched": False}]
