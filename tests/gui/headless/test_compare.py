from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from napari.components import ViewerModel

from napari_stentrans import enhance
from napari_stentrans.gui.canvas.layers import Role, tag_of
from napari_stentrans.gui.canvas.side_by_side import SideBySide, grid_shape, panel_order
from napari_stentrans.gui.canvas.stage import Stage


@given(st.lists(st.integers(1, 3), min_size=1, max_size=7), st.integers(0, 12))
def test_every_panel_is_a_group_of_its_own(sizes, n_hidden):
    panels = [[f"{panel}-{n}" for n in range(size)] for panel, size in enumerate(sizes)]
    hidden = [f"hidden-{n}" for n in range(n_hidden)]

    order, stride = panel_order(panels, hidden)

    everything = [layer for panel in panels for layer in panel] + hidden
    assert sorted(order) == sorted(everything)
    groups = [order[at : at + stride] for at in range(0, len(order), stride)]
    enough = sum(max(sizes) - size for size in sizes[:-1]) <= n_hidden
    for panel, group in zip(panels, groups, strict=False):
        shown = [layer for layer in group if not layer.startswith("hidden")]
        assert shown == (panel if enough else panel[:1])


@pytest.mark.parametrize(
    ("n_panels", "per_gene", "canvas", "expected"),
    [
        pytest.param(2, 2, (800, 600), (1, 2), id="one gene"),
        pytest.param(3, 2, (800, 600), (1, 3), id="one gene and a picture"),
        pytest.param(4, 2, (800, 800), (2, 2), id="two genes"),
        pytest.param(6, 2, (800, 800), (3, 2), id="three genes, square canvas"),
        pytest.param(4, 2, (400, 1600), (1, 4), id="two genes, wide canvas"),
        pytest.param(6, 3, (800, 800), (2, 3), id="two genes with sd"),
    ],
)
def test_grid_shape(n_panels, per_gene, canvas, expected):
    assert grid_shape(n_panels, per_gene, canvas, (100.0, 100.0)) == expected


@pytest.fixture
def stage(section):
    stage = Stage(ViewerModel())
    stage.open(section)
    result = enhance(section, method="nearest")
    for gene in section.genes[:2]:
        stage.add_gene(section, gene, result)
    stage.add_canvas(section)
    return stage


def panel_of(stage, section, role, gene=None):
    layers = stage.viewer.layers
    place = layers.index(stage.find(section, role, gene))
    return stage.viewer.canvas.grid.position(place, layers)


def test_measured_is_left_of_enhanced_and_one_gene_a_row(stage, section):
    SideBySide(stage).show(section)

    one, two = section.genes[:2]
    assert panel_of(stage, section, Role.GENE, one) == (0, 0)
    assert panel_of(stage, section, Role.ENHANCED, one) == (0, 1)
    assert panel_of(stage, section, Role.GENE, two) == (1, 0)
    assert panel_of(stage, section, Role.ENHANCED, two) == (1, 1)


def test_the_painting_is_on_the_measured_side(stage, section):
    SideBySide(stage).show(section)

    assert stage.canvas(section).visible
    assert panel_of(stage, section, Role.MISSING) == (0, 0)
    layers = stage.viewer.layers
    below = stage.find(section, Role.GENE, section.genes[0])
    assert layers.index(stage.canvas(section)) == layers.index(below) + 1


def test_one_gene_has_the_picture_beside_it(stage, section):
    stage.remove_gene(section, section.genes[1])

    SideBySide(stage).show(section)

    assert panel_of(stage, section, Role.IMAGE) == (0, 0)
    assert panel_of(stage, section, Role.GENE, section.genes[0]) == (0, 1)


def test_the_name_of_each_panel_is_shown(stage, section):
    SideBySide(stage).show(section)

    for layer, tag in stage.tagged():
        named = tag.role in (Role.GENE, Role.ENHANCED)
        assert layer.name_overlay.visible is named


def test_hiding_puts_order_and_visibility_back(stage, section):
    before = [(layer, layer.visible) for layer in stage.viewer.layers]
    panels = SideBySide(stage)

    panels.show(section, with_sd=True)
    panels.show(section)
    panels.hide()

    assert [(layer, layer.visible) for layer in stage.viewer.layers] == before
    assert not stage.viewer.canvas.grid.enabled
    assert not any(layer.name_overlay.visible for layer, _ in stage.tagged())


def test_foreign_layers_are_left_alone(stage, section):
    mine = stage.viewer.add_image(np.zeros((4, 4)), name="mine")
    panels = SideBySide(stage)

    panels.show(section)
    assert tag_of(mine.metadata) is None
    assert mine in stage.viewer.layers
    panels.hide()

    assert mine.visible


def test_nothing_to_compare_shows_no_panels(section):
    stage = Stage(ViewerModel())
    stage.open(section)
    panels = SideBySide(stage)

    panels.show(section)

    assert not panels.is_on
    assert not stage.viewer.canvas.grid.enabled
