"""Another picture or lattice makes another section: what stays, and what is asked."""

from __future__ import annotations

import pytest
from PIL import Image as Picture

from napari_stentrans.gui.canvas.layers import Role, tag_of
from napari_stentrans.gui.control.controller import Controller
from napari_stentrans.gui.control.memory import Memory
from napari_stentrans.gui.jobs import section_tasks
from napari_stentrans.gui.state.session import EnhanceSession, JobStatus
from napari_stentrans.gui.state.view import ViewMode
from napari_stentrans.section.lattice import LatticeKind
from napari_stentrans.section.regions import RegionKind


@pytest.fixture
def picture(section, tmp_path):
    """File of a picture that fits the section."""
    size = tuple(map(int, section.pixel_xy.max(axis=0) + 50))
    Picture.new("RGB", size, "grey").save(tmp_path / "another.png")
    return tmp_path / "another.png"


def paint(controller):
    """Paint some spots by hand."""
    controller.regions.paint()
    canvas = controller.stage.canvas(controller.session.section)
    canvas.data[4:8, 4:8] = 1
    canvas.refresh()


def finish(jobs):
    for job in list(jobs.started):
        if not job.discarded:
            job.finish()


def shown(controller):
    """What layers but the picture show of the section, and whether they are seen."""
    return [
        (layer.name, tag.role, tag.gene, tag.of, tag.pinned, layer.visible)
        for layer, tag in controller.stage.tagged()
        if tag.section is controller.session.section and tag.role is not Role.IMAGE
    ]


# -- what stays ------------------------------------------------------------------------


def test_another_picture_leaves_what_is_shown_and_painted(
    viewer, section, jobs, picture, told
):
    controller = Controller(viewer, EnhanceSession(), jobs, Memory.of_user())
    messages = []
    controller.session.events.message.connect(lambda now: messages.append(now.text))
    genes = list(map(str, section.genes[:4]))
    controller.stage.open(section)
    controller.gene_sets.add_signature(genes[:3], "mine")
    controller.gene_sets.add_slider(genes)
    finish(jobs)
    controller.genes.add(genes[:1])
    controller.genes.show(genes[1])
    paint(controller)
    finish(jobs)
    viewer.dims.set_current_step(0, 2)
    before, rows = shown(controller), controller.session.regions.rows
    assert rows
    assert rows[0].n_spots

    controller.replacement.add_picture(picture)
    finish(jobs)

    session = controller.session
    assert session.section is not section
    assert (session.section.image.data == 128).all()
    assert shown(controller) == before
    assert session.genes.unpinned == genes[1]
    assert session.genes.current == genes[1]
    assert session.genes.sets == ("mine", "slider of 4 genes")
    assert session.regions.rows == rows
    assert controller.regions.missing().n_spots == rows[0].n_spots
    assert not any("paint it again" in each for each in messages)
    assert not any("last time" in each for each in messages)
    assert not any(tag_of(e.metadata).section is section for e in viewer.layers)


def test_what_was_seen_of_a_result_is_seen_as_measured(opened, jobs, picture, run):
    gene = str(opened.session.section.genes[0])
    opened.genes.add([gene])
    run(opened)
    assert not opened.stage.find(opened.session.section, Role.GENE, gene).visible
    for _ in range(2):
        opened.replacement.add_picture(picture)
    jobs.last.finish()

    section = opened.session.section
    assert opened.stage.find(section, Role.GENE, gene).visible
    assert opened.stage.find(section, Role.ENHANCED, gene) is None


def test_sets_of_genes_stay_on_another_lattice_and_painting_goes(opened, jobs, section):
    opened.gene_sets.add_signature(section.genes[:3], "mine")
    finish(jobs)
    paint(opened)
    opened.replacement.lay_on(LatticeKind.QUINCUNX)
    assert "a region that would be lost" in opened.session.message.text
    assert opened.session.status is JobStatus.IDLE

    opened.replacement.lay_on(LatticeKind.QUINCUNX)
    jobs.last.finish()
    assert opened.session.genes.sets == ("mine",)
    assert opened.session.regions.rows == ()
    assert "paint it again" in opened.session.message.text


@pytest.mark.parametrize("leaves", [False, True])
def test_what_is_painted_while_a_lattice_is_looked_for_is_warned_of(
    opened, jobs, section, other_section, leaves
):
    opened.replacement.lay_on(LatticeKind.QUINCUNX)
    fitting = jobs.last
    paint(opened)
    if leaves:
        opened.stage.open(other_section)
    fitting.finish()

    assert opened.session.section is section
    assert opened.session.regions.rows
    assert "a region that would be lost" in opened.session.message.text
    opened.replacement.lay_on(LatticeKind.QUINCUNX)
    jobs.last.finish()
    assert opened.session.section.lattice.kind is LatticeKind.QUINCUNX


def test_another_section_is_looked_at_as_before_one_was_replaced(
    opened, jobs, section, other_section, picture, run
):
    opened.stage.open(other_section)
    opened.genes.add(other_section.genes[:1])
    run(opened)
    opened.view.set_mode(ViewMode.SIDE_BY_SIDE)
    opened.sections.choose(section)
    opened.replacement.add_picture(picture)
    replacing = jobs.last
    opened.sections.choose(other_section)
    replacing.finish()
    assert opened.session.view.mode is ViewMode.OVERLAY
    opened.sections.choose(other_section)

    assert opened.session.view.mode is ViewMode.SIDE_BY_SIDE


# -- what is asked ---------------------------------------------------------------------


def test_results_go_with_their_picture_the_second_time_only(
    opened, jobs, picture, run, section
):
    run(opened)
    run(opened)
    assert not opened.replacement.may_add_picture()
    assert "2 results that would be lost" in opened.session.message.text
    opened.sections.shut()  # that was asked for once only
    assert opened.session.section is section

    opened.replacement.add_picture(picture)
    assert opened.session.section is section
    assert opened.replacement.may_add_picture()
    opened.replacement.add_picture(picture)
    jobs.last.finish()
    assert opened.session.section is not section
    assert opened.session.run.log == ()


def test_results_that_came_after_the_warning_are_warned_of(opened, run, section):
    run(opened)
    opened.sections.shut()
    run(opened)
    opened.sections.shut()
    assert opened.session.section is section
    assert "2 results that would be lost" in opened.session.message.text

    opened.sections.shut()
    assert opened.session.sections == ()


def _look_at_a_gene(opened, section):
    opened.genes.show(str(section.genes[1]))


def _paint(opened, _section):
    opened.regions.add(RegionKind.PREDICT)


def _forget_a_run(opened, _section):
    opened.runs.forget(opened.session.run.results[0])


def _set_up_a_run(opened, _section):
    opened.runs.configure(seed=7)


def _tell_something(opened, _section):
    opened.background.say("Something else.")


@pytest.mark.parametrize(
    "act",
    [_look_at_a_gene, _paint, _forget_a_run, _set_up_a_run, _tell_something],
    ids=lambda act: act.__name__.strip("_"),
)
def test_a_warning_holds_until_something_else_is_done(opened, run, section, act):
    run(opened)
    run(opened)
    opened.sections.shut()

    act(opened, section)

    assert "would be lost" not in opened.session.message.text
    opened.sections.shut()
    assert opened.session.section is section
    assert "would be lost" in opened.session.message.text
    opened.sections.shut()
    assert opened.session.sections == ()


# -- layers that are deleted while something runs --------------------------------------


def test_another_section_opens_although_the_current_one_is_deleted(
    opened, jobs, other_section, monkeypatch
):
    monkeypatch.setattr(section_tasks, "read_section", lambda *_, **__: other_section)
    opened.sections.open("/x/b.h5ad")
    opened.stage.viewer.layers.clear()
    assert opened.session.status is JobStatus.OPENING
    assert "Opening b.h5ad" in opened.session.message.text

    jobs.last.finish()
    assert opened.session.section is other_section


def test_a_save_goes_on_although_the_section_is_deleted(opened, jobs, run, tmp_path):
    run(opened)
    opened.files.save(tmp_path / "r.h5ad")
    opened.stage.viewer.layers.clear()
    jobs.last.finish()
    assert (tmp_path / "r.h5ad").is_file()
    assert "Saved" in opened.session.message.text


def test_what_would_replace_a_deleted_section_is_cancelled(
    opened, jobs, other_section, picture
):
    opened.replacement.add_picture(picture)
    replacing = jobs.last
    opened.stage.viewer.layers.clear()
    assert replacing.discarded
    assert opened.session.status is JobStatus.IDLE
    assert opened.session.sections == ()


def test_a_replacement_that_was_cancelled_is_of_no_section(
    opened, jobs, other_section, picture, monkeypatch
):
    monkeypatch.setattr(section_tasks, "read_section", lambda *_, **__: other_section)
    opened.replacement.add_picture(picture)
    opened.runs.cancel()
    opened.sections.open("/x/b.h5ad")
    opened.stage.viewer.layers.clear()
    assert opened.session.status is JobStatus.OPENING


def test_a_run_of_a_deleted_section_is_cancelled(opened, jobs):
    opened.runs.enhance()
    opened.stage.viewer.layers.clear()
    assert jobs.last.discarded
    assert opened.session.status is JobStatus.IDLE
