"""Results of several runs: kept, shown again, forgotten."""

from __future__ import annotations

import numpy as np
import pytest

from napari_stentrans.gui.canvas.layers import Role


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
