"""Painted colour bars and names in a real window: right colours, right numbers."""

from __future__ import annotations

import numpy as np
import pytest

from napari_stentrans import keys
from napari_stentrans.gui.canvas.layers import LayerTag, Role
from napari_stentrans.gui.canvas.painted import let_be_painted
from napari_stentrans.gui.canvas.painted_drawn import draw_painted


@pytest.fixture
def viewer(make_napari_viewer):
    made = make_napari_viewer(show=True)
    made.window.resize(700, 500)
    return made


@pytest.fixture
def layer(viewer):
    from napari.layers import Image

    draw_painted()
    made = Image(np.zeros((30, 30)), name="CD74", contrast_limits=(0, 100))
    made.colormap = "gray"
    let_be_painted(made)
    viewer.add_layer(made)
    return made


def drawn(viewer, overlay):
    """The overlay as napari draws it."""
    canvas = viewer.window._qt_viewer.canvas
    of_layers = canvas._layer_overlay_to_visual.values()
    (found,) = [
        visual for each in of_layers for o, visual in each.items() if o is overlay
    ]
    return found


def pixels(viewer, overlay):
    """What was painted, shape (row, column, 4)."""
    return drawn(viewer, overlay).node._image._data


def test_a_bar_runs_from_the_highest_colour_down_to_the_lowest(viewer, layer):
    layer.colorbar.size, layer.colorbar.visible = (12, 100), True

    column = pixels(viewer, layer.colorbar)[:, 6].astype(int)
    inside = column[column[:, 3] == 255, 0][3:-3]

    assert len(inside) > 80
    assert inside[0] > 230
    assert inside[-1] < 25
    assert (np.diff(inside) <= 0).all()


def test_a_bar_follows_its_layer(viewer, layer):
    layer.colorbar.visible = True
    before = pixels(viewer, layer.colorbar).copy()

    layer.contrast_limits = (0, 7)
    numbers = pixels(viewer, layer.colorbar).copy()
    layer.colormap = "magma"
    colours = pixels(viewer, layer.colorbar).copy()

    assert numbers.shape != before.shape or (numbers != before).any()
    assert (colours[:, 6, :3] != numbers[:, 6, :3]).any()


def test_a_name_follows_its_layer(viewer, layer):
    layer.name_overlay.visible = True
    width = pixels(viewer, layer.name_overlay).shape[1]
    assert pixels(viewer, layer.name_overlay)[..., 3].max() == 255

    layer.name = "CD74 measured, once more"

    assert pixels(viewer, layer.name_overlay).shape[1] > 2 * width


def test_the_bar_lies_in_its_corner_and_leaves_the_canvas_when_hidden(viewer, layer):
    viewer.theme = "dark"
    layer.colorbar.size, layer.colorbar.visible = (12, 100), True
    shown = viewer.screenshot(canvas_only=True, flash=False)
    bar = drawn(viewer, layer.colorbar)
    x, y = (round(each) for each in bar.node.transform.translate[:2])
    assert x > shown.shape[1] / 2
    assert y < shown.shape[0] / 2

    layer.colorbar.visible = False
    hidden = viewer.screenshot(canvas_only=True, flash=False)

    changed = np.argwhere((shown != hidden).any(axis=-1))
    assert len(changed) > 500
    (top, left), (bottom, right) = changed.min(axis=0), changed.max(axis=0)
    assert (left, top) >= (x - 1, y - 1)
    assert right <= x + bar.x_size + 1
    assert bottom <= y + bar.y_size + 1


def test_a_name_leaves_room_for_the_colour_bar(viewer, layer):
    layer.name = "of a gene with a name " * 20 + "measured"
    layer.name_overlay.visible = True

    room = viewer.canvas.viewbox_size(viewer.layers)[1]
    ratio = viewer.window._qt_window.devicePixelRatio()

    assert pixels(viewer, layer.name_overlay).shape[1] / ratio < room


def test_a_name_leaves_room_in_a_grid_of_more_columns(viewer, layer):
    layer.name = "of a gene with a name " * 20 + "measured"
    layer.name_overlay.visible = True
    for _ in range(2):
        viewer.add_image(np.zeros((30, 30)))

    viewer.canvas.grid.shape = (1, 3)
    viewer.canvas.grid.enabled = True

    room = viewer.canvas.viewbox_size(viewer.layers)[1]
    ratio = viewer.window._qt_window.devicePixelRatio()
    assert pixels(viewer, layer.name_overlay).shape[1] / ratio < room


def test_the_two_names_of_a_swipe_fit_beside_one_another(viewer, layer, section):
    layer.name = "of a gene with a name " * 20 + "measured (left)"
    tag = LayerTag(section, Role.SWIPE_LEFT, str(section.genes[0]))
    layer.metadata = {keys.LAYER_TAG: tag}
    layer.name_overlay.visible = True

    room = viewer.canvas.viewbox_size(viewer.layers)[1]
    ratio = viewer.window._qt_window.devicePixelRatio()

    assert 2 * pixels(viewer, layer.name_overlay).shape[1] / ratio < room - 60


def test_a_bar_that_goes_with_its_layer_listens_no_more(viewer, layer):
    layer.colorbar.visible = True
    bar = drawn(viewer, layer.colorbar)
    painted = []
    bar._drawing = lambda metrics: painted.append(metrics)

    viewer.layers.remove(layer)
    layer.contrast_limits = (0, 5)
    layer.colorbar.font_size = 15

    assert painted == []


def test_a_name_without_room_does_without_its_section_first(viewer, layer):
    layer.name_overlay.visible = True
    layer.name = "a gene of a long name measured"
    short = pixels(viewer, layer.name_overlay).shape[1]
    layer.name = f"a gene of a long name measured · {'a section of a long name' * 4}"

    assert pixels(viewer, layer.name_overlay).shape[1] == short
