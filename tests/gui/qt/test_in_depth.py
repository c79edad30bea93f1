"""Comparing in napari's 3D view, in a real window."""

from __future__ import annotations

import pytest

from napari_stentrans.gui.canvas.layers import Role, tag_of
from napari_stentrans.gui.control.controller import Controller
from napari_stentrans.gui.state.session import EnhanceSession
from napari_stentrans.gui.state.view import ViewMode

SIDES = {Role.SWIPE_LEFT, Role.SWIPE_RIGHT}


@pytest.fixture
def opened(qtbot, make_napari_viewer, section):
    """A section with an enhanced gene, seen in 3D."""
    viewer = make_napari_viewer()
    controller = Controller(viewer, EnhanceSession())
    controller.stage.open(section)
    controller.genes.add(section.genes[:1])
    controller.runs.configure(method="kriging")
    controller.runs.enhance()
    qtbot.waitUntil(lambda: not controller.session.status.is_busy, timeout=30_000)
    viewer.dims.ndisplay = 3
    yield controller
    controller.close()


def drawn(controller):
    """Roles of what napari draws, pictures of the tissue aside."""
    viewer = controller.stage.viewer
    visuals = viewer.window._qt_viewer.layer_to_visual
    assert set(visuals) == set(viewer.layers)
    shown = {
        tag_of(layer.metadata).role
        for layer, visual in visuals.items()
        if visual.node.visible and layer.opacity
    }
    return shown - {Role.IMAGE}


@pytest.mark.parametrize(
    ("faded", "enhanced"), [(False, Role.ENHANCED), (True, Role.FADED)]
)
def test_every_way_of_comparing_is_drawn(opened, faded, enhanced):
    expected = {
        ViewMode.OVERLAY: {enhanced},
        ViewMode.SIDE_BY_SIDE: {Role.GENE, enhanced},
        ViewMode.BLINK: {Role.GENE},
        ViewMode.SWIPE: SIDES,
        ViewMode.DIFFERENCE: {Role.DIFFERENCE},
    }
    opened.view.fade(faded=faded)
    found = {}
    for mode in ViewMode:
        opened.view.set_mode(mode)
        found[mode] = drawn(opened)
    assert found == expected

    opened.view.set_mode(ViewMode.OVERLAY)
    opened.view.show_sd(shown=True)
    opened.view.show_origin(shown=True)
    assert drawn(opened) == {enhanced, Role.SD, Role.ORIGIN}
