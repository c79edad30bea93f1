"""Runs with what they cost, what is remembered of them, and how they are repeated."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest
from napari.components import ViewerModel

from napari_stentrans.config import PRESETS, RunConfig, TransformerConfig
from napari_stentrans.errors import DeviceMemoryError, ReadError
from napari_stentrans.estimates import Workload, estimate
from napari_stentrans.gui.canvas import layers as looks
from napari_stentrans.gui.control.controller import Controller
from napari_stentrans.gui.control.memory import Memory
from napari_stentrans.gui.state.session import EnhanceSession
from napari_stentrans.methods.device import Device


@pytest.fixture
def memory(tmp_path):
    return Memory(tmp_path / "settings.json", tmp_path / "kept")


@pytest.fixture
def opened(section, jobs, fake_method, told, memory):
    controller = Controller(ViewerModel(), EnhanceSession(), start=jobs, memory=memory)
    controller.stage.open(section)
    return controller


def run(controller, jobs, **choices):
    controller.runs.configure(**choices)
    controller.runs.enhance()
    jobs.last.finish()
    return controller.session.run.log[-1]


# -- settings ----------------------------------------------------------------------


def test_settings_are_there_again_at_the_next_launch(opened, jobs, memory, tmp_path):
    opened.runs.configure(refine=3, transformer={"episodes": 5})

    again = Controller(
        ViewerModel(), EnhanceSession(), jobs, Memory(tmp_path / "settings.json")
    )

    expected = RunConfig(refine=3, transformer=TransformerConfig(episodes=5))
    assert again.session.run.config == expected


def test_defaults_are_restored_for_good(opened, jobs, tmp_path):
    opened.runs.configure(refine=3, method="linear")
    opened.runs.restore_defaults()

    assert opened.session.run.config == RunConfig()
    assert Memory(tmp_path / "settings.json").config == RunConfig()


def test_what_others_set_is_not_remembered(opened, tmp_path):
    """The demo sets up a run that is not the user's."""
    opened.session.run.config = RunConfig(refine=4)
    assert Memory(tmp_path / "settings.json").config == RunConfig()


def test_a_preset_keeps_what_is_asked_for(opened):
    opened.runs.configure(refine=3, seed=9)
    opened.runs.use_preset("instant")
    config = opened.session.run.config
    assert (config.method, config.refine, config.seed) == ("kriging", 3, 9)


def test_a_model_does_not_follow_to_another_method(opened, tmp_path):
    opened.runs.configure(model=str(tmp_path))
    opened.runs.configure(method="kriging")
    assert opened.session.run.config.model == ""


# -- what a run costs --------------------------------------------------------------


def test_every_preset_is_foretold(opened, section):
    estimates = opened.session.run.estimates
    assert set(estimates) == {*PRESETS, ""}
    assert estimates[""] == estimates["standard"]

    opened.runs.configure(refine=3, method="linear")

    config = opened.session.run.config
    assert opened.session.run.estimates[""] == estimate(
        Workload.of(section, config), config
    )


def test_nothing_is_foretold_without_a_section(jobs):
    controller = Controller(ViewerModel(), EnhanceSession(), start=jobs)
    assert controller.session.run.estimates == {}


def test_the_gpu_counts_once_it_is_known(opened):
    before = opened.session.run.estimates["best"]
    opened.session.run.devices = (Device("cuda", "Test GPU"), Device("cpu"))
    on_gpu = opened.session.run.estimates["best"]
    opened.runs.configure(device="cpu")

    assert on_gpu.seconds < before.seconds
    assert opened.session.run.estimates["best"] == before


def test_runs_tell_how_slow_this_computer_is(opened, jobs, memory, fake_method):
    fake_method.delay = 0.02
    opened.runs.configure(method="fake")
    before = opened.session.run.estimates[""].seconds
    record = run(opened, jobs)

    (kind,) = memory.slowness
    assert kind == "fake cpu"
    after = opened.session.run.estimates[""].seconds
    assert record.seconds > 1
    assert min(before, record.seconds) < after < max(before, record.seconds)


def test_a_run_that_was_stopped_says_nothing_of_that(opened, jobs, memory, monkeypatch):
    monkeypatch.undo()
    opened.runs.configure(
        kriging={"n_programmes": 2}, transformer={"episodes": 12, "steps": 50}
    )
    opened.runs.enhance()
    phases = []
    opened.session.progressed.connect(lambda progress: phases.append(progress.phase))
    while "Training" not in phases:
        jobs.last.advance()
    opened.runs.stop()
    jobs.last.finish()

    assert opened.session.enhanced.provenance["fit"]["stopped_early"]
    assert memory.slowness == {}
    [record] = opened.session.run.log
    assert "# That run was stopped early" in opened.runs.as_python(record)


def test_methods_then_devices_are_looked_up(jobs, section):
    controller = Controller(ViewerModel(), EnhanceSession(), start=jobs)
    controller.runs.look_up_methods()
    jobs.started[-1].finish()
    jobs.started[-1].finish()

    run_state = controller.session.run
    assert "default" in run_state.summaries["stentrans"]
    assert run_state.devices[-1] == Device("cpu")


# -- records -----------------------------------------------------------------------


def test_each_result_has_a_record(opened, jobs, section):
    opened.regions.paint()
    canvas = opened.stage.canvas(section)
    canvas.data_setitem(np.nonzero(looks.raster_of(section).index == 4), 1)
    record = run(opened, jobs, method="fake", refine=3)

    assert record.result is opened.session.enhanced
    assert record.missing.n_spots == 1
    assert record.config == opened.session.run.config
    assert record.way == "fake"
    assert record.score is None


def test_the_score_is_known_when_the_result_is_there(opened, jobs, monkeypatch):
    record = run(opened, jobs, method="kriging", kriging={"n_programmes": 3})

    assert "_gene_scores" in vars(record.result)  # nothing is left to compute
    scores = record.result.gene_scores["heldout_pcc"]
    assert record.score == pytest.approx(scores.median())


def test_a_run_on_too_few_spots_to_score_has_no_score(section, jobs):
    controller = Controller(ViewerModel(), EnhanceSession(), start=jobs)
    controller.stage.open(section.subset(np.arange(2)))
    record = run(controller, jobs, method="kriging")

    assert record.result.gene_scores["heldout_pcc"].isna().all()
    assert record.score is None


def test_the_result_is_seen_before_its_genes_are_scored(opened, jobs):
    opened.runs.configure(method="fake")
    opened.runs.enhance()
    phases = []
    opened.session.progressed.connect(lambda progress: phases.append(progress.phase))
    while "Scoring genes" not in phases:
        jobs.last.advance()

    result = opened.session.enhanced
    assert opened.session.run.log == ()
    assert float(result.read([result.genes[0]]).mean.max()) == 50
    jobs.last.finish()

    assert opened.session.enhanced is result
    assert [record.result for record in opened.session.run.log] == [result]


def test_the_text_of_a_run_holds_its_settings_and_regions(opened, jobs, tmp_path):
    record = run(opened, jobs, method="fake", refine=3)
    assert "refine=3" in opened.runs.as_python(record)
    assert "--refine 3" in opened.runs.as_command_line(record)


def test_text_that_cannot_be_written_is_told(opened, jobs, section, told, tmp_path):
    (tmp_path / "kept").touch()  # a file where the folder should be
    opened.regions.paint()
    canvas = opened.stage.canvas(section)
    canvas.data_setitem(np.nonzero(looks.raster_of(section).index == 4), 1)
    record = run(opened, jobs, method="fake")

    assert opened.runs.as_python(record) == ""
    assert told


def test_a_model_is_kept_in_the_background(opened, jobs, tmp_path):
    record = run(opened, jobs, kriging={"n_programmes": 2}, transformer={"episodes": 1})
    opened.runs.keep_model(record.result, tmp_path / "tissue")
    jobs.last.finish()

    assert (tmp_path / "tissue.npz").exists()
    assert "tissue.npz" in opened.session.message.text


# -- failures ----------------------------------------------------------------------


@pytest.mark.parametrize("end", ["finished", "cancelled"])
def test_a_result_that_is_forgotten_is_not_held_by_the_run_after_it(opened, jobs, end):
    first = weakref.ref(run(opened, jobs, method="fake").result)
    opened.runs.enhance()
    jobs.last.finish() if end == "finished" else opened.runs.cancel()
    opened.runs.forget(first())
    jobs.started.clear()
    gc.collect()

    assert first() is None


def test_a_failure_has_details_out_of_sight(opened, jobs, fake_method, told):
    fake_method.error = ReadError("the disk is full")
    opened.runs.configure(method="fake")
    opened.runs.enhance()
    jobs.last.finish()

    message = opened.session.message
    assert message.text == "the disk is full"
    assert "fit_steps" in message.details


def test_the_cpu_takes_over_with_a_notice(opened, jobs, fake_method, told):
    fake_method.error = DeviceMemoryError("the device cuda ran out of memory", "cuda")
    opened.runs.configure(method="fake", device="auto")
    opened.runs.enhance()
    phases = []
    opened.session.progressed.connect(lambda progress: phases.append(progress.phase))
    while not any("CPU" in phase for phase in phases):
        jobs.last.advance()
    fake_method.error = None
    jobs.last.finish()

    assert "ran out of memory" in opened.session.message.text
    assert not opened.session.message.is_error
    assert told == []
    assert opened.session.run.log[-1].config.device == "cpu"


def test_forgetting_a_run_does_not_rename_the_others(with_result, run):
    for method in ("nearest", "linear"):
        run(with_result, method=method)
    state = with_result.session.run
    first, second, third = state.results

    with_result.runs.forget(first)

    names = [state.name_of(each) for each in state.results]
    assert names == ["run 2, nearest", "run 3, linear"]
    with_result.runs.forget(second)
    assert state.name_of(third) == "linear"
    run(with_result, method="kriging")
    assert state.name_of(state.results[-1]) == "run 4, kriging"
