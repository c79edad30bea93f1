"""Results of several runs: kept, shown again, forgotten."""

from __future__ import annotations

import numpy as np
import pytest

from napari_stentrans.gui.canvas.layers import Role
from napari_stentrans.gui.control.controller import Controller
from napari_stentrans.gui.state.session import EnhanceSession


@pytest.fixture
def opened(opened, section):
    opened.genes.add([section.genes[0]])
    return opened


@pytest.fixture
def two_results(opened, jobs, fake_method):
    """Results of level 10 and 20, the second shown."""
    for level in (10, 20):
        fake_method.n_steps = level
        opened.runs.enhance()
        jobs.last.finish()
    return opened.session.run.results


def level(controller):
    section = controller.session.section
    layer = controller.stage.find(section, Role.ENHANCED, section.genes[0])
    return None if layer is None else float(np.nanmax(layer.data))


def test_results_are_kept_in_order_and_the_last_is_shown(opened, two_results):
    first, second = two_results

    assert first is not second
    assert opened.session.enhanced is second
    assert level(opened) == 20


def test_an_earlier_result_is_shown_again(opened, two_results):
    opened.runs.show(two_results[0])

    assert opened.session.enhanced is two_results[0]
    assert opened.runs.result_of(opened.session.section) is two_results[0]
    assert level(opened) == 10
    assert opened.session.run.results == two_results


def test_a_result_of_another_shape_is_seen_where_the_other_was(opened, jobs, section):
    gene = section.genes[0]
    for refine in (2, 3):
        opened.runs.configure(refine=refine)
        opened.runs.enhance()
        jobs.last.finish()
        assert opened.stage.find(section, Role.ENHANCED, gene).visible
    coarse, fine = opened.session.run.results

    opened.runs.show(coarse)
    layer = opened.stage.find(section, Role.ENHANCED, gene)
    assert layer.visible
    assert layer.data.shape == coarse.raster.shape
    layer.visible = False
    opened.runs.show(fine)

    assert not opened.stage.find(section, Role.ENHANCED, gene).visible


def test_previews_are_not_among_the_results(opened, jobs):
    opened.runs.enhance()
    while level(opened) is None:
        jobs.last.advance()

    assert opened.session.enhanced is not None
    assert opened.session.run.results == ()


def test_cancel_puts_back_the_result_that_was_shown_not_the_last(
    opened, jobs, two_results
):
    opened.runs.show(two_results[0])
    opened.runs.enhance()
    while level(opened) == 10:
        jobs.last.advance()

    opened.runs.cancel()

    assert opened.session.enhanced is two_results[0]
    assert level(opened) == 10


def test_results_belong_to_their_section(opened, two_results, other_section):
    section = opened.session.section

    opened.stage.open(other_section)
    assert opened.session.run.results == ()
    opened.runs.show(two_results[0])
    assert opened.session.enhanced is None
    opened.sections.choose(section)

    assert opened.session.run.results == two_results
    assert opened.session.enhanced is two_results[1]


def test_forgetting_the_shown_result_shows_the_other(opened, two_results):
    opened.runs.forget(two_results[1])

    assert opened.session.run.results == two_results[:1]
    assert opened.session.enhanced is two_results[0]
    assert level(opened) == 10


def test_forgetting_another_leaves_the_shown_one(opened, two_results):
    opened.runs.forget(two_results[0])

    assert opened.session.run.results == two_results[1:]
    assert opened.session.enhanced is two_results[1]


def test_a_forgotten_result_is_compared_with_no_longer(opened, two_results):
    opened.view.compare_with(two_results[0])
    assert opened.session.view.reference is two_results[0]

    opened.runs.forget(two_results[0])

    assert opened.session.view.reference is None


def test_forgetting_the_only_result_takes_it_off_the_canvas(opened, two_results):
    for result in two_results:
        opened.runs.forget(result)

    assert opened.session.run.results == ()
    assert opened.session.enhanced is None
    assert level(opened) is None


def test_nothing_is_shown_or_forgotten_during_a_run(opened, jobs, two_results):
    opened.runs.enhance()

    opened.runs.show(two_results[0])
    opened.runs.forget(two_results[1])

    assert opened.session.enhanced is two_results[1]
    assert opened.session.run.results == two_results


def test_results_go_with_their_section(opened, two_results):
    opened.stage.viewer.layers.clear()

    assert opened.session.run.results == ()
    assert opened.runs.result_of(two_results[0].section) is None


# -- a panel that is closed and opened again ------------------------------------------


def reopened(controller, jobs):
    """Close a panel, with whatever runs, and open another one on the same viewer."""
    controller.close()
    return Controller(controller.stage.viewer, EnhanceSession(), start=jobs)


def until_preview(controller, jobs):
    controller.runs.configure(method="fake")
    controller.runs.enhance()
    while level(controller) != 0.5:
        jobs.last.advance()


def test_all_runs_are_there_again(opened, jobs, two_results):
    opened.runs.show(two_results[0])

    again = reopened(opened, jobs)

    assert again.session.run.results == two_results
    assert again.session.enhanced is two_results[0]
    assert level(again) == 10


def test_runs_without_a_layer_are_there_again(opened, jobs, two_results, section):
    opened.genes.remove([section.genes[0]])

    assert reopened(opened, jobs).session.run.results == two_results


def test_a_second_panel_finds_what_the_first_has(opened, jobs, two_results):
    second = Controller(opened.stage.viewer, EnhanceSession(), start=jobs)

    assert second.session.run.results == two_results
    assert level(opened) == 20


def test_a_second_panel_shows_what_the_first_shows(opened, jobs, two_results):
    opened.runs.show(two_results[0])

    second = Controller(opened.stage.viewer, EnhanceSession(), start=jobs)

    assert second.session.enhanced is two_results[0]
    assert level(opened) == 10


def test_a_second_panel_leaves_the_run_of_the_first_alone(opened, jobs):
    until_preview(opened, jobs)
    running = jobs.last

    Controller(opened.stage.viewer, EnhanceSession(), start=jobs)

    assert level(opened) == 0.5
    running.finish()
    assert level(opened) == 50


def test_a_panel_closed_in_a_run_leaves_what_was_before(opened, jobs, two_results):
    until_preview(opened, jobs)

    again = reopened(opened, jobs)

    assert again.session.run.results == two_results
    assert level(again) == 20


def test_a_panel_closed_in_its_first_run_leaves_no_preview(opened, jobs, section):
    until_preview(opened, jobs)

    again = reopened(opened, jobs)

    assert level(again) is None
    again.genes.show(section.genes[4])
    assert level(again) is None
    assert again.stage.find(section, Role.GENE, section.genes[4]).visible


def test_each_section_has_its_result_again_once_it_is_chosen(
    opened, jobs, two_results, section, other_section
):
    opened.stage.open(other_section)
    opened.sections.choose(section)
    until_preview(opened, jobs)

    again = reopened(opened, jobs)
    assert again.session.section is other_section
    again.sections.choose(section)

    assert again.session.enhanced is two_results[1]
    assert level(again) == 20
    assert again.stage.find(section, Role.ENHANCED, section.genes[0]).visible


def test_a_first_run_that_ended_with_its_panel_leaves_nothing_in_any_section(
    opened, jobs, section, other_section
):
    opened.stage.open(other_section)
    opened.sections.choose(section)
    until_preview(opened, jobs)

    again = reopened(opened, jobs)
    again.sections.choose(section)

    assert level(again) is None


def test_a_run_whose_panel_is_closed_keeps_what_it_has(
    opened, jobs, two_results, informed
):
    until_preview(opened, jobs)
    running = jobs.last
    opened.runs.leave()
    opened.close()
    assert "stopped, and what it has is kept" in informed[0]

    running.finish()

    again = Controller(opened.stage.viewer, EnhanceSession(), start=jobs)
    records = again.session.run.log
    assert [record.number for record in records] == [1, 2, 3]
    assert [record.result for record in records[:2]] == [*two_results]
    assert again.session.enhanced is records[2].result
    assert 0 < level(again) < 50
    assert not running.discarded


def test_the_first_run_whose_panel_is_closed_is_shown_by_the_next(
    opened, jobs, section, informed
):
    """Though no layer was there yet that it could be put into."""
    opened.runs.configure(method="fake")
    opened.runs.enhance()
    running = jobs.last
    opened.runs.leave()
    opened.close()
    running.finish()
    assert opened.stage.find(section, Role.ENHANCED, section.genes[0]) is None

    again = Controller(opened.stage.viewer, EnhanceSession(), start=jobs)

    assert again.stage.find(section, Role.ENHANCED, section.genes[0]) is not None
    assert "has kept its result" in again.session.message.text


@pytest.mark.parametrize("is_running", [False, True], ids=["idle", "running"])
def test_a_panel_opened_before_such_a_run_has_ended_lists_it(
    opened, jobs, two_results, informed, is_running
):
    until_preview(opened, jobs)
    late = jobs.last
    opened.runs.leave()
    again = reopened(opened, jobs)
    if is_running:
        again.runs.configure(method="fake")
        again.runs.enhance()
    shown = again.session.enhanced

    late.finish()

    log = again.session.run.log
    assert len(log) == 3
    assert again.session.enhanced is (shown if is_running else log[2].result)
    assert len(reopened(again, jobs).session.run.log) == 3


def test_a_run_that_fails_after_its_panel_is_told(
    opened, jobs, fake_method, told, informed
):
    fake_method.error = ValueError("no such thing")
    until_preview(opened, jobs)
    jobs.last.answer = None
    opened.runs.leave()
    running = jobs.last
    opened.close()

    running.answer = None  # it fails before it heeds that it is to stop
    running.finish()

    assert "no such thing" in told[-1]


def test_what_ends_with_its_panel_is_told(opened, informed):
    opened.trials.test("hole")
    opened.runs.leave()
    assert "the test of methods is ended" in informed[0]
    opened.runs.cancel()
    opened.runs.leave()
    assert len(informed) == 1


def test_a_gene_without_a_result_takes_no_picture_of_another(opened, two_results):
    """Whatever has left a picture behind, it is not shown under another name."""
    section = opened.session.section
    opened.genes.show(section.genes[1])
    opened.session.enhanced = None

    opened.genes.show(section.genes[2])

    assert opened.stage.find(section, Role.GENE, section.genes[2]) is not None
    assert opened.stage.find(section, Role.ENHANCED, section.genes[2]) is None
