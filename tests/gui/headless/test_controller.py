from __future__ import annotations

import numpy as np
from napari.layers import Layer

from napari_stentrans import enhance
from napari_stentrans.errors import ReadError
from napari_stentrans.gui.canvas import layers as looks
from napari_stentrans.gui.canvas.layers import Role
from napari_stentrans.gui.control.controller import Controller
from napari_stentrans.gui.state.session import EnhanceSession, JobStatus
from napari_stentrans.gui.state.view import ViewMode
from napari_stentrans.section.missing import MissingRegions


def level(controller, role, gene):
    layer = controller.stage.find(controller.session.section, role, gene)
    return None if layer is None else float(np.nanmax(layer.data))


# -- sections ----------------------------------------------------------------------


def test_a_section_opened_by_any_route_is_chosen(controller, viewer, section):
    for data in looks.section_to_layers(section):
        viewer.add_layer(Layer.create(*data))

    assert controller.session.sections == (section,)
    assert controller.session.section is section


def test_sections_that_were_there_before_the_widget_are_found(viewer, section, jobs):
    viewer.add_layer(Layer.create(*looks.counts_layer(section)))

    assert Controller(viewer, EnhanceSession(), start=jobs).session.section is section


def test_opening_reads_in_the_background(
    controller, jobs, section, monkeypatch, tmp_path
):
    monkeypatch.setattr(
        "napari_stentrans.gui.jobs.section_tasks.read_section",
        lambda _path, **_: section,
    )

    controller.sections.open(tmp_path)
    assert controller.session.status is JobStatus.OPENING
    assert controller.session.section is None
    jobs.last.finish()

    assert controller.session.section is section
    assert controller.session.status is JobStatus.IDLE


def test_what_cannot_be_opened_is_told(controller, jobs, told, tmp_path):
    (tmp_path / "notes.txt").write_text("not a section")

    controller.sections.open(tmp_path / "notes.txt")
    jobs.last.finish()

    assert controller.session.message.is_error
    assert told == [controller.session.message.text]
    assert controller.session.status is JobStatus.IDLE


def test_going_back_to_a_section_looks_at_its_spots(
    opened, viewer, section, make_section
):
    counts = opened.stage.find(section, Role.COUNTS)
    picture = opened.stage.find(section, Role.IMAGE)
    picture.scale = 4 * picture.scale  # much wider than the spots, and beside them
    opened.stage.open(make_section("square", image=False))

    opened.sections.choose(section)

    np.testing.assert_allclose(
        viewer.scene.camera.center[-2:], counts.extent.world[:, -2:].mean(axis=0)
    )


def test_removing_its_layers_closes_a_section(opened, viewer, other_section):
    first = opened.session.section
    opened.stage.open(other_section)
    assert opened.session.section is other_section

    for layer, tag in list(opened.stage.tagged()):
        if tag.section is other_section:
            viewer.layers.remove(layer)

    assert opened.session.sections == (first,)
    assert opened.session.section is first
    viewer.layers.clear()
    assert opened.session.section is None


def test_each_section_keeps_its_result(opened, jobs, other_section):
    section = opened.session.section
    opened.runs.enhance()
    jobs.last.finish()
    result = opened.session.enhanced

    opened.stage.open(other_section)
    assert opened.session.enhanced is None
    opened.sections.choose(section)

    assert opened.session.enhanced is result


def test_only_the_chosen_section_is_shown(opened, other_section):
    first = opened.session.section
    opened.genes.add([first.genes[0]])

    def visible(section):
        tagged = opened.stage.tagged()
        return [
            tag.role
            for layer, tag in tagged
            if tag.section is section and layer.visible
        ]

    before = visible(first)
    opened.stage.open(other_section)
    assert visible(first) == []
    assert visible(other_section) == [Role.COUNTS]
    opened.sections.choose(first)

    assert visible(first) == before
    assert visible(other_section) == []


# -- genes -------------------------------------------------------------------------


def test_genes_are_added_and_removed(opened, section):
    one, two = section.genes[:2]

    opened.genes.add([one, two, one])
    assert opened.session.genes.shown == (one, two)
    opened.genes.remove(one)

    assert opened.session.genes.shown == (two,)
    shown = opened.stage.find(section, Role.GENE, two)
    np.testing.assert_array_equal(
        shown.data, looks.raster_of(section).image(section.gene_counts(two))
    )


def test_deleting_the_layer_unticks_the_gene(opened, viewer, section):
    gene = section.genes[0]
    opened.genes.add([gene])

    viewer.layers.remove(opened.stage.find(section, Role.GENE, gene))

    assert opened.session.genes.shown == ()


def test_unknown_genes_are_told_and_the_others_added(opened, section, told):
    opened.genes.add(["NOSUCHGENE", section.genes[0]])

    assert opened.session.genes.shown == (section.genes[0],)
    assert "NOSUCHGENE" in told[0]
    assert opened.session.message.is_error


def test_a_complaint_goes_with_the_next_gene_that_is_there(opened, section, told):
    opened.genes.show("NOSUCHGENE")
    assert opened.session.message.is_error
    opened.genes.show(section.genes[0])
    assert opened.session.message.text == ""

    opened.background.say("Saved x.h5ad.")
    opened.genes.show(section.genes[1])
    assert opened.session.message.text == "Saved x.h5ad."


def test_a_new_gene_covers_no_other(opened, section):
    opened.genes.add(section.genes[:3])

    visible = [tag.gene for layer, tag in opened.stage.tagged() if layer.visible]
    assert visible == [None, section.genes[2]]  # the picture, and the newest gene


# -- the run -----------------------------------------------------------------------


def test_the_preview_comes_first_and_the_result_replaces_it(opened, jobs, section):
    gene = section.genes[0]
    opened.genes.add([gene])

    opened.runs.enhance()
    assert opened.session.status is JobStatus.ENHANCING
    while level(opened, Role.ENHANCED, gene) is None:
        jobs.last.advance()
    layer = opened.stage.find(section, Role.ENHANCED, gene)
    assert level(opened, Role.ENHANCED, gene) == 0.5
    assert opened.runs.result_of(section) is None
    jobs.last.finish()

    assert opened.stage.find(section, Role.ENHANCED, gene) is layer
    assert level(opened, Role.ENHANCED, gene) == 50
    assert opened.runs.result_of(section) is opened.session.enhanced
    assert opened.session.status is JobStatus.IDLE


def test_layers_show_what_the_library_computes(opened, jobs, section, monkeypatch):
    monkeypatch.undo()  # the real methods
    gene = section.genes[0]
    opened.genes.add([gene])
    opened.regions.paint()
    hole = np.isin(looks.raster_of(section).index, [10, 11, 12])
    opened.stage.canvas(section).data_setitem(np.nonzero(hole), 1)
    opened.runs.configure(method="linear", refine=3)

    opened.runs.enhance()
    jobs.last.finish()

    missing = MissingRegions.from_spots(section, [10, 11, 12])
    expected = enhance(section, method="linear", refine=3, missing=missing)
    layer = opened.stage.find(section, Role.ENHANCED, gene)
    np.testing.assert_array_equal(layer.data, expected.image(gene))


def test_painted_spots_are_never_shown_to_the_method(
    opened, jobs, section, fake_method
):
    opened.regions.paint()
    hole = np.isin(looks.raster_of(section).index, [10, 11])
    opened.stage.canvas(section).data_setitem(np.nonzero(hole), 1)

    opened.runs.enhance()
    jobs.last.finish()

    seen = fake_method.seen[0].barcodes
    assert set(section.barcodes) - set(seen) == set(section.barcodes[[10, 11]])


def test_colours_of_measured_and_enhanced_are_linked(opened, jobs, section):
    gene = section.genes[0]
    opened.genes.add([gene])
    opened.runs.enhance()
    jobs.last.finish()
    measured = opened.stage.find(section, Role.GENE, gene)
    enhanced = opened.stage.find(section, Role.ENHANCED, gene)
    assert enhanced.contrast_limits == measured.contrast_limits

    measured.contrast_limits = (0, 3)
    enhanced.colormap = "inferno"

    assert tuple(enhanced.contrast_limits) == (0, 3)
    assert measured.colormap.name == "inferno"


def test_a_gene_added_after_the_run_comes_with_its_result(opened, jobs, section):
    opened.runs.enhance()
    jobs.last.finish()

    opened.genes.add([section.genes[5]])

    assert level(opened, Role.GENE, section.genes[5]) is not None
    assert level(opened, Role.ENHANCED, section.genes[5]) == 50


def test_another_refinement_replaces_layers_of_another_shape(opened, jobs, section):
    gene = section.genes[0]
    opened.genes.add([gene])
    for refine in (2, 3):
        opened.runs.configure(refine=refine)
        opened.runs.enhance()
        jobs.last.finish()

    layer = opened.stage.find(section, Role.ENHANCED, gene)
    assert layer.data.shape == opened.session.enhanced.raster.shape
    roles = [tag.role for _, tag in opened.stage.tagged()]
    assert roles.count(Role.ENHANCED) == 1


def test_stop_keeps_what_is_there(opened, jobs, section):
    gene = section.genes[0]
    opened.genes.add([gene])
    opened.runs.enhance()
    while not level(opened, Role.ENHANCED, gene):
        jobs.last.advance()
    jobs.last.advance(5)

    opened.runs.stop()
    assert opened.session.status is JobStatus.STOPPING
    jobs.last.finish()

    assert 0.5 < level(opened, Role.ENHANCED, gene) < 50
    assert opened.session.status is JobStatus.IDLE


def test_cancel_of_the_first_run_leaves_no_result(opened, jobs, section):
    gene = section.genes[0]
    opened.genes.add([gene])
    opened.runs.enhance()
    while not level(opened, Role.ENHANCED, gene):
        jobs.last.advance()

    opened.runs.cancel()
    jobs.last.finish()

    assert jobs.last.discarded
    assert opened.session.enhanced is None
    assert level(opened, Role.ENHANCED, gene) is None
    assert opened.stage.find(section, Role.GENE, gene).visible
    assert opened.session.status is JobStatus.IDLE


def test_cancel_puts_the_previous_result_back(opened, jobs, section):
    gene = section.genes[0]
    opened.genes.add([gene])
    opened.runs.enhance()
    jobs.last.finish()
    first = opened.session.enhanced

    opened.runs.enhance()
    while level(opened, Role.ENHANCED, gene) == 50:
        jobs.last.advance()
    opened.runs.cancel()
    jobs.last.finish()

    assert opened.session.enhanced is first
    assert level(opened, Role.ENHANCED, gene) == 50


def test_a_failure_is_told_and_puts_the_previous_result_back(
    opened, jobs, section, fake_method, told
):
    gene = section.genes[0]
    opened.genes.add([gene])
    opened.runs.enhance()
    jobs.last.finish()
    first = opened.session.enhanced

    fake_method.error = ReadError("the device has no memory left; use another")
    opened.runs.enhance()
    jobs.last.finish()

    assert told == ["the device has no memory left; use another"]
    assert opened.session.message.is_error
    assert opened.session.status is JobStatus.IDLE
    assert opened.session.enhanced is first
    assert level(opened, Role.ENHANCED, gene) == 50


def test_a_bug_is_told_without_a_traceback(opened, jobs, fake_method, told, caplog):
    fake_method.error = ZeroDivisionError("division by zero")

    opened.runs.enhance()
    jobs.last.finish()

    assert "ZeroDivisionError: division by zero" in told[0]
    assert "Traceback" not in told[0]
    assert "Traceback" in caplog.text


def test_refinement_one_improves_the_measured_spots(opened, jobs):
    opened.runs.configure(refine=1)

    opened.runs.enhance()
    jobs.last.finish()

    assert opened.session.enhanced.targets.measured.all()


def test_one_run_at_a_time(opened, jobs):
    opened.runs.enhance()
    n_jobs = len(jobs.started)

    opened.runs.enhance()

    assert len(jobs.started) == n_jobs


def test_closing_the_section_ends_its_run(opened, viewer, jobs):
    opened.runs.enhance()
    jobs.last.advance(3)

    viewer.layers.clear()
    jobs.last.finish()

    assert jobs.last.discarded
    assert len(viewer.layers) == 0
    assert opened.session.status is JobStatus.IDLE
    assert "Cancelled" in opened.session.message.text


def test_close_discards_the_run_and_lets_go_of_the_viewer(
    opened, viewer, jobs, other_section
):
    opened.runs.enhance()
    opened.close()
    jobs.last.finish()

    opened.stage.open(other_section)

    assert jobs.last.discarded
    assert other_section not in opened.session.sections


# -- looking and saving ------------------------------------------------------------


def test_side_by_side_follows_genes_that_come_and_go(opened, viewer, jobs, section):
    opened.genes.add(section.genes[:1])
    opened.runs.enhance()
    jobs.last.finish()
    opened.view.set_mode(ViewMode.SIDE_BY_SIDE)
    assert viewer.canvas.grid.enabled

    opened.genes.add(section.genes[1:2])
    shapes = [viewer.canvas.grid.shape]
    opened.genes.remove(section.genes[1])
    shapes.append(viewer.canvas.grid.shape)
    opened.view.set_mode(ViewMode.OVERLAY)

    assert shapes[0] != shapes[1]
    assert not viewer.canvas.grid.enabled


def test_uncertainty_is_shown_on_request(opened, jobs, section):
    gene = section.genes[0]
    opened.genes.add([gene])
    opened.runs.enhance()
    jobs.last.finish()
    assert opened.stage.find(section, Role.SD, gene) is None

    opened.view.show_sd(shown=True)
    sd = opened.stage.find(section, Role.SD, gene)
    assert sd.visible
    opened.view.show_sd(shown=False)

    assert not sd.visible


def test_saving_writes_the_result(opened, jobs, section, tmp_path):
    from anndata import read_h5ad

    opened.runs.enhance()
    jobs.last.finish()

    opened.files.save(tmp_path / "result")
    assert opened.session.status is JobStatus.SAVING
    jobs.last.finish()

    assert read_h5ad(tmp_path / "result.h5ad").n_obs == len(opened.session.enhanced)
    assert str(tmp_path / "result.h5ad") in opened.session.message.text


def test_where_it_cannot_be_saved_is_told(opened, jobs, tmp_path, told):
    opened.runs.enhance()
    jobs.last.finish()

    opened.files.save(tmp_path / "no such folder" / "result.h5ad")
    jobs.last.finish()

    assert told
    assert opened.session.status is JobStatus.IDLE


def test_summaries_are_looked_up_in_the_background(controller, jobs, monkeypatch):
    monkeypatch.setattr("napari_stentrans.methods.base.method_names", lambda: ["fake"])
    controller.runs.look_up_methods()
    assert controller.session.run.summaries == {}
    jobs.last.finish()

    assert controller.session.run.summaries == {"fake": "counts to fifty"}
