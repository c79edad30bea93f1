"""The test of methods, with a controller that notes."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from unittest.mock import Mock

from napari_stentrans.evaluation import Task
from napari_stentrans.gui.state.runs import (
    Lead,
    MethodScore,
    MethodTest,
)
from napari_stentrans.gui.state.session import JobStatus
from napari_stentrans.gui.widgets import method_test
from napari_stentrans.gui.widgets.method_test import MethodTests

FOUND = MethodTest(
    task="region",
    method="kriging",
    n_hidden=42,
    n_genes=6472,
    n_repeats=1,
    leads={},
    report=Mock(),
    scores=(
        MethodScore("linear", 0.13, 0.10, 0.25, 0.92, 0.2),
        MethodScore("kriging", 0.27, 0.21, 0.52, 0.9, 0.4),
        MethodScore("flat", math.nan, math.nan, math.nan, 0.9, 0.1),
    ),
)

_NARROW = 270
"""Width in pixels of what a tab holds in the window as it opens."""


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
    controller.trials.test.assert_called_once_with("region", 1)


def test_what_is_hidden_can_be_chosen_several_times(
    shown, session, controller, section, click
):
    panel = shown(MethodTests)
    session.section = section
    panel.repeats.setValue(3)
    panel.task.setCurrentIndex(panel.task.findData("denoise"))
    click(panel.test)
    controller.trials.test.assert_called_once_with("denoise", 3)


def test_every_task_can_be_tested(shown):
    panel = shown(MethodTests)
    offered = [panel.task.itemData(place) for place in range(panel.task.count())]
    assert set(offered) == set(Task)


def test_how_far_a_method_is_ahead_is_told_with_its_interval(shown, session):
    panel = shown(MethodTests)
    leads = {
        "raw": Lead("raw", 0.011, 0.002, 0.02),
        "log": Lead("pca20", -0.004, -1, 1),
    }
    session.run.test = replace(FOUND, task="denoise", leads=leads, n_repeats=3)
    text = panel.told.text()
    assert "42 spots, half of their counts hidden 3 times" in text
    assert "kriging less the best other" in text
    assert ": r +0.011 (+0.002 to +0.020) against raw" in text
    assert "r (log) -0.004 (-1.000 to +1.000) against pca20" in text
    assert "Hiding others" not in text


def test_no_more_repeats_than_there_are_ways_to_hide(shown):
    panel = shown(MethodTests)
    panel.repeats.setValue(10)
    panel.task.setCurrentIndex(panel.task.findData("upsample"))
    assert panel.repeats.value() == 4
    panel.task.setCurrentIndex(panel.task.findData("dropout"))
    assert panel.repeats.maximum() == 10


def test_scores_are_saved_where_the_user_says(
    shown, session, controller, section, click, monkeypatch
):
    panel = shown(MethodTests)
    session.section = section
    assert not panel.save.isVisible()
    session.run.test = FOUND
    asked = Mock(return_value=Path("scores.csv"))
    monkeypatch.setattr(method_test, "ask_where_to_save", asked)
    click(panel.save)
    controller.trials.save.assert_called_once_with(Path("scores.csv"))
    assert asked.call_args.args[2].endswith("_region")  # the filter says which ending

    asked.return_value = None
    click(panel.save)
    controller.trials.save.assert_called_once()

    session.status = JobStatus.ENHANCING
    assert not panel.save.isEnabled()


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
    header = panel.table.header()
    panel.setFixedWidth(_NARROW)
    assert all(header.sectionSize(n) >= header.sectionSizeHint(n) for n in range(5))
    assert header.length() <= panel.table.viewport().width()  # nothing is cut off
    bold = [panel.table.topLevelItem(n).font(0).bold() for n in range(3)]
    assert bold == [False, True, False]
    assert "42 spots" in panel.told.text()
    assert "Holes" in panel.told.text()

    session.run.test = None
    assert not panel.table.isVisible()
