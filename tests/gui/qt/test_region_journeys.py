"""Regions in a real window: every tool with the mouse, undone with the keyboard."""

from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtCore import QPoint, Qt
from qtpy.QtWidgets import QApplication

from napari_stentrans.gui.state.regions import Tool
from napari_stentrans.gui.widgets.main_widget import StEnTransWidget
from napari_stentrans.section.raster import raster_of
from napari_stentrans.section.regions import RegionKind

LEFT = Qt.MouseButton.LeftButton
CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
SOON = 20_000


class Hand:
    """A hand on the mouse, over the canvas of a section."""

    def __init__(self, qtbot, viewer, widget, section):
        self.qtbot, self.viewer = qtbot, viewer
        self.widget, self.section = widget, section
        self.canvas = viewer.window._qt_viewer.canvas.native

    def at(self, pixel):
        affine = raster_of(self.section).affine
        world = (affine @ np.append(np.asarray(pixel, dtype=float), 1))[:2]
        camera = self.viewer.scene.camera
        middle = np.array([self.canvas.height(), self.canvas.width()]) / 2
        y, x = middle + (world - camera.center[-2:]) * camera.zoom
        return QPoint(round(x), round(y))

    def drag(self, pixels):
        self._move(pixels[0])
        self.qtbot.mousePress(self.canvas, LEFT, pos=self.at(pixels[0]))
        for pixel in pixels[1:]:
            self._move(pixel)
        self.qtbot.mouseRelease(self.canvas, LEFT, pos=self.at(pixels[-1]))
        QApplication.processEvents()

    def click(self, pixel):
        self._move(pixel)
        self.qtbot.mouseClick(self.canvas, LEFT, pos=self.at(pixel))
        self.qtbot.wait(20)

    def double_click(self, pixel):
        self.click(pixel)
        self.qtbot.mouseDClick(self.canvas, LEFT, pos=self.at(pixel))
        self.qtbot.wait(20)

    def press(self, button):
        assert button.isEnabled()
        self.qtbot.mouseClick(button, LEFT)
        QApplication.processEvents()

    def type(self, key, modifier):
        self.qtbot.keyClick(self.canvas, key, modifier)
        QApplication.processEvents()

    def _move(self, pixel):
        self.qtbot.mouseMove(self.canvas, self.at(pixel))
        self.qtbot.wait(20)  # the canvas drops moves that follow within 10 ms


@pytest.fixture
def hand(qtbot, make_napari_viewer, make_section):
    section = make_section("square", n_rows=14, n_cols=14, image=False)
    viewer = make_napari_viewer(show=True)
    widget = StEnTransWidget(viewer, remember=False)
    viewer.window.add_dock_widget(widget, name="Enhance", area="right")
    widget.controller.stage.open(section)
    widget.turn_to(widget.region_panel)
    for _ in range(20):
        QApplication.processEvents()
    viewer.fit_to_view()
    QApplication.processEvents()
    return Hand(qtbot, viewer, widget, section)


def covered(hand, label):
    regions = hand.widget.controller.regions.regions
    return {tuple(pixel) for pixel in np.argwhere(regions.picture == label).tolist()}


def sizes(hand):
    rows = hand.widget.session.regions.rows
    return [row.n_spots + row.n_new for row in rows]


def test_brush_polygon_fill_and_erase(hand):
    panel = hand.widget.region_panel
    tools = panel.tools.buttons
    hand.press(tools[Tool.BRUSH])
    panel.tools.width_box.setValue(1)
    hand.drag([(4, 4), (4, 7)])
    assert covered(hand, 1) == {(4, 4), (4, 5), (4, 6), (4, 7)}

    hand.press(panel.new[RegionKind.OUTSIDE])
    hand.press(tools[Tool.POLYGON])
    for corner in ((8, 8), (8, 12), (12, 12)):
        hand.click(corner)
    hand.double_click((12, 8))
    inner = {(row, col) for row in range(9, 12) for col in range(9, 12)}
    assert inner <= covered(hand, 2)
    assert len(covered(hand, 2)) <= 25

    hand.press(panel.new[RegionKind.PREDICT])
    hand.press(tools[Tool.BRUSH])
    hand.drag([(6, 2), (6, 6), (10, 6), (10, 2), (6, 2)])
    outline = covered(hand, 3)
    hand.press(tools[Tool.FILL])
    hand.click((8, 4))
    assert covered(hand, 3) - outline == {
        (row, col) for row in (7, 8, 9) for col in (3, 4, 5)
    }

    hand.press(tools[Tool.ERASE])
    hand.drag([(8, 4), (8, 5)])
    assert len(covered(hand, 3)) == 23


def test_filling_the_glass_is_refused_and_nothing_stays_of_it(hand):
    panel = hand.widget.region_panel
    hand.press(panel.tools.buttons[Tool.FILL])
    hand.click((0, 0))
    assert covered(hand, 1) == set()
    canvas = hand.widget.controller.stage.canvas(hand.section)
    assert not canvas.data.any()
    assert "Nothing is filled" in hand.widget.session.message.text


def test_one_click_takes_the_tissue(hand):
    panel = hand.widget.region_panel
    hand.press(panel.new[RegionKind.TISSUE])
    hand.press(panel.tools.buttons[Tool.FILL])
    hand.click(np.array(raster_of(hand.section).shape) // 2)
    missing = hand.widget.controller.regions.missing()
    assert not missing.outside.any()
    assert sizes(hand)[0] >= hand.section.n_spots


def test_the_keyboard_undoes_strokes_and_changes(hand):
    panel = hand.widget.region_panel
    hand.press(panel.tools.buttons[Tool.BRUSH])
    panel.tools.width_box.setValue(1)
    hand.drag([(4, 4), (4, 7)])
    hand.drag([(6, 4), (6, 5)])
    hand.press(panel.remove)
    assert sizes(hand) == []
    hand.canvas.setFocus()

    seen = []
    for _ in range(3):
        hand.type(Qt.Key.Key_Z, CTRL)
        seen.append(sizes(hand))
    assert seen == [[6], [4], [0]]
    hand.type(Qt.Key.Key_Z, CTRL | SHIFT)
    assert sizes(hand) == [4]
    hand.press(panel.redo)
    assert sizes(hand) == [6]


def test_found_holes_are_accepted_and_saved(hand, tmp_path):
    panel, session = hand.widget.region_panel, hand.widget.session
    hand.press(panel.tools.buttons[Tool.BRUSH])
    hand.drag([(4, 4), (4, 7)])
    hand.press(panel.find_holes)
    hand.qtbot.waitUntil(lambda: not session.regions.is_searching, timeout=SOON)
    n_before = len(session.regions.rows)
    for _ in session.regions.suggestions:
        panel.suggestions.items.setCurrentRow(0)
        hand.press(panel.suggestions.accept)
    assert session.regions.suggestions == ()
    assert len(session.regions.rows) >= n_before

    hand.widget.controller.region_files.save(tmp_path / "r.geojson")
    hand.qtbot.waitUntil(lambda: (tmp_path / "r.geojson").exists(), timeout=SOON)
