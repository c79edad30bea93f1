"""Comparing by hand in a real window: hovering, dragging the divider, keys."""

from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtCore import QPoint, Qt

from napari_stentrans.gui.canvas.layers import Role
from napari_stentrans.gui.canvas.swipe import divider_x
from napari_stentrans.gui.state.session import JobStatus
from napari_stentrans.gui.state.view import ViewMode
from napari_stentrans.gui.widgets.main_widget import StEnTransWidget
from napari_stentrans.section.raster import raster_of

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def viewer(make_napari_viewer):
    return make_napari_viewer(show=True)


@pytest.fixture
def widget(qtbot, viewer, section):
    """The widget with an enhanced gene, its panel in front."""
    made = StEnTransWidget(viewer)
    viewer.window.add_dock_widget(made, name="Enhance", area="right")
    made.controller.stage.open(section)
    made.controller.genes.add(section.genes[:1])
    made.controller.runs.configure(method="kriging")
    made.controller.runs.enhance()
    qtbot.waitUntil(lambda: made.session.status is JobStatus.IDLE, timeout=30_000)
    made.turn_to(made.compare_panel)
    viewer.fit_to_view()
    qtbot.wait(50)
    return made


@pytest.fixture
def canvas(viewer):
    return viewer.window._qt_viewer.canvas.native


def point(viewer, canvas, world_yx):
    camera = viewer.scene.camera
    middle = np.array([canvas.height(), canvas.width()]) / 2
    y, x = middle + (np.array(world_yx) - camera.center[-2:]) * camera.zoom
    return QPoint(round(x), round(y))


def test_hovering_says_what_is_there(qtbot, viewer, canvas, widget, section):
    raster, spot = raster_of(section), 30
    row, col = np.argwhere(raster.index == spot).mean(axis=0)
    world = (raster.affine @ (row, col, 1.0))[:2]
    gene = section.genes[0]
    measured = f"measured {_count(section, spot):g}"
    expected = f"{gene} · {section.barcodes[spot]} · {measured} · "

    qtbot.mouseMove(canvas, point(viewer, canvas, world) + QPoint(1, 1))
    qtbot.wait(20)
    viewer.mouse_over_canvas = True
    viewer.update_status_from_cursor()  # a thread's work, that napari's fixture stops

    assert str(viewer.status).startswith(expected)
    assert "±" in viewer.status


def _count(section, spot):
    return section.gene_counts(section.genes[0])[spot]


def test_the_divider_is_dragged_and_the_camera_stays(
    qtbot, viewer, canvas, widget, section
):
    qtbot.mouseClick(widget.compare_panel.switch.modes[ViewMode.SWIPE], LEFT)
    center = np.array(viewer.scene.camera.center)
    start = point(viewer, canvas, (center[-2], divider_x(section, 0.5)))

    qtbot.mouseMove(canvas, start)
    qtbot.wait(20)
    qtbot.mousePress(canvas, LEFT, pos=start)
    for step in (20, 40, 60):
        qtbot.mouseMove(canvas, start - QPoint(step, 0))
        qtbot.wait(20)
    qtbot.mouseRelease(canvas, LEFT, pos=start - QPoint(60, 0))

    divider = widget.session.view.divider
    moved = divider_x(section, 0.5) - divider_x(section, divider)
    assert moved * viewer.scene.camera.zoom == pytest.approx(60, abs=4)
    assert widget.compare_panel.switch.divider.value() == round(divider * 1000)
    np.testing.assert_allclose(viewer.scene.camera.center, center)


def test_keys_on_the_canvas_change_the_way_and_flip(
    qtbot, viewer, canvas, widget, section
):
    canvas.setFocus()
    qtbot.keyClick(canvas, Qt.Key.Key_N)
    widget.controller.turns.finish()
    assert viewer.canvas.grid.enabled
    qtbot.keyClick(canvas, Qt.Key.Key_W)
    assert widget.session.view.mode is ViewMode.BLINK
    assert widget.compare_panel.switch.timer.isActive()

    measured = widget.controller.stage.find(section, Role.GENE, section.genes[0])
    seen = {measured.visible}
    for _ in range(2):
        widget.compare_panel.switch.timer.timeout.emit()
        widget.controller.turns.finish()
        seen.add(measured.visible)
    assert seen == {True, False}


def test_the_score_appears_while_the_panel_is_looked_at(qtbot, widget, section):
    qtbot.waitUntil(lambda: widget.session.view.score is not None, timeout=30_000)

    assert section.genes[0] in widget.compare_panel.score.numbers.text()
    assert widget.compare_panel.scatter.isVisible()
