"""The panel alone: what the user does, and what changes in the session."""

from __future__ import annotations

import re
from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pytest
from napari.components import ViewerModel
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QFileDialog, QPushButton

from napari_stentrans.gui.control.controller import Controller
from napari_stentrans.gui.state.regions import Painted, RegionRow, Tool
from napari_stentrans.gui.state.session import EnhanceSession
from napari_stentrans.gui.widgets import region_panel
from napari_stentrans.gui.widgets.region_panel import RegionPanel
from napari_stentrans.io.regions.masks import write_regions
from napari_stentrans.section.regions import Region, RegionKind, Regions
from napari_stentrans.section.sites import PaintSites
from napari_stentrans.section.suggestions import Suggestion

ROWS = (
    RegionRow(Region(1, "fold"), 12, 3, "#ff5db1"),
    RegionRow(
        Region(4, "glass", RegionKind.OUTSIDE, enabled=False), 1200, 0, "#9aa0a8"
    ),
)


@pytest.fixture
def panel(shown, session, section):
    made = shown(RegionPanel)
    session.section = section
    return made


@pytest.fixture
def listed(panel, session):
    session.regions.rows, session.regions.current = ROWS, 1
    session.regions.painted = Painted(12, 3, 0)
    return panel


def texts(table):
    return [
        [table.topLevelItem(row).text(column) for column in range(4)]
        for row in range(table.topLevelItemCount())
    ]


def test_without_a_section_every_control_says_why_it_is_off(shown):
    panel = shown(RegionPanel)
    off = [each for each in panel.findChildren(QPushButton) if each.isVisible()]
    assert len(off) > 8
    assert not any(each.isEnabled() for each in off)
    assert "Open a section first" in panel.tools.buttons[Tool.BRUSH].toolTip()
    assert "Open a section first" in panel.find_holes.toolTip()
    assert all(each.toolTip() for each in off)


@pytest.mark.parametrize("tool", [Tool.BRUSH, Tool.POLYGON, Tool.FILL])
def test_tools_are_asked_for_and_put_away(click, panel, session, controller, tool):
    made = panel.tools.buttons[tool]
    click(made)
    controller.regions.use.assert_called_once_with(tool)
    assert not made.isChecked()  # not before the mouse has it

    session.regions.tool = tool
    assert made.isChecked()
    click(made)
    assert controller.regions.use.call_args.args == (None,)


def test_only_the_tool_in_the_hand_is_down(panel, session):
    session.regions.tool = Tool.FILL
    down = [tool for tool, made in panel.tools.buttons.items() if made.isChecked()]
    assert down == [Tool.FILL]
    session.regions.tool = None
    assert not any(made.isChecked() for made in panel.tools.buttons.values())


def test_the_brush_is_as_wide_as_the_box_says(listed, session, controller):
    session.regions.brush = 9
    assert listed.tools.width_box.value() == 9
    controller.regions.set_brush.assert_not_called()
    listed.tools.width_box.setValue(4)
    controller.regions.set_brush.assert_called_once_with(4)


@pytest.mark.parametrize("kind", RegionKind)
def test_a_region_of_each_kind_can_be_added(click, panel, controller, kind):
    click(panel.new[kind])
    controller.regions.add.assert_called_once_with(kind)


def test_regions_are_listed_with_name_kind_and_size(listed):
    assert texts(listed.table) == [
        ["fold", "missing", "12", "3"],
        ["glass", "not tissue", "1,200", "0"],
    ]
    ticks = [listed.table.topLevelItem(row).checkState(0) for row in (0, 1)]
    assert ticks == [Qt.CheckState.Checked, Qt.CheckState.Unchecked]
    assert listed.table.current == 1


def test_showing_regions_asks_for_nothing(listed, controller):
    for act in ("choose", "rename", "switch"):
        getattr(controller.regions, act).assert_not_called()


def test_a_name_is_edited_in_the_list(listed, controller):
    listed.table.topLevelItem(1).setText(0, "dust")
    controller.regions.rename.assert_called_once_with(4, "dust")


@pytest.mark.parametrize("name", ["Missing 1", "  "])
def test_a_name_that_is_refused_does_not_stay_in_the_list(qtbot, section, jobs, name):
    session = EnhanceSession()
    controller = Controller(ViewerModel(), session, start=jobs)
    controller.stage.open(section)
    panel = RegionPanel(session, controller)
    qtbot.addWidget(panel)
    controller.regions.add()
    controller.regions.add()

    panel.table.topLevelItem(1).setText(0, name)

    shown = [panel.table.topLevelItem(row).text(0) for row in (0, 1)]
    assert shown == ["Missing 1", "Missing 2"]
    assert panel.table.current == 2
    assert session.message.text
    panel.table.topLevelItem(1).setText(0, " fold ")
    assert panel.table.topLevelItem(1).text(0) == "fold"
    assert session.regions.rows[1].region.name == "fold"
    controller.close()


def test_a_tick_switches_a_region(listed, controller):
    listed.table.topLevelItem(0).setCheckState(0, Qt.CheckState.Unchecked)
    controller.regions.switch.assert_called_once_with(1, enabled=False)


def test_a_click_chooses_a_region(qtbot, listed, controller):
    item = listed.table.topLevelItem(1)
    middle = listed.table.visualItemRect(item).center()
    left = Qt.MouseButton.LeftButton
    qtbot.mouseClick(listed.table.viewport(), left, pos=middle)
    controller.regions.choose.assert_called_once_with(4)


def test_counts_change_without_losing_the_selection(listed, session):
    session.regions.rows = (RegionRow(Region(1, "fold"), 13, 3, "#ff5db1"), ROWS[1])
    assert texts(listed.table)[0][2] == "13"
    assert listed.table.current == 1


def test_the_selected_region_is_removed(click, listed, session, controller):
    session.regions.current = 4
    click(listed.remove)
    controller.regions.remove.assert_called_once_with(4)
    session.regions.current = None
    assert not listed.remove.isEnabled()
    assert "Select a region" in listed.remove.toolTip()


def test_undo_and_redo_are_on_when_there_is_something(
    click, listed, session, controller
):
    assert not listed.undo.isEnabled()
    assert "nothing to undo" in listed.undo.toolTip()
    session.regions.can_undo = session.regions.can_redo = True
    click(listed.undo)
    click(listed.redo)
    controller.regions.undo.assert_called_once_with()
    controller.regions.redo.assert_called_once_with()


@pytest.mark.parametrize(
    ("painted", "text"),
    [
        (None, "Nothing painted"),
        (Painted(), "Nothing painted"),
        (Painted(1, 0), "1 spot, 0 empty positions to predict"),
        (Painted(1200, 1, 3), "1,200 spots, 1 empty position to predict, 3 left out"),
        (Painted(problem="the canvas is odd"), "the canvas is odd"),
    ],
)
def test_what_is_painted_is_counted(panel, session, painted, text):
    session.regions.painted = painted
    assert panel.count.text() == text


# -- suggestions -------------------------------------------------------------------


@pytest.fixture
def suggested(panel, session):
    session.regions.suggestions = tuple(
        Suggestion(f"Hole {n}", "2 empty positions", np.array([n, n + 1]))
        for n in range(3)
    )
    return panel.suggestions


def test_holes_are_searched_once_at_a_time(click, panel, session, controller):
    click(panel.find_holes)
    controller.suggestions.search.assert_called_once_with()
    session.regions.is_searching = True
    assert not panel.find_holes.isEnabled()
    assert "going on" in panel.find_holes.toolTip()


def test_suggestions_are_shown_while_there_are_some(panel, suggested, session):
    assert suggested.isVisible()
    assert suggested.items.item(0).text() == "Hole 0: 2 empty positions"
    session.regions.suggestions = ()
    assert not suggested.isVisible()


def test_selected_suggestions_are_accepted_or_rejected(click, suggested, controller):
    assert not suggested.accept.isEnabled()
    suggested.items.setCurrentRow(1)
    controller.suggestions.point_at.assert_called_with(1)
    click(suggested.accept)
    controller.suggestions.accept.assert_called_once_with([1])
    click(suggested.reject)
    controller.suggestions.reject.assert_called_once_with([1])


def test_all_suggestions_at_once(click, suggested, controller):
    click(suggested.accept_all)
    click(suggested.reject_all)
    controller.suggestions.accept.assert_called_once_with(None)
    controller.suggestions.reject.assert_called_once_with(None)


# -- files -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "chosen", "written"),
    [
        ("/home/me/r", "Table (*.csv)", "/home/me/r.csv"),
        ("/home/me/r", "Polygons for QuPath (*.geojson)", "/home/me/r.geojson"),
        ("/home/me/r.png", "Table (*.csv)", "/home/me/r.png"),
        ("/home/me/slide.1", "Table (*.csv)", "/home/me/slide.1.csv"),
    ],
)
def test_saving_asks_where(
    click, listed, controller, monkeypatch, given, chosen, written
):
    ask = Mock(return_value=(given, chosen))
    monkeypatch.setattr(QFileDialog, "getSaveFileName", ask)
    click(listed.save)
    controller.region_files.save.assert_called_once_with(Path(written))


@pytest.mark.parametrize("kind", [None, RegionKind.TISSUE])
def test_loading_asks_what_and_where(panel, controller, monkeypatch, kind):
    ask = Mock(return_value=("/home/me/r.png", ""))
    monkeypatch.setattr(QFileDialog, "getOpenFileName", ask)
    actions = panel.load.menu().actions()
    actions[0 if kind is None else 1].trigger()
    controller.region_files.load.assert_called_once_with(Path("/home/me/r.png"), kind)


def test_a_dialogue_given_up_does_nothing(click, listed, controller, monkeypatch):
    monkeypatch.setattr(QFileDialog, "getSaveFileName", Mock(return_value=("", "")))
    click(listed.save)
    controller.region_files.save.assert_not_called()


def test_every_ending_that_is_offered_can_be_written(section, tmp_path):
    regions = Regions.none(PaintSites.of(section)).with_area(
        "gap", RegionKind.PREDICT, range(9)
    )
    endings = re.findall(r"\*(\.\w+)", region_panel._SAVED_AS)
    assert len(endings) == 5
    for ending in endings:
        assert write_regions(tmp_path / f"r{ending}", regions).is_file()


def test_the_panel_fits_into_the_dock(listed, suggested):
    assert listed.minimumSizeHint().width() <= 320
