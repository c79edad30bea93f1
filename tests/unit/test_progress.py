from __future__ import annotations

import pytest

from napari_stentrans.progress import Progress, Steps, run_to_end


def counting(n_steps: int, closed: list[bool] | None = None) -> Steps[int]:
    """A job that counts, and keeps what it has when asked to stop."""
    done = 0
    try:
        for step in range(1, n_steps + 1):
            done = step
            stop = yield Progress("Counting", step, n_steps)
            if stop:
                break
    finally:
        if closed is not None:
            closed.append(True)
    return done


def test_a_job_runs_to_its_end_and_gives_its_result():
    assert run_to_end(counting(5)) == 5
    assert run_to_end(counting(0)) == 0


def test_every_step_is_reported_in_order():
    seen: list[Progress] = []
    run_to_end(counting(3), lambda progress: seen.append(progress))
    assert [progress.step for progress in seen] == [1, 2, 3]
    assert [progress.fraction for progress in seen] == pytest.approx([1 / 3, 2 / 3, 1])


def test_answering_true_stops_early_and_keeps_what_is_there():
    assert run_to_end(counting(100), lambda progress: progress.step == 7) == 7


def test_answering_nothing_goes_on():
    assert run_to_end(counting(4), lambda _: None) == 4


def test_a_failing_listener_ends_the_job():
    closed: list[bool] = []

    def listener(progress: Progress) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_to_end(counting(4, closed), listener)
    assert closed == [True]


def test_errors_of_the_job_reach_the_caller():
    def failing() -> Steps[int]:
        yield Progress("Failing", 0, 1)
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        run_to_end(failing())


def test_a_phase_of_unknown_length_has_no_fraction():
    assert Progress("Waiting", 3, 0).fraction == 0
