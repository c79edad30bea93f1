"""Public sections are fetched while the window goes on living."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from qtpy.QtCore import QTimer

from napari_stentrans import plugin
from napari_stentrans.datasets import samples
from napari_stentrans.errors import DownloadError
from napari_stentrans.gui import opening, public
from napari_stentrans.gui.canvas.layers import Role, tag_of
from napari_stentrans.gui.jobs.responsive import responsively
from napari_stentrans.progress import Progress


@pytest.fixture
def lively(qapp):
    """An event that is set once the window's thread has been free ten times."""
    beats, done = [], threading.Event()

    def beat():
        beats.append(1)
        if len(beats) == 10:
            done.set()

    timer = QTimer()
    timer.timeout.connect(beat)
    timer.start(5)
    yield done
    timer.stop()


def test_the_window_lives_on_while_work_is_done(lively):
    def work(report):
        report(Progress("Fetching", 0, 1))
        return lively.wait(60)

    assert responsively(work, "Fetching it …")


def test_the_window_lives_on_while_a_dropped_file_is_read(
    make_napari_viewer, monkeypatch, lively
):
    read = opening.read_section

    def slow(path):
        assert lively.wait(60)
        return read(path)

    monkeypatch.setattr(opening, "read_section", slow)
    viewer = make_napari_viewer()
    viewer.open(str(samples()["simulated_st"]), plugin="napari-stentrans")
    assert [tag_of(layer.metadata).role for layer in viewer.layers] == [Role.COUNTS]


def test_nothing_is_added_to_a_window_that_is_closed_meanwhile(qapp, monkeypatch):
    closed, added = threading.Event(), []
    monkeypatch.setattr(opening, "read_section", lambda _: closed.wait(60))

    def close():
        qapp.quit()
        threading.Timer(0.5, closed.set).start()  # is read later yet

    QTimer.singleShot(0, lambda: added.append(plugin.read("section.h5ad")))
    QTimer.singleShot(200, close)
    qapp.exec()

    assert added == [[(None,)]]


def test_away_from_the_thread_of_the_window_work_is_done_at_once(qapp):
    with ThreadPoolExecutor(1) as pool:
        where = pool.submit(responsively, lambda _: threading.current_thread(), "It")
        assert where.result(timeout=60) is not threading.main_thread()


def test_an_error_in_the_thread_is_the_callers(qapp):
    def work(report):
        msg = "Are you online?"
        raise DownloadError(msg)

    with pytest.raises(DownloadError, match="online"):
        responsively(work, "Fetching it …")


@pytest.mark.parametrize("name", ["open_human_melanoma", "open_human_lymph_node"])
def test_a_public_section_opens_under_its_title(qapp, monkeypatch, name):
    monkeypatch.setattr(
        public, "download", lambda *_, **__: samples()["simulated_visium"]
    )

    layers = getattr(plugin, name)()

    tags = [tag_of(options["metadata"]) for _, options, _ in layers]
    assert [tag.role for tag in tags] == [Role.IMAGE, Role.COUNTS]
    assert tags[0].section.name.startswith("Human ")


def test_every_public_section_has_its_entry(repository):
    import yaml

    from napari_stentrans.datasets.public import public_sections

    manifest = (repository / "src/napari_stentrans/napari.yaml").read_text()
    listed = yaml.safe_load(manifest)["contributions"]["sample_data"]
    keys = [entry["key"] for entry in listed]
    for name in public_sections():
        assert name in keys
        assert callable(getattr(plugin, f"open_{name}"))
