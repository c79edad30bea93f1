"""In a real window: a picture that lands wrong, and results that leave the window."""

from __future__ import annotations

from threading import Event

import anndata as ad
import numpy as np
import pytest
from napari.utils.notifications import notification_manager
from qtpy.QtCore import QPoint, Qt, QThreadPool
from qtpy.QtWidgets import QFileDialog, QPushButton

from napari_stentrans import enhance
from napari_stentrans.gui.canvas.layers import Role
from napari_stentrans.gui.state.session import JobStatus
from napari_stentrans.gui.widgets.main_widget import StEnTransWidget
from napari_stentrans.progress import changed
from napari_stentrans.saving import save_steps
from napari_stentrans.section.alignment import Alignment

SOON = 20_000


@pytest.fixture
def viewer(make_napari_viewer):
    return make_napari_viewer(show=True)


@pytest.fixture
def widget(viewer):
    made = StEnTransWidget(viewer)
    viewer.window.add_dock_widget(made, name="Enhance", area="right")
    return made


def wait_idle(qtbot, widget):
    qtbot.waitUntil(lambda: widget.session.status is JobStatus.IDLE, timeout=SOON)


def press(qtbot, button):
    assert button.isVisible()
    assert button.isEnabled()
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def test_a_flipped_picture_is_noticed_and_put_right(
    qtbot, viewer, widget, make_section
):
    section = make_section(n_rows=14, n_cols=6)
    widget.controller.stage.open(section)
    panel, about = widget.section_panel, widget.session.about
    qtbot.waitUntil(lambda: about.facts is not None, timeout=SOON)
    press(qtbot, panel.aligning.heading)
    layer = widget.controller.stage.find(section, Role.IMAGE)
    right = layer.affine.affine_matrix.copy()

    press(qtbot, panel.alignment.buttons["↻"])
    assert about.alignment == Alignment(turn=90)
    assert "flipped or turned" in panel.advice.text()
    press(qtbot, panel.alignment.suggest)
    assert "flipped or turned" not in panel.advice.text()

    slider = panel.alignment.right._slider
    middle = slider.rect().center()
    qtbot.mousePress(slider, Qt.MouseButton.LeftButton, pos=middle)
    qtbot.mouseMove(slider, middle + QPoint(30, 0))
    qtbot.mouseRelease(slider, Qt.MouseButton.LeftButton, pos=middle + QPoint(30, 0))
    qtbot.waitUntil(lambda: about.alignment.shift_xy[0] > 0)
    assert layer.affine.affine_matrix[-2:, -1].any()

    press(qtbot, panel.alignment.reset)
    np.testing.assert_allclose(layer.affine.affine_matrix, right)


def test_a_result_is_saved_and_reaches_the_console(
    qtbot, viewer, widget, section, monkeypatch, tmp_path
):
    result = enhance(section, method="nearest")
    widget.controller.stage.open(section)
    widget.session.enhanced = result
    widget.turn_to(widget.save_panel)
    panel, path = widget.save_panel, tmp_path / "r.h5ad"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))

    press(qtbot, panel.save)
    qtbot.waitUntil(lambda: widget.session.saves.last == path, timeout=SOON)
    wait_idle(qtbot, widget)

    np.testing.assert_array_equal(ad.read_h5ad(path).X, result.to_anndata().X)
    assert panel.folder.isVisible()
    qt_viewer = viewer.window._qt_viewer
    assert qt_viewer._console is None  # it is not forced open
    [handed] = [each for each in qt_viewer.console_backlog if "stentrans" in each]
    handle = qt_viewer._unwrap_if_weakref(handed["stentrans"])
    assert handle.result is result


def test_a_place_that_cannot_be_written_is_told_and_nothing_hangs(
    qtbot, widget, section, tmp_path
):
    widget.controller.stage.open(section)
    widget.session.enhanced = enhance(section, method="nearest")
    told = []
    notification_manager.notification_ready.connect(told.append)
    try:
        widget.controller.files.save(tmp_path / "no" / "r.csv")
        wait_idle(qtbot, widget)
    finally:
        notification_manager.notification_ready.disconnect(told.append)
    assert "there is no folder" in widget.session.message.text
    assert len(told) == 1
    assert list(tmp_path.iterdir()) == []


def test_cancelled_saving_leaves_no_file_behind(
    qtbot, widget, section, monkeypatch, tmp_path
):
    begun, cancelled = Event(), Event()

    def hold(progress):
        """Keep the thread waiting from the first file on: saving takes no time here."""
        if any(tmp_path.iterdir()):
            begun.set()
            assert cancelled.wait(SOON / 1000)
        return progress

    monkeypatch.setattr(
        "napari_stentrans.gui.control.files.save_steps",
        lambda *asked: changed(save_steps(*asked), hold),
    )
    monkeypatch.setattr("napari_stentrans.portions._MOST_GENES", 1)
    widget.controller.stage.open(section)
    widget.session.enhanced = enhance(section, method="nearest", genes="all")
    widget.controller.files.save(tmp_path / "r.h5ad")
    qtbot.waitUntil(begun.is_set, timeout=SOON)

    widget.controller.runs.cancel()
    cancelled.set()

    assert QThreadPool.globalInstance().waitForDone(SOON)
    assert not list(tmp_path.iterdir())
    assert widget.session.saves.last is None


def test_a_layer_of_another_plugin_is_taken_over(qtbot, viewer, widget, section):
    adata = ad.AnnData(section.counts.copy())
    metadata = {"adata": adata, "region_key": "region", "instance_key": "id"}
    viewer.add_points(section.pixel_xy[:, ::-1], name="blobs", metadata=metadata)
    [offer] = widget.section_panel.offers.findChildren(QPushButton)
    assert offer.text() == "Use blobs"

    press(qtbot, offer)
    qtbot.waitUntil(lambda: widget.session.section is not None, timeout=SOON)

    np.testing.assert_allclose(widget.session.section.pixel_xy, section.pixel_xy)
    qtbot.waitUntil(lambda: widget.session.about.facts is not None, timeout=SOON)
