from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from napari.components import ViewerModel

from napari_stentrans import enhance
from napari_stentrans.gui.canvas.comparison import Comparison
from napari_stentrans.gui.canvas.layers import Role, tag_of
from napari_stentrans.gui.canvas.plan import Plan
from napari_stentrans.gui.canvas.side_by_side import grid_shape, panel_order
from napari_stentrans.gui.canvas.stage import Stage
from napari_stentrans.gui.canvas.swipe import SIDES
from napari_stentrans.gui.state.view import ViewMode


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
def result(section):
    return enhance(section, method="nearest")


@pytest.fixture
def stage(section, result):
    stage = Stage(ViewerModel())
    stage.open(section)
    for gene in section.genes[:2]:
        stage.expression.add_measured(section, gene)
        stage.expression.show_enhanced(result, gene)
    stage.painting.add_canvas(section)
    return stage


@pytest.fixture
def comparison(stage):
    return Comparison(stage, lambda: None)


@pytest.fixture
def plan(section, result):
    """Make a plan for the second gene."""

    def make(mode, **choices):
        gene = section.genes[1]
        return Plan(section, result, **({"gene": gene, "mode": mode} | choices))

    return make


def panel_of(stage, section, role, gene=None):
    layers = stage.viewer.layers
    place = layers.index(stage.find(section, role, gene))
    return stage.viewer.canvas.grid.position(place, layers)


def visible(stage):
    """Role and gene of what can be seen."""
    return {(tag.role, tag.gene) for layer, tag in stage.tagged() if layer.visible}


def state_of(stage):
    return [(layer, layer.visible, layer.opacity) for layer in stage.viewer.layers]


# -- side by side ------------------------------------------------------------------


def test_measured_is_left_of_enhanced_and_one_gene_a_row(
    stage, section, comparison, plan
):
    comparison.show(plan(ViewMode.SIDE_BY_SIDE))

    one, two = section.genes[:2]
    assert panel_of(stage, section, Role.GENE, one) == (0, 0)
    assert panel_of(stage, section, Role.ENHANCED, one) == (0, 1)
    assert panel_of(stage, section, Role.GENE, two) == (1, 0)
    assert panel_of(stage, section, Role.ENHANCED, two) == (1, 1)


def test_the_painting_is_on_the_measured_side(stage, section, comparison, plan):
    comparison.show(plan(ViewMode.SIDE_BY_SIDE))

    assert stage.canvas(section).visible
    assert panel_of(stage, section, Role.MISSING) == (0, 0)
    layers = stage.viewer.layers
    below = stage.find(section, Role.GENE, section.genes[0])
    assert layers.index(stage.canvas(section)) == layers.index(below) + 1


def test_one_gene_has_the_picture_beside_it(stage, section, comparison, plan):
    stage.expression.remove_gene(section, section.genes[1])

    comparison.show(plan(ViewMode.SIDE_BY_SIDE))

    assert panel_of(stage, section, Role.IMAGE) == (0, 0)
    assert panel_of(stage, section, Role.GENE, section.genes[0]) == (0, 1)


def test_the_name_of_each_panel_is_shown(stage, section, comparison, plan):
    comparison.show(plan(ViewMode.SIDE_BY_SIDE))

    for layer, tag in stage.tagged():
        named = tag.role in (Role.GENE, Role.ENHANCED)
        assert layer.name_overlay.visible is named


def test_nothing_to_compare_shows_no_panels(section, result):
    stage = Stage(ViewerModel())
    stage.open(section)

    Comparison(stage, lambda: None).show(
        Plan(section, result, mode=ViewMode.SIDE_BY_SIDE)
    )

    assert not stage.viewer.canvas.grid.enabled


# -- every way of comparing ----------------------------------------------------------

EVERYTHING = {"show_sd": True, "fade": True, "show_origin": True}


@pytest.mark.parametrize("mode", ViewMode)
@pytest.mark.parametrize("extras", [{}, EVERYTHING], ids=["plain", "all extras"])
def test_leaving_puts_everything_back(stage, section, comparison, plan, mode, extras):
    mine = stage.viewer.add_image(np.zeros((4, 4)), name="mine")
    before = state_of(stage)

    for each in (mode, ViewMode.SIDE_BY_SIDE, mode, ViewMode.SWIPE, mode):
        comparison.show(plan(each, **extras))
        comparison.show(plan(each, **extras))
    comparison.clear()
    comparison.show(plan(ViewMode.OVERLAY))

    assert state_of(stage) == before
    assert mine.visible
    assert not stage.viewer.canvas.grid.enabled
    assert not any(layer.name_overlay.visible for layer, _ in stage.tagged())


@pytest.mark.parametrize("mode", ViewMode)
def test_the_user_s_selection_stays(stage, section, comparison, plan, mode):
    canvas = stage.canvas(section)
    stage.painting.arm_brush(section, 1, "paint")

    comparison.show(plan(mode, show_origin=True))

    assert stage.viewer.layers.selection.active is canvas
    assert tag_of(canvas.metadata) is not None


# -- see-through -----------------------------------------------------------------------


def of_role(stage, role, gene):
    """The layer of a role; that of a comparison tells the gene by its name alone."""
    return next(
        layer
        for layer, tag in stage.tagged()
        if tag.role is role and (tag.gene == gene or gene in layer.name)
    )


def test_both_sides_of_a_swipe_are_as_opaque(stage, section, comparison, plan):
    gene = section.genes[1]
    comparison.show(plan(ViewMode.SWIPE))

    comparison.show(plan(ViewMode.SWIPE, fade=True))

    sides = [of_role(stage, role, gene) for role in SIDES]
    assert sides[0].opacity == sides[1].opacity < 1


def test_the_opacity_of_what_is_see_through_is_passed_on(
    stage, section, comparison, plan
):
    gene = section.genes[1]
    comparison.show(plan(ViewMode.OVERLAY, fade=True))
    enhanced = stage.find(section, Role.ENHANCED, gene)
    copy = of_role(stage, Role.FADED, gene)

    for opacity in (0.9, 0.4):
        enhanced.opacity = opacity
        assert (enhanced.opacity, copy.opacity) == (0, opacity)
    comparison.show(plan(ViewMode.OVERLAY))

    assert enhanced.opacity == 0.4
    enhanced.opacity = 0.7
    assert enhanced.opacity == 0.7


@pytest.mark.parametrize("fade", [True, False])
def test_a_swipe_has_one_colour_bar(stage, section, comparison, plan, fade):
    comparison.show(plan(ViewMode.SWIPE, fade=not fade))
    comparison.show(plan(ViewMode.SWIPE, fade=fade))

    left, right = (of_role(stage, role, section.genes[1]) for role in SIDES)
    assert left.colorbar.visible is fade
    assert (not right.rgb and right.colorbar.visible) is not fade


# -- where each position came from ---------------------------------------------------

ORIGIN = {"show_origin": True}
FADED_ORIGIN = {"show_origin": True, "fade": True}


@pytest.mark.parametrize(
    "steps",
    [
        pytest.param(
            [(ViewMode.OVERLAY, ORIGIN), (ViewMode.DIFFERENCE, ORIGIN)],
            id="origin, then difference",
        ),
        pytest.param(
            [(ViewMode.OVERLAY, ORIGIN), (ViewMode.SWIPE, ORIGIN)],
            id="origin, then swipe",
        ),
        pytest.param(
            [(ViewMode.SWIPE, {}), (ViewMode.SWIPE, ORIGIN)], id="swipe, then origin"
        ),
        pytest.param(
            [(ViewMode.SWIPE, ORIGIN), (ViewMode.SWIPE, FADED_ORIGIN)],
            id="see-through within the swipe",
        ),
        pytest.param(
            [(ViewMode.SWIPE, FADED_ORIGIN), (ViewMode.SWIPE, ORIGIN)],
            id="see-through no more",
        ),
        pytest.param(
            [(ViewMode.SWIPE, {"fade": True}), (ViewMode.DIFFERENCE, ORIGIN)],
            id="both at once, in layers that are there",
        ),
        pytest.param(
            [(ViewMode.SIDE_BY_SIDE, ORIGIN), (ViewMode.SWIPE, ORIGIN)],
            id="side by side, then swipe",
        ),
    ],
)
@pytest.mark.parametrize("is_covered", [False, True])
def test_the_origin_lies_over_the_pictures_whatever_came_first(
    stage, section, comparison, plan, steps, is_covered
):
    others = list(stage.viewer.layers)
    for number, (mode, extras) in enumerate(steps):
        comparison.show(plan(mode, **extras))
        if is_covered and not number:
            stage.viewer.add_image(np.zeros((4, 4)), name="mine")

    order = [tag_of(layer.metadata) for layer in stage.viewer.layers]
    roles = [None if tag is None else tag.role for tag in order]
    pictures = {*SIDES, Role.DIFFERENCE}.intersection(roles)
    assert pictures
    assert all(roles.index(role) < roles.index(Role.ORIGIN) for role in pictures)
    assert [layer for layer in stage.viewer.layers if layer in others] == others


def test_a_gene_that_is_added_does_not_cover_the_origin(
    stage, section, comparison, plan
):
    comparison.show(plan(ViewMode.OVERLAY, show_origin=True))

    stage.expression.add_measured(section, section.genes[2])

    tags = [tag_of(layer.metadata) for layer in stage.viewer.layers]
    assert [tag.role for tag in tags[-3:]] == [Role.GENE, Role.ORIGIN, Role.MISSING]


# -- what the user set -----------------------------------------------------------------


def test_a_colour_bar_switched_off_by_hand_stays_off(stage, section, comparison, plan):
    comparison.show(plan(ViewMode.OVERLAY))
    enhanced = stage.find(section, Role.ENHANCED, section.genes[1])
    assert enhanced.colorbar.visible
    enhanced.colorbar.visible = False

    comparison.show(plan(ViewMode.OVERLAY))
    enhanced.visible = False
    enhanced.visible = True

    assert not enhanced.colorbar.visible
    comparison.show(plan(ViewMode.OVERLAY, color_bars=False))
    comparison.show(plan(ViewMode.OVERLAY))
    assert enhanced.colorbar.visible


@pytest.mark.parametrize("mode", [ViewMode.BLINK, ViewMode.SIDE_BY_SIDE])
def test_a_name_put_up_by_hand_stays_as_it_was(stage, section, comparison, plan, mode):
    overlay = stage.find(section, Role.ENHANCED, section.genes[1]).name_overlay
    overlay.visible, overlay.position, overlay.font_size = True, "bottom_right", 23

    comparison.show(plan(mode))
    comparison.show(plan(ViewMode.OVERLAY))

    assert overlay.visible
    assert (overlay.position, overlay.font_size) == ("bottom_right", 23)
