"""Several sections open at once: each layer says whose it is, and none is mistaken."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from napari.layers import Layer

from napari_stentrans.gui.canvas import layers as looks
from napari_stentrans.gui.canvas.layers import Role, tag_of
from napari_stentrans.gui.control.controller import Controller
from napari_stentrans.gui.state.session import EnhanceSession
from napari_stentrans.gui.state.view import ViewMode
from napari_stentrans.section.lattice import LatticeKind


@pytest.fixture
def first(section):
    return replace(section, name="A1")


@pytest.fixture
def second(section):
    return replace(section, name="B4")


@pytest.fixture
def both(controller, first, second):
    """A controller with two sections that share their genes; the second is chosen."""
    for section in (first, second):
        controller.stage.open(section)
        controller.genes.add(section.genes[:1])
    return controller


def names(viewer):
    return {layer.name for layer in viewer.layers}


def of(viewer, section):
    return [each for each in viewer.layers if tag_of(each.metadata).section is section]


# -- names ---------------------------------------------------------------------------


def test_with_one_section_open_names_are_short(controller, viewer, first):
    controller.stage.open(first)
    controller.genes.add(first.genes[:1])

    shown = {"A1 image", "A1 total counts", f"{first.genes[0]} measured"}
    assert names(viewer) == shown


def test_with_two_sections_open_each_layer_says_of_which_it_is(both, viewer, first):
    gene = first.genes[0]
    assert names(viewer) == {
        "A1 image",
        "A1 total counts",
        f"{gene} measured · A1",
        "B4 image",
        "B4 total counts",
        f"{gene} measured · B4",
    }


def test_a_gene_whose_name_holds_that_of_the_section_says_so_too(
    controller, viewer, first, second
):
    gene = str(first.genes[0])
    first = replace(first, name=gene[1:])  # as A1 is of ANXA1
    for section in (first, second):
        controller.stage.open(section)
    controller.sections.choose(first)
    controller.genes.add([gene])

    assert f"{gene} measured · {first.name}" in names(viewer)


def test_names_are_short_again_once_one_section_is_left(both, viewer, first, second):
    for layer in of(viewer, second):
        viewer.layers.remove(layer)

    shown = {"A1 image", "A1 total counts", f"{first.genes[0]} measured"}
    assert names(viewer) == shown


def test_another_gene_in_the_same_layers_says_of_which_section_it_is(both, viewer):
    both.genes.show(both.session.section.genes[1])
    both.genes.show(both.session.section.genes[2])

    assert f"{both.session.section.genes[2]} measured · B4" in names(viewer)


def test_what_a_comparison_shows_says_once_of_which_section_it_is(both, viewer, run):
    run(both)
    both.view.set_mode(ViewMode.SWIPE)

    gene = both.session.section.genes[0]
    sides = {f"{gene} measured (left) · B4", f"{gene} enhanced (right) · B4"}
    assert sides <= names(viewer)


def test_long_names_of_sections_are_cut_where_they_can_be_told_apart(
    controller, viewer, section
):
    long = "GSM8432101_patient_17_lymph_node_section_{}"
    one, two = (replace(section, name=long.format(number)) for number in (1, 2))
    for each in (one, two):
        controller.stage.open(each)
    controller.genes.add(section.genes[:1])
    assert viewer.layers[-1].name == f"{section.genes[0]} measured · GSM…ion_2"

    other = replace(section, name="GSM9_another_one_section_2")
    controller.stage.open(other)
    assert f"{section.genes[0]} measured · {two.name}" in names(viewer)


def test_a_layer_that_the_user_has_named_keeps_its_name(
    controller, viewer, first, second
):
    controller.stage.open(first)
    viewer.layers[-1].name = "my favourite"
    controller.stage.open(second)

    assert "my favourite" in names(viewer)


def test_sections_of_one_name_are_numbered(controller, viewer, first):
    for section in (first, replace(first)):
        for data in looks.section_to_layers(section):  # as napari's reader does
            viewer.add_layer(Layer.create(*data))

    assert names(viewer) == {
        "A1 image",
        "A1 total counts",
        "A1 image · A1 (2)",
        "A1 total counts · A1 (2)",
    }


def test_a_panel_opened_anew_names_layers_as_the_one_before(both, viewer, jobs):
    before = names(viewer)
    both.close()
    Controller(viewer, EnhanceSession(), start=jobs)

    assert names(viewer) == before


def test_sections_stay_in_the_order_of_opening_while_layers_move(
    both, viewer, first, second, run
):
    run(both)
    both.view.set_mode(ViewMode.SIDE_BY_SIDE)  # moves the layers of the second down
    both.genes.add(second.genes[1:2])

    assert both.session.sections == (first, second)


# -- what napari's own controls and keys work on ---------------------------------------


def test_the_layer_that_is_selected_is_one_of_the_chosen_section(
    both, viewer, first, second
):
    both.sections.choose(first)

    selected = viewer.layers.selection.active
    assert tag_of(selected.metadata).section is first
    assert selected.visible
    assert tag_of(selected.metadata).role is Role.GENE


def test_deleting_what_is_selected_hurts_no_section_out_of_sight(
    both, viewer, first, second
):
    both.sections.choose(first)
    viewer.layers.remove_selected()

    assert len(of(viewer, second)) == 3


def test_a_layer_of_the_user_stays_selected(both, viewer, first):
    mine = viewer.add_points(np.zeros((1, 2)))
    both.sections.choose(first)

    assert viewer.layers.selection.active is mine


def test_a_copy_of_a_layer_says_once_of_which_section_it_is(both, viewer):
    layer = viewer.layers[-1]
    copy = Layer.create(*layer.as_layer_data_tuple())
    copy.name = f"{layer.name} copy"
    viewer.add_layer(copy)

    assert copy.name == f"{layer.name} copy"


# -- what is seen --------------------------------------------------------------------


def test_a_layer_shown_by_hand_is_hidden_with_the_section_it_was_shown_over(
    both, viewer, first, second
):
    counts, measured = (
        both.stage.find(first, role, gene)
        for role, gene in [(Role.COUNTS, None), (Role.GENE, first.genes[0])]
    )
    both.sections.choose(first)
    looked_at = {layer: layer.visible for layer in of(viewer, first)}
    both.sections.choose(second)
    counts.visible = measured.visible = True

    both.sections.opened(replace(first, name="C7"))
    assert not any(layer.visible for layer in looked_at)
    both.sections.choose(first)

    assert {layer: layer.visible for layer in of(viewer, first)} == looked_at
    assert not counts.visible


# -- ways of comparing -----------------------------------------------------------------


@pytest.mark.parametrize("mode", ViewMode)
def test_each_section_is_looked_at_as_it_was(both, viewer, run, first, mode):
    second = both.session.section
    run(both)
    before = both.session.enhanced
    run(both)
    both.view.compare_with(before)
    both.view.set_mode(mode)
    both.view.fade(faded=True)
    seen = {layer.name for layer in viewer.layers if layer.visible}
    view = both.session.view

    both.sections.choose(first)
    now = (view.mode, view.reference, view.fade)
    assert now == (ViewMode.OVERLAY, None, False)
    both.sections.choose(second)

    assert (view.mode, view.reference, view.fade) == (mode, before, True)
    assert {layer.name for layer in viewer.layers if layer.visible} == seen


def test_a_way_of_comparing_ends_with_the_result(both, run, first, second):
    run(both)
    both.view.set_mode(ViewMode.SWIPE)
    both.sections.choose(first)
    both.runs.forget(both.session.run.log[0].result)
    both.sections.choose(second)

    assert both.session.view.mode is ViewMode.OVERLAY


# -- what the camera looks at ----------------------------------------------------------


def test_leaving_side_by_side_looks_at_the_section_whatever_lies_on_top(
    controller, viewer, first, second, run
):
    far = second.pixel_xy + 50_000
    for section in (first, replace(second, pixel_xy=far, image=None)):
        controller.stage.open(section)
        controller.genes.add(section.genes[:1])
    controller.sections.choose(first)
    run(controller)
    controller.view.set_mode(ViewMode.SIDE_BY_SIDE)
    controller.view.set_mode(ViewMode.OVERLAY)

    seen = np.array(viewer.scene.camera.center[-2:])[::-1]
    assert np.linalg.norm(seen - first.pixel_xy.mean(axis=0)) < 5_000


# -- closing ---------------------------------------------------------------------------


def test_closing_a_section_leaves_the_others(both, viewer, first):
    both.sections.shut()

    assert both.session.sections == (first,)
    assert both.session.section is first
    assert len(of(viewer, first)) == len(viewer.layers)
    assert both.session.message.text == "Closed B4."


def test_of_sections_of_one_name_the_closed_one_is_told(controller, section):
    controller.stage.open(section)
    controller.stage.open(replace(section))
    second = controller.session.sections[1]
    controller.sections.choose(second)
    controller.sections.shut()
    assert controller.session.message.text == f"Closed {section.name} (2)."


@pytest.fixture
def twins(controller, section, told):
    """A controller with two sections of one name; the second is chosen."""
    controller.stage.open(section)
    controller.stage.open(replace(section))
    return controller


def test_every_message_tells_sections_of_one_name_apart(twins, run, jobs, section):
    session = twins.session
    twin = f"{section.name} (2)"

    twins.runs.enhance()
    assert session.message.text == f"Enhancing {twin} …"
    jobs.last.finish()
    twins.sections.shut()
    assert session.message.text.startswith(f"{twin} has a result that would be lost")
    twins.trials.test("dropout")
    jobs.last.finish()
    assert session.message.text.startswith(f"{twin}: ")
    twins.sections.opened(replace(section))
    assert session.message.text.startswith(f"Opened {section.name} (3).")
    twins.sections.choose(session.sections[1])
    for layer in of(twins.stage.viewer, session.section):
        twins.stage.viewer.layers.remove(layer)
    assert session.message.text.startswith(f"{twin} was closed with its result")


def test_a_twin_on_another_lattice_is_told_by_its_name_of_then(twins, jobs, section):
    twins.sections.choose(section)
    twins.replacement.lay_on(LatticeKind.IRREGULAR)
    jobs.last.finish()

    name = twins.session.name_of(twins.session.section)
    assert name == f"{section.name} (2)", "it was opened last"
    assert twins.session.message.text.startswith(f"{name} now lies on this lattice: ")


def test_a_twin_opened_during_a_run_is_told_apart(viewer, section, jobs, fake_method):
    turns = []
    controller = Controller(viewer, EnhanceSession(), jobs, later=turns.append)
    controller.stage.open(section)
    controller.runs.configure(method="fake")
    controller.runs.enhance()

    controller.stage.open(replace(section))
    while turns:
        turns.pop(0)()

    assert controller.session.message.text.startswith(f"{section.name} (2) is open")


def test_a_section_with_results_closes_the_second_time(both, run, second, first):
    run(both)
    both.sections.shut()
    assert both.session.section is second
    assert "a result that would be lost" in both.session.message.text

    both.sections.shut()
    assert both.session.sections == (first,)
    assert both.session.run.log == ()


def test_the_warning_is_of_the_section_that_is_chosen_alone(both, run, first, second):
    run(both)
    both.sections.shut()
    both.sections.choose(first)
    both.sections.choose(second)
    both.sections.shut()

    assert second in both.session.sections


def test_no_section_closes_while_something_runs(both, second):
    both.runs.enhance()
    both.sections.shut()

    assert second in both.session.sections


def test_closing_the_last_section_leaves_an_empty_window(opened, viewer):
    opened.sections.shut()

    assert not viewer.layers
    assert opened.session.section is None


# -- sliders ---------------------------------------------------------------------------


@pytest.fixture
def sliding(controller, first, second, jobs):
    """Two sections with a slider each: of two genes, and of four."""
    for section, n_genes in ((first, 2), (second, 4)):
        controller.stage.open(section)
        controller.gene_sets.add_slider(section.genes[:n_genes])
        jobs.last.finish()
    return controller


def test_a_slider_ends_with_the_genes_of_the_section_that_is_seen(
    sliding, viewer, first
):
    viewer.dims.set_current_step(0, 3)
    sliding.sections.choose(first)
    assert viewer.dims.current_step[0] == 1

    viewer.dims.set_current_step(0, 3)
    assert viewer.dims.current_step[0] == 1
    assert viewer.canvas.overlays.text.text == f"{first.genes[1]}  2 of 2"
    assert viewer.canvas.overlays.text.visible


def test_a_stack_of_somebody_else_is_seen_to_its_end(sliding, viewer, first):
    sliding.sections.choose(first)
    viewer.add_image(np.zeros((9, 5, 5)))

    viewer.dims.set_current_step(0, 8)

    assert viewer.dims.current_step[0] == 8


def test_no_gene_is_named_while_its_slider_is_hidden(sliding, viewer):
    for layer in viewer.layers:
        layer.visible = False

    assert not viewer.canvas.overlays.text.visible


def test_a_run_that_a_slider_shows_asks_for_no_gene(sliding, run):
    run(sliding)

    assert "Choose a gene" not in sliding.session.message.text


def test_a_section_that_is_opened_beside_panels_is_seen_with_its_picture(
    with_result, second
):
    stage = with_result.stage
    with_result.view.set_mode(ViewMode.SIDE_BY_SIDE)
    assert stage.viewer.canvas.grid.enabled

    with_result.sections.opened(second)

    assert not stage.viewer.canvas.grid.enabled
    assert stage.find(second, Role.IMAGE).visible
    assert stage.find(second, Role.COUNTS).visible
