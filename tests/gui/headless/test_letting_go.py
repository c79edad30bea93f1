"""Results and sections that nobody asks for any more leave the memory."""

from __future__ import annotations

import gc
import weakref

import pytest

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
