"""Results and sections that nobody asks for any more leave the memory."""

from __future__ import annotations

import gc
import weakref

import pytest
from napari.layers import Layer

from napari_stentrans import keys
from napari_stentrans.gui.canvas.layers import Role
from napari_stentrans.gui.canvas.swipe import SIDES
from napari_stentrans.gui.control.controller import Controller
from napari_stentrans.gui.state.session import EnhanceSession
from napari_stentrans.gui.state.view import ViewMode


def let_go(viewer, jobs):
    """Collect, after what holds things in a test alone."""
    jobs.started.clear()
    viewer.layers.selection._current = None  # a window makes another layer current
    gc.collect()


@pytest.mark.parametrize("ended", [True, False], ids=["ended", "still on"])
@pytest.mark.parametrize("mode", ViewMode)
def test_a_forgotten_result_is_gone_however_it_was_looked_at(
    with_result, viewer, jobs, mode, ended
):
    held = weakref.ref(with_result.session.enhanced)
    with_result.view.set_mode(mode)
    if ended:
        with_result.view.set_mode(ViewMode.OVERLAY)

    with_result.runs.forget(held())
    let_go(viewer, jobs)

    assert held() is None


@pytest.mark.parametrize("mode", ViewMode)
def test_a_closed_section_is_gone_however_it_was_looked_at(
    controller, viewer, jobs, run, make_section, mode
):
    controller.stage.open(make_section())
    controller.genes.add(controller.session.section.genes[:2])
    run(controller, method="nearest")
    session = controller.session
    held = weakref.ref(session.section), weakref.ref(session.enhanced)
    controller.view.set_mode(mode)

    controller.sections.shut()
    controller.sections.shut()  # after what would be lost was told
    let_go(viewer, jobs)

    assert session.sections == ()
    assert [ref() for ref in held] == [None, None]


def duplicated(viewer, layer):
    """Duplicate a layer as napari's layer list does."""
    copy = Layer.create(*layer.as_layer_data_tuple())
    viewer.layers.insert(viewer.layers.index(layer) + 1, copy)
    return copy


def test_a_duplicated_layer_holds_no_result(with_result, viewer, section, jobs):
    held = weakref.ref(with_result.session.enhanced)
    gene = section.genes[0]
    enhanced = with_result.stage.find(section, Role.ENHANCED, gene)
    copy = duplicated(viewer, enhanced)
    canvas = with_result.stage.painting.add_canvas(section)
    painted = duplicated(viewer, canvas)

    with_result.runs.forget(held())
    del enhanced
    let_go(viewer, jobs)

    assert held() is None
    for each in (copy, painted):
        assert not set(keys.OF_A_LAYER) & set(each.metadata)


def test_what_was_duplicated_without_a_panel_holds_no_result(
    with_result, viewer, section, jobs
):
    gene = section.genes[0]
    enhanced = with_result.stage.find(section, Role.ENHANCED, gene)
    with_result.close()
    copy = duplicated(viewer, enhanced)
    assert keys.RESULT in copy.metadata

    again = Controller(viewer, EnhanceSession(), jobs)

    assert copy.metadata == {}
    assert again.stage.find(section, Role.ENHANCED, gene) is enhanced


@pytest.mark.parametrize(
    ("mode", "role"),
    [(ViewMode.DIFFERENCE, Role.DIFFERENCE), *((ViewMode.SWIPE, r) for r in SIDES)],
)
def test_a_duplicate_of_what_is_compared_is_left_alone(
    with_result, viewer, section, mode, role
):
    with_result.view.set_mode(mode)
    made = [each for each, tag in with_result.stage.tagged() if tag.role is role]

    copy = duplicated(viewer, made[0])

    assert "is a copy" in with_result.session.message.text
    assert copy.metadata == {}
    with_result.view.set_mode(ViewMode.OVERLAY)
    assert made[0] not in viewer.layers
    assert copy in viewer.layers
