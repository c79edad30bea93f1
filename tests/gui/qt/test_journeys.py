"""The real widget in a real window: what a user does, from opening to saving."""

from __future__ import annotations

import gc
import threading

import numpy as np
import pytest
from qtpy.QtCore import QPoint, Qt, QThreadPool
from qtpy.QtWidgets import QApplication, QDockWidget

from napari_stentrans import enhance
from napari_stentrans.gui.canvas import layers as looks
from napari_stentrans.gui.canvas.layers import Role
from napari_stentrans.gui.state.regions import Tool
from napari_stentrans.gui.state.session import JobStatus
from napari_stentrans.gui.state.view import ViewMode
from napari_stentrans.gui.widgets.main_widget import StEnTransWidget

SOON = 20_000
ENDLESS = 10_000
"""Steps of a run that is not to end by itself, however slow the machine."""


@pytest.fixture
def viewer(make_napari_viewer):
    return make_napari_viewer(show=True)


def docked(viewer):
    widget = StEnTransWidget(viewer)
    viewer.window.add_dock_widget(widget, name="Enhance", area="right")
    return widget


def click(qtbot, button):
    assert button.isEnabled()
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def close_by_hand(widget):
    """Close the dock as a user does, after which nobody holds the widget."""
    dock = widget.parent()
    while not isinstance(dock, QDockWidget):
        dock = dock.parent()
    dock.title.close_button.click()


def wait_idle(qtbot, widget):
    qtbot.waitUntil(lambda: widget.session.status is JobStatus.IDLE, timeout=SOON)
    widget.controller.turns.finish()


def wait_running(qtbot, widget):
    qtbot.waitUntil(lambda: widget.run_bar.bar.value() > 0, timeout=SOON)


def settle(viewer):
    """Let the window lay itself out, then fit the section into it."""
    for _ in range(20):
        QApplication.processEvents()
    viewer.fit_to_view()
    QApplication.processEvents()


def canvas_point(viewer, world_yx, layer):
    """Where a world point of a layer is on the canvas: in its panel, if in a grid."""
    native = viewer.window._qt_viewer.canvas.native
    camera, grid, layers = viewer.scene.camera, viewer.canvas.grid, viewer.layers
    panel = np.array(grid.position(layers.index(layer), layers)) + 0.5
    shape = np.array(grid.actual_shape(layers))
    middle = np.array([native.height(), native.width()]) * panel / shape
    y, x = middle + (np.array(world_yx) - camera.center[-2:]) * camera.zoom
    return native, QPoint(round(x), round(y))


def brush_over(qtbot, viewer, section, canvas, spots):
    """Drag the mouse over spots, as a hand would."""
    settle(viewer)
    raster = looks.raster_of(section)
    pixels = [np.argwhere(raster.index == spot).mean(axis=0) for spot in spots]
    worlds = [(raster.affine @ np.append(pixel, 1))[:2] for pixel in pixels]
    native, start = canvas_point(viewer, worlds[0], canvas)
    left = Qt.MouseButton.LeftButton
    qtbot.mouseMove(native, start)
    qtbot.wait(20)  # the canvas drops moves that follow within 10 ms
    qtbot.mousePress(native, left, pos=start)
    for world in worlds[1:]:
        qtbot.mouseMove(native, canvas_point(viewer, world, canvas)[1])
        qtbot.wait(20)
    qtbot.mouseRelease(native, left, pos=canvas_point(viewer, worlds[-1], canvas)[1])
    QApplication.processEvents()


def neighbours_in_a_row(section, n):
    """Spots beside one another, in the middle of the section."""
    middle = np.median(section.pitch_rc, axis=0)
    row = section.array_rc[:, 0]
    nearest = np.argmin(np.linalg.norm(section.pitch_rc - middle, axis=1))
    same = np.flatnonzero(row == row[nearest])
    ordered = same[np.argsort(section.array_rc[same, 1])]
    at = max(0, int(np.flatnonzero(ordered == nearest)[0]) - n // 2)
    return ordered[at : at + n]


def test_from_opening_to_the_enhanced_layer(qtbot, viewer, section, fake_method):
    widget = docked(viewer)
    widget.controller.stage.open(section)
    gene = str(section.genes[0])

    qtbot.keyClicks(widget.gene_panel.search, gene)
    qtbot.keyPress(widget.gene_panel.search, Qt.Key.Key_Return)
    assert widget.session.genes.shown == (gene,)
    widget.controller.runs.configure(method="fake")
    click(qtbot, widget.run_bar.enhance)
    wait_idle(qtbot, widget)

    enhanced = widget.controller.stage.find(section, Role.ENHANCED, gene)
    assert np.nanmax(enhanced.data) == 50
    assert "Enhanced" in widget.run_bar.status.text()
    widget.turn_to(widget.compare_panel)
    click(qtbot, widget.compare_panel.switch.modes[ViewMode.SIDE_BY_SIDE])
    assert viewer.canvas.grid.enabled


def test_layers_equal_the_library_for_what_the_mouse_painted(qtbot, viewer, section):
    widget = docked(viewer)
    widget.controller.stage.open(section)
    gene = str(section.genes[1])
    widget.controller.genes.add([gene])
    click(qtbot, widget.region_panel.tools.buttons[Tool.BRUSH])
    widget.controller.turns.finish()
    canvas = widget.controller.stage.canvas(section)
    canvas.brush_size = 1
    spots = neighbours_in_a_row(section, 3)

    brush_over(qtbot, viewer, section, canvas, spots)

    painted = widget.controller.regions.missing()
    assert set(spots) <= set(np.flatnonzero(painted.unmeasured))
    assert painted.n_spots < section.n_spots / 3
    assert f"{painted.n_spots} spots" in widget.region_panel.count.text()

    widget.controller.runs.configure(method="kriging", seed=5)
    click(qtbot, widget.run_bar.enhance)
    wait_idle(qtbot, widget)

    expected = enhance(section, method="kriging", seed=5, missing=painted)
    shown = widget.controller.stage.find(section, Role.ENHANCED, gene)
    np.testing.assert_allclose(shown.data, expected.image(gene), rtol=1e-4, atol=1e-6)


def test_painting_on_the_measured_panel_side_by_side(
    qtbot, viewer, section, fake_method
):
    """The grid moves the picture; the brush must still hit the spot under it."""
    widget = docked(viewer)
    widget.controller.stage.open(section)
    widget.controller.genes.add([section.genes[0]])
    click(qtbot, widget.region_panel.tools.buttons[Tool.BRUSH])
    widget.controller.turns.finish()
    widget.controller.runs.configure(method="fake")
    click(qtbot, widget.run_bar.enhance)
    wait_idle(qtbot, widget)
    widget.turn_to(widget.compare_panel)
    click(qtbot, widget.compare_panel.switch.modes[ViewMode.SIDE_BY_SIDE])

    click(qtbot, widget.region_panel.tools.buttons[Tool.BRUSH])
    widget.controller.turns.finish()
    canvas = widget.controller.stage.canvas(section)
    canvas.brush_size = 1
    spots = neighbours_in_a_row(section, 2)
    brush_over(qtbot, viewer, section, canvas, spots)

    painted = widget.controller.regions.missing()
    assert set(spots) <= set(np.flatnonzero(painted.unmeasured))
    assert painted.n_spots <= 4


def test_stop_keeps_and_cancel_restores(qtbot, viewer, section, fake_method):
    fake_method.delay, fake_method.n_steps = 0.05, ENDLESS
    widget = docked(viewer)
    widget.controller.stage.open(section)
    gene = str(section.genes[0])
    widget.controller.genes.add([gene])
    widget.controller.runs.configure(method="fake")
    panel = widget.run_bar

    def level():
        widget.controller.turns.finish()
        layer = widget.controller.stage.find(section, Role.ENHANCED, gene)
        return None if layer is None else float(np.nanmax(layer.data))

    click(qtbot, panel.enhance)
    qtbot.waitUntil(lambda: "Counting" in panel.bar.text(), timeout=SOON)
    assert level() == 0.5  # the preview is shown while the method counts
    click(qtbot, panel.stop)
    wait_idle(qtbot, widget)
    stopped = level()
    assert 0.5 < stopped < ENDLESS

    click(qtbot, panel.enhance)
    qtbot.waitUntil(lambda: "Counting" in panel.bar.text(), timeout=SOON)
    click(qtbot, panel.cancel)

    assert widget.session.status is JobStatus.IDLE
    assert level() == stopped


def test_the_window_answers_during_a_run(qtbot, viewer, section, fake_method):
    fake_method.delay, fake_method.n_steps = 0.02, ENDLESS
    widget = docked(viewer)
    widget.controller.stage.open(section)
    widget.controller.runs.configure(method="fake")

    click(qtbot, widget.run_bar.enhance)
    wait_running(qtbot, widget)
    widget.controller.genes.add([section.genes[2]])
    widget.controller.turns.finish()

    assert widget.session.status is JobStatus.ENHANCING
    assert widget.session.genes.shown == (section.genes[2],)
    click(qtbot, widget.run_bar.stop)
    wait_idle(qtbot, widget)
    stage = widget.controller.stage
    assert stage.find(section, Role.ENHANCED, section.genes[2]) is not None


def test_a_failure_of_the_device_is_told(qtbot, viewer, section, fake_method, told):
    fake_method.error = RuntimeError("CUDA out of memory")
    widget = docked(viewer)
    widget.controller.stage.open(section)
    widget.controller.runs.configure(method="fake")

    click(qtbot, widget.run_bar.enhance)
    wait_idle(qtbot, widget)

    assert "CUDA out of memory" in widget.run_bar.status.text()
    assert "Choose another device" in told[0]
    assert widget.run_bar.enhance.isEnabled()


def test_closing_the_window_during_a_run_ends_it(
    qtbot, make_napari_viewer, section, fake_method
):
    fake_method.delay, fake_method.n_steps = 0.05, ENDLESS
    viewer = make_napari_viewer(show=True)
    widget = docked(viewer)
    widget.controller.stage.open(section)
    widget.controller.runs.configure(method="fake")
    click(qtbot, widget.run_bar.enhance)
    wait_running(qtbot, widget)
    session = widget.session
    del widget

    viewer.close()

    assert session.status is JobStatus.IDLE


def test_closing_the_dock_during_a_run_ends_it(qtbot, viewer, section, fake_method):
    fake_method.delay, fake_method.n_steps = 0.05, ENDLESS
    widget = docked(viewer)
    widget.controller.stage.open(section)
    widget.controller.runs.configure(method="fake")
    click(qtbot, widget.run_bar.enhance)
    wait_running(qtbot, widget)
    ended = []
    widget.destroyed.connect(lambda: ended.append(True))
    bound = {"N", "W"} & set(map(str, viewer.keymap))

    close_by_hand(widget)
    del widget
    gc.collect()  # as it comes, in any thread: before Qt has deleted it, too
    qtbot.waitUntil(lambda: bool(ended), timeout=SOON)

    assert bound
    assert not bound & set(map(str, viewer.keymap))
    assert QThreadPool.globalInstance().waitForDone(SOON)  # the run has ended


def test_opening_and_closing_leaves_nothing_behind(qtbot, viewer, section):
    looks_of = looks.section_to_layers(section)
    for data, options, kind in looks_of:
        getattr(viewer, f"add_{kind}")(data, **options)
    inserted = len(viewer.layers.events.inserted.callbacks)
    threads = threading.active_count()

    for _ in range(10):
        widget = docked(viewer)
        assert widget.session.section is section
        close_by_hand(widget)
        del widget
        qtbot.wait(10)
    gc.collect()

    assert len(viewer.layers.events.inserted.callbacks) == inserted
    assert threading.active_count() <= threads + 2


def test_the_public_proxy_of_the_viewer_is_enough(
    qtbot, make_napari_viewer_proxy, section, fake_method
):
    """napari hands plugins a proxy that hides everything private."""
    viewer = make_napari_viewer_proxy(show=True)
    widget = StEnTransWidget(viewer)
    viewer.window.add_dock_widget(widget, name="Enhance", area="right")
    widget.controller.stage.open(section)
    widget.controller.genes.add(section.genes[:2])
    widget.controller.regions.paint()
    widget.controller.turns.finish()
    assert widget.session.regions.tool is Tool.BRUSH
    widget.controller.runs.configure(method="fake")

    click(qtbot, widget.run_bar.enhance)
    wait_idle(qtbot, widget)
    widget.turn_to(widget.compare_panel)
    click(qtbot, widget.compare_panel.switch.modes[ViewMode.SIDE_BY_SIDE])
    click(qtbot, widget.compare_panel.switch.modes[ViewMode.OVERLAY])
    widget.controller.turns.finish()

    assert [str(tag.role) for _, tag in widget.controller.stage.tagged()] == [
        "image",
        "counts",
        *["gene", "enhanced"] * 2,
        "missing",
    ]
