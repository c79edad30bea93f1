"""The scale bar as it is drawn in a real window."""

from __future__ import annotations

import numpy as np
import pytest

from napari_stentrans.gui.control.controller import Controller
from napari_stentrans.gui.state.session import EnhanceSession
from napari_stentrans.gui.state.view import ViewMode
from napari_stentrans.section.technology import pitch_px


@pytest.fixture
def opened(make_napari_viewer, section):
    viewer = make_napari_viewer(show=True)
    controller = Controller(viewer, EnhanceSession())
    controller.stage.open(section)
    yield controller
    controller.close()


def drawn(viewer):
    """What napari draws for its scale bar."""
    canvas = viewer.window._qt_viewer.canvas
    [found] = canvas._viewer_overlay_to_visual[viewer.canvas.overlays.scale_bar]
    return found


def pixels_of_a_unit(viewer):
    """Screen pixels that a unit of the world takes, as the layer itself is drawn."""
    layer = next(layer for layer in viewer.layers if layer.visible)
    node = viewer.window._qt_viewer.canvas.layer_to_visual[layer].node
    to_screen = node.get_transform("visual", "canvas")
    ends = to_screen.map([[0, 0, 0, 1], [1, 0, 0, 1]])
    ends = ends[:, :2] / ends[:, 3:]
    column = np.linalg.norm(np.asarray(layer.affine.affine_matrix)[:2, 1])
    return np.linalg.norm(ends[1] - ends[0]) / column


@pytest.mark.parametrize("mode", [ViewMode.OVERLAY, ViewMode.SIDE_BY_SIDE])
def test_the_bar_is_as_long_as_it_says(opened, qtbot, section, mode):
    viewer = opened.stage.viewer
    opened.genes.add(section.genes[:2])
    opened.runs.configure(method="nearest")
    opened.runs.enhance()
    qtbot.waitUntil(lambda: opened.session.enhanced is not None, timeout=20_000)
    opened.view.set_mode(mode)
    viewer.screenshot(flash=False)

    bar = drawn(viewer)
    number, unit = bar.node.text.text.split(" ")
    um = float(number) * {"µm": 1, "μm": 1, "mm": 1000}[unit]
    units = um / 100 * pitch_px(section)  # of a hex lattice
    assert bar._current_length == pytest.approx(
        units * pixels_of_a_unit(viewer), rel=0.02
    )


def test_what_is_in_its_place_is_not_moved_at_each_drawing(opened, section):
    """It would be drawn twice each time."""
    viewer = opened.stage.viewer
    opened.genes.show(section.genes[0])
    viewer.screenshot(flash=False)
    canvas, moved = viewer.window._qt_viewer.canvas, []
    shown = [each for _, each, _ in canvas._get_ordered_visible_canvas_overlays()]
    assert drawn(viewer) in shown
    assert len(shown) > 1
    for each in shown:
        each.node.transform.changed.connect(moved.append)
    canvas._update_overlay_canvas_positions()
    assert not moved


def test_a_bar_that_is_handed_back_follows_nothing_more(opened):
    viewer = opened.stage.viewer
    opened.scale.set_pitch(None)
    viewer.scene.camera.zoom *= 2
    viewer.layers.clear()
