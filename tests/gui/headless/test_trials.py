"""Methods tested on hidden spots: jobs driven by hand, real interpolation."""

from __future__ import annotations

import gc
import math
import weakref
from dataclasses import replace
from operator import attrgetter
from types import SimpleNamespace

import numpy as np
import pytest

from napari_stentrans.config import RunConfig
from napari_stentrans.errors import ComputeError
from napari_stentrans.evaluation import hold_out
from napari_stentrans.gui.control import trials
from napari_stentrans.gui.jobs.trial_tasks import comparing
from napari_stentrans.gui.state.runs import Lead, MethodScore, MethodTest
from napari_stentrans.gui.state.session import JobStatus
from napari_stentrans.progress import Progress, run_to_end
from napari_stentrans.section.alignment import Alignment


def test_every_quick_method_and_the_one_set_up_are_compared(section):
    config = RunConfig(method="nearest")
    found = run_to_end(comparing(section, config, "dropout"), None)

    assert [s.method for s in found.scores] == [
        "linear",
        "gaussian",
        "kriging",
        "nearest",
    ]
    assert found.task == "dropout"
    assert found.n_hidden == pytest.approx(0.3 * section.n_spots, abs=1)
    assert all(s.seconds > 0 and 0 <= s.coverage <= 1 for s in found.scores)
    assert found.best.raw == max(s.raw for s in found.scores)


def test_the_lead_over_the_best_other_method_has_an_interval(section):
    config = RunConfig(method="nearest")
    found = run_to_end(comparing(section, config, "dropout"), None)
    others = [score for score in found.scores if score.method != "nearest"]
    (own,) = (score for score in found.scores if score.method == "nearest")
    assert found.method == "nearest"
    assert [*found.leads] == ["raw", "log"]
    for name, lead in found.leads.items():
        best = max(others, key=attrgetter(name))
        assert lead.against == best.method
        expected = getattr(own, name) - getattr(best, name)
        assert lead.value == pytest.approx(expected)
        assert lead.low < lead.value < lead.high


def test_what_cannot_be_told_has_no_lead(section):
    few = section.subset(np.arange(4))
    found = run_to_end(comparing(few, RunConfig(method="nearest"), "dropout"), None)
    assert all(math.isnan(score.raw) for score in found.scores)
    assert found.best is None
    assert found.leads == {}


def test_hidden_spots_are_counted_on_average(section):
    config = RunConfig(method="kriging")
    found = run_to_end(comparing(section, config, "region", 3), None)
    hidden = [len(hold_out(section, "region", seed).hidden) for seed in (0, 1, 2)]
    assert found.n_hidden == round(np.mean(hidden))


def test_measured_spots_are_compared_with_what_nobody_interpolates(section):
    found = run_to_end(comparing(section, RunConfig(method="kriging"), "denoise"), None)
    assert [s.method for s in found.scores] == ["raw", "pca20", "kriging"]
    assert found.n_hidden == section.n_spots
    assert not found.hides_spots


def test_scores_of_several_choices_are_averaged(section):
    config = RunConfig(method="nearest", seed=4)
    three = run_to_end(comparing(section, config, "dropout", 3), None)
    alone = [
        run_to_end(comparing(section, replace_seed(config, seed), "dropout"), None)
        for seed in (4, 5, 6)
    ]
    assert three.n_repeats == 3
    for place, score in enumerate(three.scores):
        mean = np.mean([found.scores[place].raw for found in alone])
        assert score.raw == pytest.approx(mean)


def replace_seed(config, seed):
    return config.model_copy(update={"seed": seed})


@pytest.mark.parametrize("ending", [".png", ".csv", ".json"])
def test_scores_are_saved(opened, jobs, section, tmp_path, ending):
    opened.genes.add(section.genes[1:4])
    opened.trials.test("dropout")
    jobs.last.finish()
    (picture,) = opened.session.run.test.report.pictures
    assert picture.genes == [*opened.session.genes.shown[:2]]
    assert len(picture.genes) == 2
    path = tmp_path / f"scores{ending}"
    opened.trials.save(path)
    assert opened.session.status is JobStatus.SAVING
    jobs.last.finish()
    assert path.stat().st_size > 500
    assert str(path) in opened.session.message.text
    assert opened.session.saves.last == path


def test_two_telling_genes_are_drawn_if_none_is_shown(section):
    found = run_to_end(comparing(section, RunConfig(method="kriging"), "dropout"), None)
    assert len(found.report.pictures[0].genes) == 2


def test_what_was_read_is_never_written_to(opened, jobs, told, tmp_path):
    table = tmp_path / "counts.csv"
    table.write_text("precious")
    read = replace(opened.session.section, name="read", source=str(table))
    opened.stage.open(read)
    opened.sections.choose(read)
    opened.trials.test("dropout")
    jobs.last.finish()
    opened.trials.save(table)
    jobs.last.finish()
    assert table.read_text() == "precious"
    assert told


@pytest.mark.parametrize("finished", [True, False])
def test_a_closed_section_is_let_go(
    opened, jobs, viewer, section, other_section, finished
):
    opened.trials.test("dropout")
    if finished:
        jobs.last.finish()
    opened.stage.open(other_section)
    for layer, tag in list(opened.stage.tagged()):
        if tag.section is section:
            viewer.layers.remove(layer)
    assert opened.trials.of is None


def test_nothing_is_saved_before_a_test(opened, jobs, tmp_path):
    opened.trials.save(tmp_path / "scores.csv")
    assert not jobs.started
    assert list(tmp_path.iterdir()) == []


def test_where_nothing_can_be_written_that_is_told(opened, jobs, told, tmp_path):
    opened.trials.test("dropout")
    jobs.last.finish()
    opened.trials.save(tmp_path / "nowhere" / "scores.csv")
    jobs.last.finish()
    assert "no folder" in opened.session.message.text
    assert opened.session.run.test is not None


def test_tests_go_with_their_sections(opened, jobs, viewer, section, other_section):
    opened.trials.test("dropout")
    jobs.last.finish()
    found = weakref.ref(opened.session.run.test)
    opened.stage.open(other_section)
    for layer, tag in list(opened.stage.tagged()):
        if tag.section is section:
            viewer.layers.remove(layer)
    gc.collect()
    assert found() is None


def test_a_method_is_compared_once(section):
    found = run_to_end(comparing(section, RunConfig(method="kriging"), "region"), None)
    assert [s.method for s in found.scores] == ["linear", "gaussian", "kriging"]


def test_a_test_runs_in_the_background_and_leaves_results_alone(opened, jobs):
    session = opened.session
    opened.trials.test("dropout")
    assert session.status is JobStatus.TESTING

    jobs.last.finish()

    assert session.status is JobStatus.IDLE
    assert session.run.test is not None
    assert session.run.test.best.method in session.message.text
    assert session.enhanced is None
    assert session.run.log == ()


def test_a_test_can_be_cancelled(opened, jobs):
    opened.trials.test("dropout")
    opened.runs.cancel()
    jobs.last.finish()

    assert opened.session.run.test is None
    assert opened.session.status is JobStatus.IDLE


def test_nothing_begins_without_a_section_or_beside_another_job(
    controller, section, jobs
):
    controller.trials.test("dropout")
    controller.stage.open(section)
    controller.runs.enhance()
    n_jobs = len(jobs.started)
    controller.trials.test("dropout")

    assert len(jobs.started) == n_jobs
    assert controller.session.status is JobStatus.ENHANCING


def test_a_picture_that_was_moved_is_looked_at_where_it_lies(
    opened, jobs, monkeypatch, section
):
    seen = []

    def noting(asked, *_):
        seen.append(asked.image)
        yield Progress("Hiding spots", 0, 1)
        return outcome(MethodScore("flat", 0, 0, 0, 0, 0))

    monkeypatch.setattr(trials, "comparing", noting)
    opened.stage.placing.lay(section, Alignment(shift_xy=(25.0, 0.0)))
    opened.trials.test("dropout")
    jobs.last.finish()

    moved = seen[0].affine[:2, 2] - section.image.affine[:2, 2]
    assert np.abs(moved).max() == pytest.approx(25.0)


def test_each_section_has_a_test_of_its_own(opened, jobs, section, other_section):
    opened.trials.test("dropout")
    jobs.last.finish()
    found = opened.session.run.test

    opened.stage.open(other_section)
    opened.sections.choose(other_section)
    assert opened.session.run.test is None

    opened.sections.choose(section)
    assert opened.session.run.test is found


@pytest.mark.parametrize("gone", ["tested", "other"])
def test_a_test_goes_with_its_own_section_alone(
    opened, jobs, viewer, section, other_section, gone
):
    opened.stage.open(other_section)
    opened.sections.choose(section)
    opened.trials.test("dropout")
    job = jobs.last
    opened.sections.choose(other_section)

    deleted = section if gone == "tested" else other_section
    for layer, tag in list(opened.stage.tagged()):
        if tag.section is deleted:
            viewer.layers.remove(layer)

    assert job.discarded is (gone == "tested")
    assert opened.session.status.is_busy is (gone == "other")


def test_a_test_says_of_which_section_it_is(opened, jobs, section, other_section):
    opened.trials.test("dropout")
    job = jobs.last
    opened.stage.open(replace(other_section, name="B4"))
    job.finish()

    assert opened.session.message.text.startswith(f"{section.name}: ")
    assert "hidden spots best" in opened.session.message.text


def test_few_spots_are_told(opened, jobs, section):
    opened.stage.open(section.subset(np.arange(12)))
    opened.trials.test("dropout")
    jobs.last.finish()
    assert "Note: few spots for the task 'dropout'" in opened.session.message.text


def test_a_method_that_fails_is_told_and_nothing_is_shown(
    opened, jobs, told, fake_method
):
    fake_method.error = ComputeError("the network has lost its way")
    opened.trials.test("dropout")
    jobs.last.finish()

    assert "lost its way" in opened.session.message.text
    assert told
    assert opened.session.status is JobStatus.IDLE
    assert opened.session.run.test is None


def test_a_score_that_is_no_number_is_never_the_best():
    flat = MethodScore("flat", math.nan, math.nan, math.nan, 0.9, 1.0)
    poor = MethodScore("poor", -0.5, 0.0, 0.0, 0.9, 1.0)
    assert outcome(flat, poor).best is poor
    assert outcome(poor, flat).best is poor


@pytest.mark.parametrize(
    ("low", "high", "told"),
    [
        (-0.1, 0.1, "kriging and stentrans predict {} best, equally well"),
        (-0.2, -0.1, "kriging predicts {} best"),
    ],
)
def test_a_winner_by_chance_shares_its_place(low, high, told):
    scores = [
        MethodScore(name, raw, 0.2, 0.5, 0.9, 1.0)
        for name, raw in (("linear", 0.1), ("kriging", 0.31), ("stentrans", 0.3))
    ]
    lead = Lead("kriging", -0.01, low, high)
    found = replace(outcome(*scores), method="stentrans", leads={"raw": lead})
    assert trials._winner(found) == told


def test_of_equal_scores_none_is_the_best():
    one = MethodScore("one", 0.0, 0.0, 0.0, 0.9, 1.0)
    other = replace(one, method="other")
    assert outcome(one, other).best is None
    assert outcome(one).best is one


def outcome(*scores):
    """A test with these scores."""
    report = SimpleNamespace(notes=())
    return MethodTest("dropout", "flat", 5, 10, 1, scores, {}, report)
