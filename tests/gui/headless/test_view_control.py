"""Ways of comparing as a user goes through them, on napari's model of a viewer."""

from __future__ import annotations

import numpy as np
import pytest
from napari.layers import Layer

from napari_stentrans.gui.canvas import layers as looks
from napari_stentrans.gui.canvas.compared import difference
from napari_stentrans.gui.canvas.layers import Role
from napari_stentrans.gui.control.controller import Controller
from napari_stentrans.gui.control.view import FLIP_KEY, NEXT_KEY
from napari_stentrans.gui.state.session import EnhanceSession
from napari_stentrans.gui.state.view import ViewMode

PLAIN = {Role.IMAGE, Role.COUNTS, Role.GENE, Role.ENHANCED, Role.SD, Role.MISSING}
"""Roles of layers that stay when no comparison is asked for."""


@pytest.fixture
def opened(with_result):
    """What these tests begin with: two genes and a result."""
    return with_result


def roles(controller):
    return [tag.role for _, tag in controller.stage.tagged()]


def extra(controller):
    return set(roles(controller)) - PLAIN


def seen(controller):
    """Roles of what can be seen, pictures of the tissue aside."""
    shown = [tag.role for layer, tag in controller.stage.tagged() if layer.visible]
    return set(shown) - {Role.IMAGE}


def layer_of(controller, role):
    return next(layer for layer, tag in controller.stage.tagged() if tag.role is role)


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        (ViewMode.OVERLAY, {Role.ENHANCED}),
        (ViewMode.SIDE_BY_SIDE, {Role.GENE, Role.ENHANCED}),
        (ViewMode.BLINK, {Role.GENE}),
        (ViewMode.SWIPE, {Role.SWIPE_LEFT, Role.SWIPE_RIGHT}),
        (ViewMode.DIFFERENCE, {Role.DIFFERENCE}),
    ],
)
def test_each_mode_shows_its_pictures_and_nothing_else(opened, mode, expected):
    opened.view.set_mode(mode)
    assert seen(opened) == expected

    opened.view.set_mode(ViewMode.OVERLAY)
    assert seen(opened) == {Role.ENHANCED}
    assert extra(opened) == set()


def test_blinking_shows_one_then_the_other(opened):
    opened.view.set_mode(ViewMode.BLINK)

    order = [seen(opened)]
    for _ in range(3):
        opened.view.flip()
        order.append(seen(opened))

    assert order == [{Role.GENE}, {Role.ENHANCED}] * 2


@pytest.mark.parametrize("mode", [ViewMode.BLINK, ViewMode.SWIPE])
@pytest.mark.parametrize("role", [Role.GENE, Role.ENHANCED])
def test_two_pictures_take_turns_while_both_are_there(opened, viewer, mode, role):
    opened.view.set_mode(mode)
    opened.genes.add(opened.session.section.genes[3:4])
    assert opened.session.view.mode is mode

    gene = opened.session.genes.current
    section = opened.session.section
    viewer.layers.remove(opened.stage.find(section, role, gene))

    assert opened.session.view.mode is ViewMode.OVERLAY
    assert extra(opened) == set()


def test_modes_follow_the_current_gene(opened, section):
    opened.view.set_mode(ViewMode.DIFFERENCE)

    opened.genes.add(section.genes[4:5])

    result = opened.session.enhanced
    raster, values = difference(result, section.genes[4], None)
    shown = layer_of(opened, Role.DIFFERENCE)
    np.testing.assert_array_equal(shown.data, raster.image(values))
    assert shown.name.startswith(section.genes[4])
    assert roles(opened).count(Role.DIFFERENCE) == 1


@pytest.mark.parametrize("mode", list(ViewMode)[1:])
def test_after_a_mode_the_gene_that_was_chosen_in_it_is_seen(opened, section, mode):
    opened.view.set_mode(mode)
    opened.genes.add(section.genes[4:5])

    opened.view.set_mode(ViewMode.OVERLAY)

    shown = [tag for layer, tag in opened.stage.tagged() if layer.visible]
    assert [tag.gene for tag in shown if tag.gene] == [section.genes[4]]


def test_a_signature_is_side_by_side_too(opened, jobs, section):
    opened.gene_sets.add_signature(section.genes[:3], "mine")
    jobs.last.finish()

    opened.view.set_mode(ViewMode.SIDE_BY_SIDE)

    shown = {layer.name for layer, _ in opened.stage.tagged() if layer.visible}
    assert {"mine measured", "mine enhanced"} <= shown


@pytest.mark.parametrize("clicked", [True, False])
def test_a_gene_clicked_beside_a_signature_is_what_stays(
    opened, jobs, section, clicked
):
    opened.genes.show(section.genes[0])
    opened.gene_sets.add_signature(section.genes[:3], "mine")
    jobs.last.finish()
    opened.view.set_mode(ViewMode.SIDE_BY_SIDE)
    if clicked:
        opened.genes.show(section.genes[0])  # the current one, as before

    opened.view.set_mode(ViewMode.OVERLAY)

    assert opened.session.view.set_seen == ("" if clicked else "mine")


@pytest.mark.parametrize("mode", [m for m in ViewMode if not m.is_for_sets])
def test_what_is_for_single_genes_leaves_a_slider_alone(opened, jobs, section, mode):
    opened.gene_sets.add_slider(section.genes[:3])
    jobs.last.finish()
    assert opened.session.view.set_seen == "slider of 3 genes"
    before = [layer for layer in opened.stage.viewer.layers if layer.visible]

    opened.view.set_mode(mode)
    assert "for single genes" in opened.session.message.text
    opened.view.flip()

    assert opened.session.view.mode is ViewMode.OVERLAY
    assert [x for x in opened.stage.viewer.layers if x.visible] == before
    opened.genes.show(section.genes[1])  # a gene that has layers already
    assert opened.session.view.set_seen == ""
    opened.view.set_mode(mode)
    assert opened.session.view.mode is mode


def test_the_key_goes_round_the_ways_that_show_a_slider(viewer, section, jobs, run):
    controller = Controller(viewer, EnhanceSession(), jobs)
    controller.stage.open(section)
    controller.gene_sets.add_slider(section.genes[:3])
    jobs.last.finish()
    run(controller, method="nearest")
    for job in list(jobs.started):
        if not job.discarded:
            job.finish()
    found = []
    for _ in range(3):
        controller.view.next_mode()
        found.append(controller.session.view.mode)

    assert found == [ViewMode.SIDE_BY_SIDE, ViewMode.OVERLAY, ViewMode.SIDE_BY_SIDE]


def test_uncertainty_lies_on_top_of_what_is_uncertain(opened, viewer, section):
    opened.view.show_sd(shown=True)

    order = [
        viewer.layers.index(opened.stage.find(section, role, section.genes[1]))
        for role in (Role.GENE, Role.ENHANCED, Role.SD)
    ]
    assert order == sorted(order)


def test_painting_does_not_cover_a_result(opened, run, section):
    first = opened.session.enhanced
    run(opened, method="nearest")
    opened.regions.paint()
    opened.view.set_mode(ViewMode.SIDE_BY_SIDE)
    assert opened.stage.canvas(section).visible

    opened.view.compare_with(first)

    assert not opened.stage.canvas(section).visible


@pytest.mark.parametrize("mode", [ViewMode.SWIPE, ViewMode.DIFFERENCE])
def test_what_is_painted_stays_on_top_after_side_by_side(opened, section, mode):
    opened.regions.paint()
    opened.view.set_mode(ViewMode.SIDE_BY_SIDE)

    opened.view.set_mode(mode)

    assert roles(opened)[-1] is Role.MISSING


@pytest.mark.parametrize("mode", [ViewMode.SWIPE, ViewMode.DIFFERENCE])
def test_a_derived_layer_removed_by_hand_ends_its_mode(opened, viewer, mode):
    opened.view.set_mode(mode)
    role = Role.SWIPE_LEFT if mode is ViewMode.SWIPE else Role.DIFFERENCE

    viewer.layers.selection = {layer_of(opened, role)}
    viewer.layers.remove_selected()

    assert opened.session.view.mode is ViewMode.OVERLAY
    opened.view.arrange()
    assert extra(opened) == set()
    assert seen(opened) == {Role.ENHANCED}


@pytest.mark.parametrize(
    ("ask", "role", "told"),
    [
        ("fade", Role.FADED, "fade"),
        ("show_origin", Role.ORIGIN, "show_origin"),
    ],
)
def test_an_extra_removed_by_hand_is_no_longer_asked_for(
    opened, viewer, ask, role, told
):
    getattr(opened.view, ask)(**{"faded" if ask == "fade" else "shown": True})
    assert role in extra(opened)

    viewer.layers.remove(layer_of(opened, role))

    assert getattr(opened.session.view, told) is False
    assert extra(opened) == set()
    assert layer_of(opened, Role.ENHANCED).opacity > 0


@pytest.mark.parametrize("mode", ViewMode)
def test_every_layer_removed_at_once_breaks_nothing(viewer, section, jobs, run, mode):
    opened = Controller(viewer, EnhanceSession(), jobs, later=lambda _turn: None)
    opened.stage.open(section)
    opened.genes.add(section.genes[:2])
    run(opened, method="kriging")
    opened.view.set_mode(mode)
    opened.view.fade(faded=True)
    opened.view.show_origin(shown=True)
    opened.turns.finish()

    viewer.layers.selection = set(viewer.layers)
    viewer.layers.remove_selected()
    opened.turns.finish()

    assert len(viewer.layers) == 0
    assert opened.session.section is None


@pytest.mark.parametrize("mode", ViewMode)
@pytest.mark.parametrize("role", [Role.GENE, Role.ENHANCED, Role.COUNTS])
def test_a_layer_of_the_pair_removed_by_hand_breaks_no_mode(
    opened, viewer, section, mode, role
):
    opened.view.set_mode(mode)
    gene = None if role is Role.COUNTS else section.genes[1]

    viewer.layers.remove(opened.stage.find(section, role, gene))
    opened.genes.remove(section.genes[1])
    opened.view.set_mode(ViewMode.OVERLAY)

    assert extra(opened) == set()
    assert not viewer.canvas.grid.enabled


@pytest.mark.parametrize("mode", ViewMode)
def test_another_section_is_looked_at_without_any_mode(
    opened, viewer, other_section, mode
):
    opened.view.set_mode(mode)
    opened.view.fade(faded=True)
    opened.view.show_origin(shown=True)

    opened.stage.open(other_section)

    view = opened.session.view
    assert opened.session.section is other_section
    assert (view.mode, view.fade, view.show_origin) == (ViewMode.OVERLAY, False, False)
    assert extra(opened) == set()
    assert not viewer.canvas.grid.enabled


def test_results_are_compared_with_one_another(opened, run, section):
    first = opened.session.enhanced
    run(opened, method="nearest")
    second = opened.session.enhanced
    gene = section.genes[1]

    opened.view.compare_with(first)
    opened.view.set_mode(ViewMode.SIDE_BY_SIDE)
    assert seen(opened) == {Role.REFERENCE, Role.ENHANCED}
    names = [layer.name for layer, tag in opened.stage.tagged() if layer.visible]
    assert any("run 1, kriging" in name for name in names)
    opened.view.set_mode(ViewMode.DIFFERENCE)

    shown = layer_of(opened, Role.DIFFERENCE).data
    expected = second.image(gene) - first.image(gene)
    np.testing.assert_allclose(shown, expected, rtol=1e-5, atol=1e-6)
    assert Role.REFERENCE not in extra(opened)
    opened.view.compare_with(None)
    assert "measured" in layer_of(opened, Role.DIFFERENCE).name


@pytest.mark.parametrize("fade", [False, True])
@pytest.mark.parametrize("mode", [ViewMode.BLINK, ViewMode.SWIPE])
def test_two_results_take_turns_for_any_gene(opened, run, section, mode, fade):
    first = opened.session.enhanced
    run(opened, method="nearest")
    opened.view.set_mode(mode)
    opened.view.fade(faded=fade)

    opened.view.compare_with(first)
    opened.genes.add(section.genes[5:6])
    opened.genes.show(str(section.genes[7]))
    run(opened, method="linear")
    opened.view.compare_with(None)

    assert opened.session.view.mode is mode


def test_both_results_have_the_same_colours(opened, run, section):
    first = opened.session.enhanced
    run(opened, method="nearest")
    opened.view.compare_with(first)
    opened.view.set_mode(ViewMode.BLINK)
    enhanced = opened.stage.find(section, Role.ENHANCED, section.genes[1])
    left = layer_of(opened, Role.REFERENCE)

    enhanced.contrast_limits = (0.5, 3.5)
    left.colormap = "magma"

    assert tuple(left.contrast_limits) == (0.5, 3.5)
    assert enhanced.colormap.name == "magma"


@pytest.mark.parametrize("even", ["", " (norm.)"])
def test_a_swipe_names_the_two_results_that_are_compared(opened, run, even):
    first = opened.session.enhanced
    run(opened, method="kriging")
    opened.view.even_out(even=bool(even))
    opened.view.compare_with(first)
    opened.view.set_mode(ViewMode.SWIPE)
    gene = opened.session.genes.current or opened.session.genes.shown[-1]

    left, right = (
        layer_of(opened, role).name for role in (Role.SWIPE_LEFT, Role.SWIPE_RIGHT)
    )

    assert left == f"{gene} run 1, kriging{even} (left)"
    assert right == f"{gene} run 2, kriging{even} (right)"


def test_a_result_that_becomes_the_shown_one_is_compared_with_the_counts(opened, run):
    first = opened.session.enhanced
    run(opened, method="nearest")
    opened.view.compare_with(first)

    opened.runs.show(first)

    assert opened.session.view.reference is None


def test_a_running_preview_is_swiped_too(opened, jobs, section, fake_method):
    opened.view.set_mode(ViewMode.SWIPE)
    opened.runs.configure(method="fake")
    opened.runs.enhance()

    jobs.last.advance(1)
    while opened.session.enhanced in opened.session.run.results:
        jobs.last.advance(1)

    right = layer_of(opened, Role.SWIPE_RIGHT).data
    assert set(np.unique(right[np.isfinite(right)])) == {0.5}
    opened.runs.cancel()
    right = layer_of(opened, Role.SWIPE_RIGHT).data
    assert not set(np.unique(right[np.isfinite(right)])) <= {0.5}


def test_moving_the_divider_moves_what_is_seen(opened):
    opened.view.set_mode(ViewMode.SWIPE)

    def share():
        left = np.isfinite(layer_of(opened, Role.SWIPE_LEFT).data).sum()
        right = np.isfinite(layer_of(opened, Role.SWIPE_RIGHT).data).sum()
        return left, right

    opened.view.move_divider(0.0)
    nothing, everything = share()
    opened.view.move_divider(1.0)

    assert nothing == 0
    assert everything > 0
    assert share()[1] == 0


def test_fading_follows_the_colours_of_the_enhanced_layer(opened, section):
    opened.view.fade(faded=True)
    enhanced = opened.stage.find(section, Role.ENHANCED, section.genes[1])
    faded = next(
        layer
        for layer, tag in opened.stage.tagged()
        if tag.role is Role.FADED and layer.visible
    )
    before = faded.data.copy()
    assert enhanced.opacity == 0

    enhanced.contrast_limits = (0, 100)
    assert (faded.data != before).any()
    enhanced.visible = False
    assert not faded.visible
    enhanced.visible = True
    assert faded.visible
    opened.view.fade(faded=False)

    assert enhanced.opacity == 0.75
    assert enhanced.visible


def test_origin_stays_in_sight_through_every_mode(opened):
    opened.view.show_origin(shown=True)

    for mode in ViewMode:
        opened.view.set_mode(mode)
        assert Role.ORIGIN in seen(opened)
    opened.view.set_mode(ViewMode.OVERLAY)
    assert Role.ORIGIN in seen(opened)


def test_colour_bars_are_the_same_for_both(opened, section):
    opened.view.set_mode(ViewMode.SIDE_BY_SIDE)

    pair = [
        opened.stage.find(section, role, section.genes[1])
        for role in (Role.GENE, Role.ENHANCED)
    ]
    assert all(layer.colorbar.visible for layer in pair)
    assert pair[0].contrast_limits == pair[1].contrast_limits
    opened.view.show_color_bars(shown=False)
    assert not any(layer.colorbar.visible for layer in pair)


def press(viewer, key):
    bound = {str(name): act for name, act in viewer.keymap.items()}
    bound[key](viewer)


def test_keys_cycle_and_flip_while_the_widget_lives(opened, viewer):
    for mode in [*list(ViewMode)[1:], ViewMode.OVERLAY]:
        press(viewer, NEXT_KEY)
        assert opened.session.view.mode is mode
    press(viewer, FLIP_KEY)
    assert seen(opened) == {Role.GENE}
    press(viewer, FLIP_KEY)
    assert seen(opened) == {Role.ENHANCED}

    opened.close()

    assert viewer.keymap == {}
    assert extra(opened) == set()


def test_keys_of_others_are_given_back(viewer, section, jobs):
    viewer.bind_key(NEXT_KEY, act := lambda _viewer: None)

    controller = Controller(viewer, EnhanceSession(), jobs)
    controller.close()

    assert list(viewer.keymap.values()) == [act]


def test_without_a_result_nothing_is_compared(viewer, section, jobs):
    controller = Controller(viewer, EnhanceSession(), jobs)
    controller.stage.open(section)
    controller.genes.add(section.genes[:1])

    for mode in ViewMode:
        controller.view.set_mode(mode)
    controller.view.fade(faded=True)
    controller.view.show_origin(shown=True)
    controller.view.flip()
    controller.view.next_mode()

    assert extra(controller) == set()
    assert seen(controller) == {Role.GENE}


def test_a_hidden_layer_gets_its_colour_bar_once_it_is_shown(opened, section):
    hidden = opened.stage.find(section, Role.GENE, section.genes[1])
    opened.view.show_color_bars(shown=False)  # it was seen before there was a result
    opened.view.show_color_bars(shown=True)
    assert not hidden.visible
    assert not hidden.colorbar.visible

    hidden.visible = True
    assert hidden.colorbar.visible

    opened.view.show_color_bars(shown=False)
    assert not hidden.colorbar.visible


def test_a_section_that_is_just_opened_has_a_colour_bar(controller, viewer, section):
    for data in looks.section_to_layers(section):  # the picture first
        viewer.add_layer(Layer.create(*data))

    assert controller.stage.find(section, Role.COUNTS).colorbar.visible
