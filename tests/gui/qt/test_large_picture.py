"""In a real window: a large picture that is read where a person looks."""

from __future__ import annotations

import gc
import weakref
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tifffile
from napari.settings import get_settings

from napari_stentrans.gui.canvas.layers import Role
from napari_stentrans.gui.widgets.main_widget import StEnTransWidget
from napari_stentrans.io.pictures.large import read_picture
from napari_stentrans.section.alignment import Alignment

SIDE, SOON = 4096, 20_000


@pytest.fixture
def slide():
    row, col = np.mgrid[:SIDE, :SIDE]
    return np.stack([row // 16, col // 16, (row + col) % 100], -1).astype(np.uint8)


@pytest.fixture
def section(make_section, tmp_path, slide):
    path = tmp_path / "slide.tif"
    how = {"tile": (256, 256), "compression": "zlib", "photometric": "rgb"}
    tifffile.imwrite(path, slide, **how)
    found = make_section()
    xy = found.pixel_xy - found.pixel_xy.min(axis=0)
    xy *= 0.8 * SIDE / xy.max()
    return replace(found, image=read_picture(path, SIDE // 8), pixel_xy=xy + 300)


def handles(path: Path) -> int:
    folder = Path("/proc/self/fd")
    if not folder.is_dir():
        return 0
    open_files = [fd.resolve() for fd in folder.iterdir() if fd.exists()]
    return open_files.count(path.resolve())


def shown_rightly(layer, slide):
    """Whether what is on the canvas is the slide itself, at its size."""
    factor = layer.data[0].shape[0] // layer.data[layer.data_level].shape[0]
    top, left = layer.corner_pixels[0] * factor
    raw = layer._slice.image.raw.astype(int)
    whole = slide[top : top + len(raw) * factor, left : left + raw.shape[1] * factor]
    if whole.size != raw.size * factor**2:
        return False  # sliced for where one looked before
    mean = whole.reshape(len(raw), factor, raw.shape[1], factor, 3).mean(axis=(1, 3))
    return np.abs(mean - raw).max() <= 1


@pytest.mark.parametrize("is_async", [False, True])
def test_zooming_in_reads_what_is_seen_and_nothing_stays(
    qtbot, make_napari_viewer, monkeypatch, section, slide, tmp_path, is_async
):
    viewer = make_napari_viewer(show=True)
    monkeypatch.setattr(get_settings().experimental, "async_", is_async)
    widget = StEnTransWidget(viewer)
    viewer.window.add_dock_widget(widget, name="Enhance", area="right")
    widget.controller.stage.open(section)
    layer = widget.controller.stage.find(section, Role.IMAGE)
    tiles = weakref.ref(layer.data[0].tiles)
    look_around(qtbot, viewer, layer, slide)

    widget.controller.picture.move(Alignment(turn=90))
    wait_until_right(qtbot, layer, slide)

    viewer.layers.remove(layer)
    del layer
    qtbot.waitUntil(lambda: handles(tmp_path / "slide.tif") == 0, timeout=SOON)

    def gone() -> bool:
        gc.collect()
        return tiles() is None

    qtbot.waitUntil(gone, timeout=SOON)


def wait_until_right(qtbot, layer, slide):
    qtbot.waitUntil(lambda: shown_rightly(layer, slide), timeout=SOON)


def look_around(qtbot, viewer, layer, slide):
    """Zoom in and pan: what has at least a pixel for one of the canvas is shown."""
    camera = viewer.scene.camera
    for zoom, centre, level in (
        (0.2, (2000, 2000), 2),
        (0.3, (1500, 900), 1),
        (2.0, (3000, 3100), 0),
        (2.0, (900, 3100), 0),
    ):
        camera.zoom, camera.center = zoom, (0, *centre)
        qtbot.waitUntil(lambda level=level: layer.data_level == level, timeout=SOON)
        wait_until_right(qtbot, layer, slide)
