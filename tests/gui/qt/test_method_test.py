"""The test of methods, with a controller that notes."""

from __future__ import annotations

import math

from napari_stentrans.gui.state.runs import MethodScore, MethodTest
from napari_stentrans.gui.state.session import JobStatus
from napari_stentrans.gui.widgets.method_test import MethodTests

FOUND = MethodTest(
    "region",
    n_hidden=42,
    n_genes=6472,
    scores=(
        MethodScore("linear", 0.13, 0.10, 0.25, 0.92, 0.2),
        MethodScore("kriging", 0.27, 0.21, 0.52, 0.9, 0.4),
        MethodScore("flat", math.nan, math.nan, math.nan, 0.9, 0.1),
    ),
)


def rows(panel: MethodTests) -> list[list[str]]:
    items = [
        panel.table.topLevelItem(n) for n in range(panel.table.topLevelItemCount())
    ]
    return [[item.text(column) for column in range(5)] for item in items]


def test_a_click_tests_what_was_chosen(shown, session, controller, section, click):
    panel = shown(MethodTests)
    session.section = section
    panel.task.setCurrentIndex(panel.task.findData("region"))
    click(panel.test)
    controller.trials.test.assert_called_once_with("region")


def test_it_tells_why_it_cannot_begin(shown, session, section):
    panel = shown(MethodTests)
    assert not panel.test.isEnabled()
    assert "Open a section" in panel.test.toolTip()

    session.section = section
    assert panel.test.isEnabled()

    session.status = JobStatus.ENHANCING
    assert not panel.test.isEnabled()
    assert "Wait" in panel.test.toolTip()


def test_scores_are_listed_and_the_best_stands_out(shown, session):
    panel = shown(MethodTests)
    assert not panel.table.isVisible()

    session.run.test = FOUND

    assert panel.table.isVisible()
    assert rows(panel) == [
        ["linear", "0.13", "0.10", "25%", "92%"],
        ["kriging", "0.27", "0.21", "52%", "90%"],
        ["flat", "-", "-", "-", "90%"],
    ]
    bold = [panel.table.topLevelItem(n).font(0).bold() for n in range(3)]
    assert bold == [False, True, False]
    assert "42 spots" in panel.told.text()
    assert "Holes" in panel.told.text()

    session.run.test = None
    assert not panel.table.isVisible()
