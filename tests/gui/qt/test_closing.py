"""The panel or the whole viewer is closed while something runs."""

from __future__ import annotations

import pytest
from qtpy.QtWidgets import QPushButton

from napari_stentrans.gui.state.session import JobStatus
from napari_stentrans.gui.widgets.main_widget import StEnTransWidget


@pytest.fixture
def open_panel(make_napari_viewer):
    viewer = make_napari_viewer(show=True)

    def open_one():
        widget = StEnTransWidget(viewer)
        return widget, viewer.window.add_dock_widget(widget, name="Enhance")

    return open_one


def start_a_run(qtbot, widget, fake_method, section):
    fake_method.delay, fake_method.n_steps = 0.02, 5_000
    steps = []
    widget.session.progressed.connect(steps.append)
    widget.controller.stage.open(section)
    widget.controller.runs.configure(method="fake")
    widget.controller.runs.enhance()
    qtbot.waitUntil(lambda: len(steps) > 2, timeout=20_000)


def test_the_cross_of_the_panel_stops_a_run_and_keeps_what_it_has(
    qtbot, open_panel, fake_method, section, informed
):
    widget, dock = open_panel()
    start_a_run(qtbot, widget, fake_method, section)
    crosses = dock.titleBarWidget().findChildren(QPushButton, "QTitleBarCloseButton")
    crosses[0].click()
    assert len(informed) == 1

    again, _ = open_panel()

    qtbot.waitUntil(lambda: len(again.session.run.log) == 1, timeout=20_000)
    assert again.session.section is section
    assert again.session.enhanced is again.session.run.log[0].result
    assert again.session.status is JobStatus.IDLE


def test_a_run_ends_with_the_viewer_without_a_word(
    qtbot, open_panel, fake_method, section, informed
):
    widget, _ = open_panel()
    start_a_run(qtbot, widget, fake_method, section)
    session = widget.session

    widget.controller.stage.viewer.close()

    assert informed == []
    assert session.run.log == ()
