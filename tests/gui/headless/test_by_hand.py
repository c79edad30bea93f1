"""What a user does in napari itself, beside the panel: the state follows."""

from __future__ import annotations

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Labels, Layer

from napari_stentrans.gui.canvas import layers as looks
from napari_stentrans.gui.canvas.layers import LASTING, Role
from napari_stentrans.gui.canvas.painted import PaintedColorBar
from napari_stentrans.gui.control.controller import Controller
from napari_stentrans.gui.state.regions import Tool
from napari_stentrans.gui.state.session import EnhanceSession
from napari_stentrans.gui.state.view import ViewMode


def drop(viewer, section):
    """Open a section as napari does after a drop on its canvas."""
    for data in looks.section_to_layers(section):
        viewer.add_layer(Layer.create(*data))


def seen(controller, section):
    tagged = controller.stage.tagged()
    return {
        tag.role for layer, tag in tagged if tag.section is section and layer.visible
    }


# -- sections ------------------------------------------------------------------------


def test_a_section_dropped_during_a_run_waits_out_of_sight(
    viewer, section, other_section, jobs, fake_method
):
    turns = []
    controller = Controller(viewer, EnhanceSession(), jobs, later=turns.append)
    controller.stage.open(section)
    controller.runs.configure(method="fake")
    controller.runs.enhance()

    drop(viewer, other_section)
    while turns:
        turns.pop(0)()

    assert controller.session.section is section
    assert seen(controller, section) == {Role.IMAGE, Role.COUNTS}
    assert seen(controller, other_section) == set()
    assert "after this run" in controller.session.message.text
    jobs.last.finish()
    controller.sections.choose(other_section)
    assert seen(controller, other_section) == {Role.COUNTS}


def test_a_section_dropped_while_something_else_runs_is_chosen(
    opened, viewer, other_section, jobs
):
    opened.trials.test("scattered")

    drop(viewer, other_section)

    assert opened.session.section is other_section


def test_nothing_is_opened_in_the_place_of_what_runs(opened, jobs, tmp_path):
    opened.runs.enhance()
    running = jobs.last

    opened.sections.open(tmp_path)

    assert jobs.last is running
    assert not running.discarded


def test_what_was_said_of_a_section_is_not_said_of_the_next(
    opened, run, viewer, other_section
):
    run(opened)
    assert "Enhanced" in opened.session.message.text

    drop(viewer, other_section)

    assert opened.session.message.text.startswith(f"Opened {other_section.name}.")


def test_a_section_that_napari_opened_looks_as_ours(controller, viewer, section):
    drop(viewer, section)

    layer = controller.stage.find(section, Role.COUNTS)
    assert isinstance(layer._overlays["colorbar"], PaintedColorBar)


# -- a slider of somebody else -------------------------------------------------------


@pytest.fixture
def beside_a_stack(jobs, fake_method, told):
    viewer = ViewerModel()
    viewer.add_image(np.zeros((4, 5, 6)))
    return Controller(viewer, EnhanceSession(), start=jobs)


def test_a_section_is_looked_at_in_a_viewer_with_a_slider(beside_a_stack, section):
    beside_a_stack.stage.open(section)

    counts = beside_a_stack.stage.find(section, Role.COUNTS)
    camera = beside_a_stack.stage.viewer.scene.camera
    np.testing.assert_allclose(
        camera.center[-2:], counts.extent.world[:, -2:].mean(axis=0)
    )
    flat = ViewerModel()
    Controller(flat, EnhanceSession(), start=None).stage.open(section)
    assert camera.zoom == pytest.approx(flat.scene.camera.zoom, rel=0.1)


@pytest.mark.parametrize("mode", ViewMode)
def test_results_are_compared_in_a_viewer_with_a_slider(
    beside_a_stack, section, run, mode
):
    beside_a_stack.stage.open(section)
    beside_a_stack.genes.add([section.genes[0]])
    run(beside_a_stack, method="fake")

    beside_a_stack.view.set_mode(mode)
    beside_a_stack.view.set_mode(ViewMode.OVERLAY)

    assert Role.ENHANCED in seen(beside_a_stack, section)


# -- the grid, the mouse, the layer list ---------------------------------------------


def test_the_grid_switched_off_by_hand_ends_side_by_side(with_result, viewer, section):
    with_result.view.set_mode(ViewMode.SIDE_BY_SIDE)

    viewer.canvas.grid.enabled = False

    assert with_result.session.view.mode is ViewMode.OVERLAY
    assert seen(with_result, section) == {Role.IMAGE, Role.ENHANCED}


GRID = {"stride": 2, "shape": (1, 3), "spacing": 0.2}


def of_grid(viewer):
    return {name: getattr(viewer.canvas.grid, name) for name in GRID}


@pytest.mark.parametrize("enabled", [False, True])
def test_the_grid_of_the_user_is_there_again_after_side_by_side(
    with_result, viewer, enabled
):
    viewer.canvas.grid.update({**GRID, "enabled": enabled})
    with_result.view.set_mode(ViewMode.SIDE_BY_SIDE)
    assert viewer.canvas.grid.stride == 1

    with_result.view.set_mode(ViewMode.OVERLAY)

    assert of_grid(viewer) == GRID
    assert viewer.canvas.grid.enabled is enabled


def test_a_grid_switched_off_by_hand_stays_off(with_result, viewer):
    viewer.canvas.grid.update({**GRID, "enabled": True})
    with_result.view.set_mode(ViewMode.SIDE_BY_SIDE)

    viewer.canvas.grid.enabled = False

    assert of_grid(viewer) == GRID
    assert not viewer.canvas.grid.enabled


@pytest.mark.parametrize("visible", [True, False])
def test_a_layer_of_the_user_is_seen_after_side_by_side_as_it_came(
    with_result, viewer, visible
):
    with_result.view.set_mode(ViewMode.SIDE_BY_SIDE)
    mine = viewer.add_image(np.ones((9, 9)), name="mine", visible=visible)
    assert not mine.visible  # it would take the place of a panel

    with_result.view.set_mode(ViewMode.OVERLAY)

    assert mine.visible is visible


def test_panels_fill_the_view_whatever_the_grid_was_before(with_result, viewer):
    with_result.view.set_mode(ViewMode.SIDE_BY_SIDE)
    fitted, shape = viewer.scene.camera.zoom, viewer.canvas.grid.shape
    with_result.view.set_mode(ViewMode.OVERLAY)
    viewer.canvas.grid.update({"shape": shape, "enabled": True})
    viewer.scene.camera.zoom = fitted * 5

    with_result.view.set_mode(ViewMode.SIDE_BY_SIDE)

    assert viewer.scene.camera.zoom == pytest.approx(fitted)


def test_a_brush_is_down_only_while_the_mouse_paints(opened, viewer, section):
    opened.regions.paint()
    assert opened.session.regions.tool is Tool.BRUSH

    viewer.layers.selection.active = opened.stage.find(section, Role.COUNTS)
    assert opened.session.regions.tool is None
    opened.regions.use(Tool.BRUSH)

    assert opened.session.regions.tool is Tool.BRUSH
    assert viewer.layers.selection.active is opened.stage.canvas(section)


@pytest.mark.parametrize("mode", ViewMode)
def test_a_cancelled_first_run_leaves_the_gene_in_sight(opened, jobs, section, mode):
    opened.genes.add([section.genes[0]])
    opened.runs.enhance()
    while opened.session.enhanced is None:
        jobs.last.advance()
    opened.view.set_mode(mode)

    opened.runs.cancel()

    assert seen(opened, section) == {Role.IMAGE, Role.GENE}
    assert opened.session.view.mode is mode


@pytest.fixture
def previewing(opened, jobs):
    """A run whose first preview is shown; something was painted before."""
    opened.regions.paint()
    opened.runs.enhance()
    while opened.session.enhanced is None:
        jobs.last.advance()
    return opened


def end_by_cancel(controller, _jobs, _fake):
    controller.runs.cancel()


def end_by_error(_controller, jobs, fake):
    fake.error = ValueError("broken")
    jobs.last.finish()


@pytest.mark.parametrize("end", [end_by_cancel, end_by_error])
@pytest.mark.parametrize("mode", ViewMode)
def test_what_the_preview_hid_is_back_where_nothing_came_of_the_run(
    previewing, jobs, fake_method, section, end, mode
):
    canvas = previewing.stage.canvas(section)
    assert not canvas.visible
    previewing.view.set_mode(mode)

    end(previewing, jobs, fake_method)

    assert canvas.visible
    previewing.view.set_mode(ViewMode.OVERLAY)
    assert canvas.visible


def test_what_the_user_shows_and_hides_during_a_run_stays_so(previewing, section):
    canvas = previewing.stage.canvas(section)
    canvas.visible = True
    canvas.visible = False

    previewing.runs.cancel()

    assert not canvas.visible


def test_what_was_hidden_before_a_run_stays_so(opened, jobs, section):
    opened.regions.paint()
    opened.stage.canvas(section).visible = False
    opened.runs.enhance()
    while opened.session.enhanced is None:
        jobs.last.advance()

    opened.runs.cancel()

    assert not opened.stage.canvas(section).visible


def test_a_finished_run_shows_no_more_what_an_earlier_preview_hid(
    previewing, jobs, section
):
    jobs.last.finish()
    assert not previewing.stage.canvas(section).visible
    previewing.runs.enhance()

    previewing.runs.cancel()

    assert not previewing.stage.canvas(section).visible


def test_sections_are_chosen_while_scores_are_watched(
    opened, run, section, make_section
):
    """No gene of one section is looked for in the result of another."""
    opened.view.watch(watched=True)
    larger = make_section("square", n_genes=60)
    its_own = next(gene for gene in larger.genes if gene not in section.genes)
    for each, gene in ((section, section.genes[0]), (larger, its_own)):
        opened.stage.open(each)
        opened.genes.add([gene])
        run(opened)

    for each, gene in ((section, section.genes[0]), (larger, its_own)):
        opened.sections.choose(each)

        assert opened.session.view.pairs.gene == gene


def test_a_panel_that_is_opened_again_knows_the_result_that_is_shown(
    opened, run, viewer, section, jobs
):
    opened.genes.add([section.genes[0]])
    run(opened)
    opened.view.set_mode(ViewMode.SIDE_BY_SIDE)
    before = opened.session.run.log
    opened.close()

    again = Controller(viewer, EnhanceSession(), start=jobs)

    assert again.session.enhanced is before[0].result
    (record,) = again.session.run.log
    assert (record.missing, record.finished) == (before[0].missing, before[0].finished)
    assert seen(again, section) == {Role.IMAGE, Role.ENHANCED}
    again.genes.show(str(section.genes[1]))
    assert again.stage.find(section, Role.ENHANCED, str(section.genes[1])) is not None


# -- genes ---------------------------------------------------------------------------


def test_counts_deleted_by_hand_come_back_below_their_result(opened, jobs, section):
    gene, viewer = section.genes[0], opened.stage.viewer
    opened.genes.add([gene])
    opened.runs.enhance()
    jobs.last.finish()
    viewer.layers.remove(opened.stage.find(section, Role.GENE, gene))

    opened.genes.show(gene)

    measured = opened.stage.find(section, Role.GENE, gene)
    enhanced = opened.stage.find(section, Role.ENHANCED, gene)
    assert viewer.layers.index(measured) + 1 == viewer.layers.index(enhanced)
    assert enhanced.visible
    assert not measured.visible
    measured.contrast_limits = (0, 3)
    assert tuple(enhanced.contrast_limits) == (0, 3)


@pytest.mark.parametrize("mode", list(ViewMode)[1:])
@pytest.mark.parametrize(
    "deleted", [{Role.ENHANCED}, {Role.GENE}, {Role.GENE, Role.ENHANCED}]
)
@pytest.mark.parametrize("of_all_genes", [False, True])
def test_the_canvas_is_not_empty_after_what_was_seen_was_deleted(
    with_result, mode, deleted, of_all_genes
):
    stage, view = with_result.stage, with_result.view
    view.set_mode(mode)
    gene = with_result.session.genes.current or with_result.session.genes.shown[-1]
    for layer, tag in list(stage.tagged()):
        if tag.role in deleted and (of_all_genes or tag.gene == gene):
            stage.viewer.layers.remove(layer)

    view.set_mode(ViewMode.OVERLAY)

    seen = [tag.role for layer, tag in stage.tagged() if layer.visible]
    assert {Role.COUNTS, Role.GENE, Role.ENHANCED}.intersection(seen)


# -- copies ---------------------------------------------------------------------------


@pytest.mark.parametrize("role", [Role.COUNTS, Role.GENE, Role.ENHANCED])
@pytest.mark.parametrize("mode", list(ViewMode))
def test_a_layer_converted_to_labels_is_nobodys(
    opened, viewer, section, run, role, mode
):
    opened.genes.add([section.genes[0]])
    run(opened)
    opened.view.set_mode(mode)
    gene = None if role is Role.COUNTS else section.genes[0]
    layer = opened.stage.find(section, role, gene)
    place = viewer.layers.index(layer)

    labels = Labels(
        np.nan_to_num(layer.data).astype(int), metadata=dict(layer.metadata)
    )
    viewer.layers.remove(layer)  # as napari's "Convert to Labels"
    viewer.layers.insert(place, labels)

    assert "is a copy" in opened.session.message.text
    assert labels not in [each for each, _ in opened.stage.tagged()]
    run(opened)
    opened.view.set_mode(ViewMode.OVERLAY)
    assert opened.session.enhanced is not None


def test_a_copy_of_what_is_painted_is_said_to_be_none(opened, viewer, section):
    opened.regions.use(Tool.BRUSH)
    canvas = opened.stage.canvas(section)
    copy = Labels(canvas.data.copy(), metadata=dict(canvas.metadata))

    viewer.layers.append(copy)

    assert "is a copy" in opened.session.message.text
    assert opened.stage.canvas(section) is canvas


def test_a_gene_looked_at_leaves_the_brush_in_the_hand(opened, section):
    opened.regions.use(Tool.BRUSH)

    opened.genes.show(section.genes[2])

    assert opened.session.regions.tool is Tool.BRUSH


def test_a_region_painted_during_a_run_is_gone_on_with(opened, section, jobs):
    opened.runs.configure(method="fake")
    opened.runs.enhance()
    opened.regions.use(Tool.BRUSH)

    jobs.last.finish()

    assert opened.session.regions.tool is Tool.BRUSH
    assert opened.stage.canvas(section).visible


# -- the last layer of a section -----------------------------------------------------


def remove_by_hand(controller, *roles):
    for layer, tag in list(controller.stage.tagged()):
        if tag.role in roles:
            controller.stage.viewer.layers.remove(layer)


@pytest.mark.parametrize("mode", [ViewMode.SWIPE, ViewMode.DIFFERENCE])
def test_what_is_made_to_compare_goes_with_its_section(with_result, viewer, mode):
    with_result.view.set_mode(mode)

    remove_by_hand(with_result, *LASTING)

    assert with_result.session.sections == ()
    assert list(viewer.layers) == []


@pytest.mark.parametrize("lasting_first", [True, False])
@pytest.mark.parametrize("mode", ViewMode)
def test_all_layers_can_be_removed_in_any_order(
    viewer, section, jobs, run, mode, lasting_first
):
    turns = []
    controller = Controller(viewer, EnhanceSession(), jobs, later=turns.append)
    controller.stage.open(section)
    controller.genes.add(section.genes[:2])
    run(controller, method="nearest")
    controller.view.set_mode(mode)
    controller.view.show_origin(shown=True)
    controller.suggestions.search()
    jobs.last.finish()
    controller.turns.finish()
    lasting = [each for each, tag in controller.stage.tagged() if tag.role in LASTING]
    others = [layer for layer in viewer.layers if layer not in lasting]
    assert others

    for layer in [*lasting, *others] if lasting_first else [*others, *lasting]:
        viewer.layers.remove(layer)  # as napari does with what is selected
    controller.turns.finish()

    assert controller.session.sections == ()
    assert list(viewer.layers) == []


def test_the_next_section_is_seen_where_the_one_before_is_removed_by_hand(
    viewer, section, other_section, jobs, run
):
    turns = []
    controller = Controller(viewer, EnhanceSession(), jobs, later=turns.append)
    controller.stage.open(other_section)
    controller.stage.open(section)
    controller.genes.add(section.genes[:1])
    run(controller, method="nearest")
    controller.view.set_mode(ViewMode.SIDE_BY_SIDE)
    controller.turns.finish()

    remove_by_hand(controller, *set(LASTING) - {Role.COUNTS})
    viewer.layers.remove(controller.stage.find(section, Role.COUNTS))
    controller.turns.finish()

    assert controller.session.section is other_section
    assert seen(controller, other_section) == {Role.COUNTS}
    assert not viewer.canvas.grid.enabled


def take_gene(controller):
    controller.genes.remove(str(controller.session.genes.shown[0]))


def forget_result(controller):
    remove_by_hand(controller, Role.GENE)
    controller.runs.forget(controller.session.run.results[0])


def run_finer(controller):
    remove_by_hand(controller, Role.GENE)
    controller.runs.configure(refine=3)
    controller.runs.enhance()


@pytest.mark.parametrize("mode", ViewMode)
@pytest.mark.parametrize("take", [take_gene, forget_result, run_finer])
def test_nothing_that_the_panel_takes_away_closes_a_section(
    opened, section, run, jobs, mode, take
):
    opened.genes.add([section.genes[0]])
    run(opened)
    opened.view.set_mode(mode)
    remove_by_hand(opened, Role.COUNTS, Role.IMAGE)

    take(opened)
    jobs.last.finish()

    assert opened.session.section is section
    assert opened.session.run.log or take is forget_result
    assert Role.COUNTS in seen(opened, section) or take is run_finer


@pytest.mark.parametrize("is_signature", [True, False])
def test_several_genes_that_are_taken_away_close_no_section(
    opened, section, jobs, is_signature
):
    sets = opened.gene_sets
    (sets.add_signature if is_signature else sets.add_slider)(section.genes[:3])
    jobs.last.finish()
    remove_by_hand(opened, Role.COUNTS, Role.IMAGE)

    opened.genes.remove(opened.session.genes.sets[0])

    assert opened.session.section is section
    assert seen(opened, section) == {Role.COUNTS}


@pytest.mark.parametrize(("n_runs", "lost"), [(1, "its result"), (2, "its 2 results")])
def test_results_that_go_with_the_last_layer_are_told(
    opened, viewer, section, other_section, run, n_runs, lost
):
    for _ in range(n_runs):
        run(opened)

    viewer.layers.clear()

    told = f"{section.name} was closed with {lost}: its last layer is gone."
    assert opened.session.message.text == told
    opened.stage.open(other_section)
    viewer.layers.clear()
    assert opened.session.message.text == ""


def test_results_and_a_run_that_go_with_the_last_layer_are_told(opened, viewer, run):
    run(opened)
    opened.runs.enhance()

    viewer.layers.clear()

    told = opened.session.message.text
    assert "was closed with its result" in told
    assert "Cancelled" in told
