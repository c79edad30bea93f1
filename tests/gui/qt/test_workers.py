"""Facts about superqt's workers that the guard is built on."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from qtpy.QtCore import QThreadPool
from superqt.utils import create_worker

from napari_stentrans.errors import ComputeError
from napari_stentrans.gui.jobs.desk import JobListener
from napari_stentrans.gui.jobs.main_thread import in_main_thread
from napari_stentrans.gui.jobs.workers import start_job, surfaced
from napari_stentrans.progress import Progress


def counting(n=200, delay=0.01):
    for step in range(1, n + 1):
        time.sleep(delay)
        if (yield Progress("Counting", step, n)):
            return f"stopped at {step}"
    return "counted"


def failing(error):
    yield Progress("Counting", 1, 2)
    raise error


class CudaOutOfMemoryError(RuntimeError):
    """As torch has one."""


def test_an_unguarded_runtime_error_is_swallowed(qtbot):
    """Why there is a guard. If this fails, superqt has changed: celebrate."""
    worker = create_worker(failing, RuntimeError("lost"), _ignore_errors=True)
    with (
        qtbot.assertNotEmitted(worker.errored, wait=200),
        qtbot.assertNotEmitted(worker.finished),
        qtbot.waitSignal(worker.yielded),
    ):
        worker.start()
    worker._set_discard(worker)


@pytest.mark.parametrize("kind", [RuntimeError, CudaOutOfMemoryError])
def test_a_guarded_runtime_error_surfaces(qtbot, kind):
    worker = create_worker(surfaced(failing), kind("no memory"), _ignore_errors=True)
    expected = [worker.started, worker.yielded, worker.errored, worker.finished]
    errors: list[Exception] = []
    worker.errored.connect(errors.append)

    with qtbot.waitSignals(expected, order="strict", timeout=20_000):
        worker.start()

    (error,) = errors
    assert isinstance(error, ComputeError)
    assert "no memory" in str(error)
    assert not worker.is_running


def test_a_sent_value_returns_what_is_there(qtbot):
    worker = create_worker(surfaced(counting), _ignore_errors=True)
    worker.yielded.connect(lambda p: p.step == 3 and worker.send(True))
    returned: list[str] = []
    worker.returned.connect(returned.append)

    with qtbot.waitSignals(
        [worker.returned, worker.finished], order="strict", timeout=20_000
    ):
        worker.start()

    assert returned[0].startswith("stopped at")


def test_quit_aborts_and_returns_nothing(qtbot):
    worker = create_worker(surfaced(counting), _ignore_errors=True)
    worker.yielded.connect(lambda _: worker.quit())

    with (
        qtbot.assertNotEmitted(worker.returned),
        qtbot.waitSignals(
            [worker.aborted, worker.finished], order="strict", timeout=20_000
        ),
    ):
        worker.start()


class Heard:
    """A listener that remembers, and the threads it was called in."""

    def __init__(self):
        self.progress, self.results, self.errors = [], [], []
        self.threads = set()
        self.listener = JobListener(
            progressed=self._to(self.progress),
            returned=self._to(self.results),
            failed=self._to(self.errors),
        )

    def _to(self, where):
        def hear(value):
            self.threads.add(threading.current_thread())
            where.append(value)

        return hear


def test_a_job_reports_in_the_main_thread(qtbot):
    heard = Heard()

    start_job(lambda: counting(20), heard.listener)
    qtbot.waitUntil(lambda: bool(heard.results), timeout=20_000)

    assert heard.results == ["counted"]
    assert heard.progress
    assert heard.threads == {threading.main_thread()}


def test_a_job_is_started_in_the_main_thread_alone(qtbot):
    heard = Heard()
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(start_job, counting, heard.listener)
        with pytest.raises(AssertionError, match="started elsewhere"):
            asked.result()


def test_what_another_thread_asks_for_is_done_in_the_main_thread(qtbot):
    threads = []

    def note():
        threads.append(threading.current_thread())

    in_main_thread(note)
    assert len(threads) == 1, "at once where it can be"
    with ThreadPoolExecutor(1) as pool:
        pool.submit(in_main_thread, note).result()
    qtbot.waitUntil(lambda: len(threads) == 2, timeout=20_000)

    assert set(threads) == {threading.main_thread()}


def test_no_job_waits_for_the_cores_of_others(qtbot):
    """On two cores a run and a search would keep a section from being opened."""
    heard = [Heard() for _ in range(6)]
    jobs = [start_job(counting, each.listener) for each in heard]

    qtbot.waitUntil(lambda: all(each.progress for each in heard), timeout=20_000)

    assert not any(each.results for each in heard), "all of them run at once"
    for job in jobs:
        job.stop()
    qtbot.waitUntil(lambda: all(each.results for each in heard), timeout=20_000)


def test_a_job_can_be_stopped(qtbot):
    heard = Heard()
    job = start_job(counting, heard.listener)
    qtbot.waitUntil(lambda: bool(heard.progress), timeout=20_000)

    job.stop()
    qtbot.waitUntil(lambda: bool(heard.results), timeout=20_000)

    assert heard.results[0].startswith("stopped at")


@pytest.mark.parametrize("n_before", [0, 1])
def test_a_job_can_be_stopped_before_its_first_step(qtbot, n_before):
    """Also one that waits for a thread."""
    in_the_way = Heard()
    if n_before:
        for _ in range(QThreadPool.globalInstance().maxThreadCount()):
            start_job(lambda: counting(30), in_the_way.listener)
    heard = Heard()
    job = start_job(counting, heard.listener)

    job.stop()
    qtbot.waitUntil(lambda: bool(heard.results or heard.errors), timeout=20_000)

    assert heard.errors == []
    assert heard.results == ["stopped at 1"]


def test_a_job_can_be_discarded(qtbot):
    heard = Heard()
    job = start_job(counting, heard.listener)
    qtbot.waitUntil(lambda: bool(heard.progress), timeout=20_000)

    with qtbot.waitSignal(job.worker.finished, timeout=20_000):
        job.discard()

    assert heard.results == []
    assert heard.errors == []


def test_a_failure_reaches_the_listener_once(qtbot):
    heard = Heard()

    job = start_job(lambda: failing(RuntimeError("no memory")), heard.listener)
    qtbot.waitUntil(lambda: bool(heard.errors), timeout=20_000)
    qtbot.waitUntil(lambda: not job.worker.is_running, timeout=20_000)

    assert [type(error) for error in heard.errors] == [ComputeError]


_ENDS_EARLY = """
import time
from unittest.mock import Mock
from qtpy.QtWidgets import QApplication
from napari_stentrans.gui.jobs.workers import start_job
from napari_stentrans.progress import Progress

def slow():
    yield Progress("Counting", 0, 1)
    time.sleep(0.5)

app = QApplication([])
job = start_job(slow, Mock())
time.sleep(0.1)
"""


def test_a_program_that_ends_during_a_job_does_not_abort():
    """Scripts do not close their viewer; the thread would report to what is deleted."""
    done = subprocess.run(
        [sys.executable, "-c", _ENDS_EARLY], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]


_LEAVES = """
import sys
import time
from pathlib import Path
from threading import Event
from unittest.mock import Mock
from qtpy.QtCore import QTimer
from napari.qt import get_qapp
from napari_stentrans.gui.jobs.workers import start_job
from napari_stentrans.methods.parallel import map_in_order
from napari_stentrans.progress import Progress

left = Event()

def predicted(step):
    time.sleep(0.05)
    return step

def writing():
    left.wait(60)
    for step in map_in_order(predicted, range(20)):
        yield Progress("Writing", step, 20)
    Path(sys.argv[1]).touch()

def computing():
    while True:
        yield Progress("Computing", 0, 1)
        time.sleep(0.01)

def leave():
    left.set()
    app.quit()

app = get_qapp()
start_job(writing, Mock()).keep()
start_job(computing, Mock())
QTimer.singleShot(100, leave)
app.exec_()
"""


def test_only_what_is_kept_is_waited_for_when_napari_is_left(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", _LEAVES, str(tmp_path / "saved")],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert (tmp_path / "saved").exists()


def test_what_is_kept_can_be_discarded(qtbot):
    heard = Heard()
    job = start_job(lambda: counting(10_000), heard.listener)
    job.keep()
    qtbot.waitUntil(lambda: bool(heard.progress), timeout=20_000)
    job.discard()
    qtbot.waitUntil(lambda: not job.worker.is_running, timeout=20_000)
    assert not heard.results
