"""Results that leave the window: to files, and to the console."""

from __future__ import annotations

import gc
import weakref

import numpy as np
from napari.components import ViewerModel

from napari_stentrans import enhance
from napari_stentrans.gui.canvas.layers import Role
from napari_stentrans.gui.control.console import NAME
from napari_stentrans.gui.control.controller import Controller
from napari_stentrans.gui.state.session import EnhanceSession, JobStatus
from napari_stentrans.gui.state.view import ViewMode
from napari_stentrans.progress import Progress
from napari_stentrans.section.alignment import Alignment


def test_a_figure_shows_the_genes_and_colours_on_the_screen(
    opened, jobs, section, monkeypatch, tmp_path
):
    gene = str(section.genes[3])
    opened.genes.add([gene])
    layer = opened.stage.find(section, Role.GENE, gene)
    layer.contrast_limits = (0.0, 4.5)
    layer.colormap, layer.gamma = "green", 0.5  # matplotlib has none of that name
    opened.runs.enhance()
    jobs.last.finish()
    seen = []
    monkeypatch.setattr(
        "napari_stentrans.gui.control.files.save_steps",
        lambda *asked: seen.append(asked) or iter(()),
    )

    opened.files.save(
        tmp_path / "f.png", shown_genes=True, with_sd=True, pitch_um=100.0
    )

    [(result, path, choices)] = seen
    assert result is opened.session.enhanced
    assert path == tmp_path / "f.png"
    assert choices.genes == (gene,)
    [(named, colours)] = choices.look.colours.items()
    assert (named, colours.limits, colours.gamma) == (gene, (0.0, 4.5), 0.5)
    ends = [[0, 0, 0, 1], [0, 1, 0, 1]]
    np.testing.assert_array_equal(colours.colormap[[0, -1]], ends)
    assert choices.look.pitch_um == 100.0
    assert choices.with_sd
    assert choices.look.with_sd


def test_a_figure_shows_the_results_that_are_compared(
    with_result, run, monkeypatch, tmp_path
):
    first = with_result.session.enhanced
    run(with_result, method="nearest")
    with_result.view.compare_with(first)
    seen = []
    monkeypatch.setattr(
        "napari_stentrans.gui.control.files.save_steps",
        lambda *asked: seen.append(asked) or iter(()),
    )

    with_result.files.save(tmp_path / "f.png", shown_genes=True)

    [(_, _, choices)] = seen
    assert choices.look.reference is first
    assert choices.look.names == ("run 1, kriging", "run 2, nearest")
    assert not choices.look.with_difference


def test_a_figure_shows_the_difference_while_it_is_looked_at(
    with_result, monkeypatch, tmp_path
):
    seen = []
    monkeypatch.setattr(
        "napari_stentrans.gui.control.files.save_steps",
        lambda *asked: seen.append(asked) or iter(()),
    )
    with_result.view.set_mode(ViewMode.DIFFERENCE)

    with_result.files.save(tmp_path / "f.png", shown_genes=True)

    [(_, _, choices)] = seen
    assert choices.look.with_difference


def test_cancelled_saving_leaves_nothing(opened, jobs, tmp_path):
    opened.runs.enhance()
    jobs.last.finish()
    opened.files.save(tmp_path / "r.csv")
    job = jobs.last
    job.advance(2)
    opened.runs.cancel()
    assert job.discarded
    job.steps.close()  # as the end of the thread does
    assert list(tmp_path.iterdir()) == []
    assert opened.session.status is JobStatus.IDLE
    assert "may still appear" in opened.session.message.text


def test_what_is_being_saved_is_written_although_the_panel_closes(
    with_result, jobs, tmp_path
):
    with_result.files.save(tmp_path / "r.csv")
    job = jobs.last
    job.advance()
    told = with_result.session.message
    with_result.close()

    assert job.kept
    assert not job.discarded
    job.finish()
    assert (tmp_path / "r.csv").is_file()
    assert with_result.session.message is told, "nobody listens any more"


def test_a_save_that_fails_after_the_panel_closed_is_told(
    with_result, jobs, told, tmp_path, monkeypatch
):
    def full(*_asked):
        yield Progress("Saving", 0, 1)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("napari_stentrans.gui.control.files.save_steps", full)
    with_result.files.save(tmp_path / "r.csv")
    jobs.last.advance()
    with_result.close()
    assert told == []

    jobs.last.finish()

    assert "No space left" in told[0]


# -- the console -------------------------------------------------------------------


class ViewerWithConsole(ViewerModel):
    """A viewer that keeps what is handed to its console."""

    def update_console(self, variables):
        handed.update(variables)


handed: dict[str, object] = {}


def test_the_console_has_what_is_shown_now(jobs, fake_method, section):
    handed.clear()
    controller = Controller(ViewerWithConsole(), EnhanceSession(), start=jobs)
    handle = handed[NAME]
    assert "no section" in repr(handle)
    controller.stage.open(section)
    assert handle.section is section
    assert handle.to_anndata().shape == section.counts.shape

    result = enhance(section, method="nearest")
    controller.session.enhanced = result
    assert handle.result is result
    np.testing.assert_array_equal(handle.to_anndata().X, result.to_anndata().X)
    controller.picture.move(Alignment(turn=90))
    assert handle.section.image.alignment == Alignment(turn=90)
    assert handle.result.section.image.alignment == Alignment(turn=90)

    controller.close()
    assert handle.section is None


def test_a_console_that_lives_on_holds_nothing(viewer, section, jobs):
    def opened_and_closed():
        controller = Controller(viewer, EnhanceSession(), start=jobs)
        controller.stage.open(section)
        controller.session.silence()
        controller.close()
        held = weakref.ref(controller.session), weakref.ref(controller.picture)
        return controller.files._handle, held

    handle, held = opened_and_closed()
    jobs.started.clear()
    gc.collect()

    assert handle.section is None
    assert handle.result is None
    assert [ref() for ref in held] == [None, None]
