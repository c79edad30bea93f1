from __future__ import annotations

import gc
import weakref
from unittest.mock import Mock

import pytest

from napari_stentrans.config import RunConfig
from napari_stentrans.errors import ComputeError
from napari_stentrans.gui.jobs.desk import JobDesk, JobListener
from napari_stentrans.gui.jobs.section_tasks import reading
from napari_stentrans.gui.jobs.tasks import ADVICE, enhancing
from napari_stentrans.gui.jobs.trial_tasks import comparing
from napari_stentrans.gui.jobs.workers import paced, surfaced
from napari_stentrans.progress import Progress, run_to_end


def three_steps(result="done"):
    for step in range(1, 4):
        if (yield Progress("Working", step, 3)):
            return f"stopped at {step}"
    return result


def listener():
    return JobListener(progressed=Mock(), returned=Mock(), failed=Mock())


def test_reports_of_the_running_job_arrive(jobs):
    heard = listener()
    JobDesk(jobs).run(three_steps, heard)

    jobs.last.finish()

    assert heard.progressed.call_count == 3
    heard.returned.assert_called_once_with("done")
    heard.failed.assert_not_called()


def test_nobody_who_listened_is_held_once_a_job_has_ended(jobs):
    heard, desk = listener(), JobDesk(jobs)
    held = weakref.ref(heard)
    desk.run(three_steps, heard)
    jobs.last.finish()
    jobs.started.clear()
    del heard
    gc.collect()
    assert held() is None
    assert not desk.is_busy


def test_stop_keeps_what_is_there(jobs):
    heard, desk = listener(), JobDesk(jobs)
    desk.run(three_steps, heard)
    jobs.last.advance(2)

    desk.stop()
    jobs.last.finish()

    heard.returned.assert_called_once_with("stopped at 2")


def test_late_reports_of_a_discarded_job_are_dropped(jobs):
    heard, desk = listener(), JobDesk(jobs)
    desk.run(three_steps, heard)
    jobs.last.advance()

    desk.discard()
    jobs.last.finish()

    assert jobs.last.discarded
    assert heard.progressed.call_count == 1
    heard.returned.assert_not_called()


def test_a_new_job_silences_the_one_before(jobs):
    first, second, desk = listener(), listener(), JobDesk(jobs)
    desk.run(three_steps, first)
    desk.run(three_steps, second)

    jobs.started[0].finish()
    jobs.started[1].finish()

    assert jobs.started[0].discarded
    first.returned.assert_not_called()
    second.returned.assert_called_once_with("done")


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("CUDA out of memory. Tried to allocate 20 GiB\nand much more"),
        NotImplementedError("no such kernel"),
        MemoryError(),
    ],
    ids=lambda error: type(error).__name__,
)
def test_failures_of_the_device_become_our_error(error):
    @surfaced
    def failing():
        yield Progress("Working", 1, 3)
        raise error

    with pytest.raises(ComputeError, match="computation failed") as caught:
        run_to_end(failing())
    assert caught.value.__cause__ is error
    assert "much more" not in str(caught.value)


@pytest.mark.parametrize(
    ("steps", "fails", "is_advised"),
    [
        (
            lambda section: enhancing(section, RunConfig(), None),
            "pipeline.enhance_steps",
            True,
        ),
        (
            lambda section: comparing(section, RunConfig(), "hole"),
            "evaluation.plan_evaluation",
            True,
        ),
        (lambda _: reading("b.h5ad"), "gui.jobs.section_tasks.read_section", False),
    ],
    ids=["enhancing", "testing", "opening"],
)
def test_other_ways_of_computing_are_advised_where_something_is_computed(
    monkeypatch, section, steps, fails, is_advised
):
    monkeypatch.setattr(f"napari_stentrans.{fails}", Mock(side_effect=MemoryError()))

    with pytest.raises(ComputeError, match="MemoryError") as caught:
        run_to_end(surfaced(steps)(section))

    assert (ADVICE in str(caught.value)) is is_advised


def test_other_errors_pass_the_guard_unchanged():
    @surfaced
    def failing():
        yield Progress("Working", 1, 3)
        raise ValueError("a bug")

    with pytest.raises(ValueError, match=r"^a bug$"):
        run_to_end(failing())


def test_the_guard_passes_results_and_answers_on():
    assert run_to_end(surfaced(three_steps)()) == "done"
    assert run_to_end(surfaced(three_steps)(), lambda _: True) == "stopped at 1"


def test_pace_lets_first_last_and_results_through():
    def many():
        for step in range(1, 101):
            partial = "preview" if step == 40 else None
            yield Progress("Working", step, 100, partial=partial)
        yield Progress("Saving", 0, 1)
        return "done"

    heard = []
    result = run_to_end(paced(many(), pace=1000), heard.append)

    assert result == "done"
    assert [(p.phase, p.step) for p in heard] == [
        ("Working", 1),
        ("Working", 40),
        ("Working", 100),
        ("Saving", 0),
    ]


def test_pace_still_stops():
    assert run_to_end(paced(three_steps(), pace=1000), lambda _: True) == "stopped at 1"
