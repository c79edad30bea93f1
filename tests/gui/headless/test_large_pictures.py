"""A large picture: read where it is looked at, in the background, and let go of."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tifffile
from napari.components import ViewerModel

from napari_stentrans.gui.canvas.layers import Role, image_layer
from napari_stentrans.gui.control.controller import Controller
from napari_stentrans.gui.state.session import EnhanceSession
from napari_stentrans.io.pictures.large import read_picture
from napari_stentrans.section.alignment import Alignment

SIDE, REDUCED = 2048, 4


@pytest.fixture
def slide() -> np.ndarray:
    """Every pixel tells its row and column."""
    row, col = np.mgrid[:SIDE, :SIDE]
    colours = np.stack([row // 8, col // 8, (row + col) % 200], axis=-1)
    return colours.astype(np.uint8)


@pytest.fixture
def path(tmp_path, slide) -> Path:
    how = {"photometric": "rgb", "tile": (256, 256), "compression": "zlib"}
    with tifffile.TiffWriter(tmp_path / "slide.ome.tif", ome=True) as file:
        file.write(slide, subifds=1, metadata={"axes": "YXS"}, **how)
        file.write(slide[::2, ::2], subfiletype=1, **how)
    return tmp_path / "slide.ome.tif"


@pytest.fixture
def pictured(section, path):
    image = read_picture(path, SIDE // REDUCED)
    xy = (section.pixel_xy - section.pixel_xy.min(axis=0)) + 100
    return replace(section, image=image, pixel_xy=xy)


@pytest.fixture
def controller(jobs):
    made = Controller(ViewerModel(), EnhanceSession(), jobs)
    yield made
    made.close()


@pytest.fixture
def layer(controller, pictured, jobs):
    controller.sections.opened(pictured)
    jobs.started.clear()
    return controller.stage.find(pictured, Role.IMAGE)


def look(layer, level, rows, cols):
    """Let napari show a part, as when a person zooms in."""
    layer._data_level = level
    layer.corner_pixels = np.array([[rows[0], cols[0]], [rows[1] - 1, cols[1] - 1]])
    layer.refresh(extent=False, thumbnail=False)
    return layer._slice.image.raw


def picture_jobs(jobs):
    return [job for job in jobs.started if job.steps.__name__ == "reading_tiles"]


def test_the_layer_has_sizes_that_are_not_in_memory(layer, pictured):
    assert layer.multiscale
    assert layer.rgb
    assert layer.data.shapes == tuple((SIDE // f, SIDE // f, 3) for f in (1, 2, 4))
    np.testing.assert_array_equal(layer.data[-1], pictured.image.data)


def test_what_is_looked_at_is_read_in_the_background(layer, jobs, slide):
    at = slice(700, 1100), slice(100, 400)
    first = look(layer, 0, (700, 1100), (100, 400)).copy()
    coarse = slide[at].astype(int) - first
    assert np.abs(coarse[..., :2]).max() <= 2  # the reduced copy, enlarged
    (job,) = picture_jobs(jobs)
    job.finish()
    np.testing.assert_array_equal(layer._slice.image.raw, slide[at])
    look(layer, 0, (700, 1000), (200, 400))
    assert len(picture_jobs(jobs)) == 1, "what was read is kept"


def test_looking_elsewhere_meanwhile_is_one_job(layer, jobs, slide):
    look(layer, 0, (0, 100), (0, 100))
    look(layer, 0, (1500, 1600), (1500, 1600))
    (job,) = picture_jobs(jobs)
    job.finish()
    shown = layer._slice.image.raw
    np.testing.assert_array_equal(shown, slide[1500:1600, 1500:1600])
    tiles = layer.data[0].tiles
    assert set(tiles._read) == {(1, 2, 2), (1, 2, 3), (1, 3, 2), (1, 3, 3)}


def test_memory_is_bounded(layer, jobs, monkeypatch):
    from napari_stentrans.gui.canvas import tiles

    monkeypatch.setattr(tiles, "_KEPT_BYTES", 3 * 512 * 512 * 3)
    look(layer, 0, (0, SIDE), (0, SIDE))
    picture_jobs(jobs)[-1].advance(100)
    assert len(layer.data[0].tiles._read) <= 3


def test_what_is_looked_at_while_it_is_read_is_read_and_counted_once(layer):
    """napari slices in its own thread, and after each tile that is shown."""
    tiles, read = layer.data[0].tiles, []
    view = 1, slice(0, 1024), slice(0, 1024)

    with tiles.picture.opened() as file:

        class Reader:
            def read(self, *part):
                read.append(part)
                tiles.part(*view)
                return file.read(*part)

        tiles.part(*view)
        while tiles.is_waiting:
            tiles.read_next(Reader())

    assert len(read) == len(tiles._read) == 4
    assert tiles._n_bytes == sum(each.nbytes for each in tiles._read.values())


def test_a_moved_picture_is_moved_at_every_size(controller, layer, pictured):
    moved = Alignment(mirrored=True, turn=30.0, scale=1.1, shift_xy=(40.0, -7.0))
    controller.picture.move(moved)
    expected = pictured.image.aligned(moved)
    for factor in (1, 2, 4):
        level = np.diag([factor, factor, 1.0])
        level[:2, 2] = (factor - 1) / 2
        world = np.asarray(layer.affine) @ level @ (33, 55, 1)
        full = 33 * factor + (factor - 1) / 2, 55 * factor + (factor - 1) / 2
        np.testing.assert_allclose(world, expected.shown_affine @ (*full, 1))
    np.testing.assert_allclose(world, expected.affine @ (33, 55, 1))
    controller.picture.reset()
    np.testing.assert_allclose(layer.affine, np.eye(3), atol=1e-9)


def test_a_file_that_vanishes_is_told_once(layer, jobs, path, told):
    path.unlink()
    for rows in ((0, 50), (600, 700), (1200, 1300)):
        look(layer, 0, rows, (0, 50))
        for job in picture_jobs(jobs):
            job.finish()
    assert len(told) == 1
    assert "slide.ome.tif cannot be found any more" in told[0]
    assert "reduced copy is shown" in told[0]


def test_a_broken_tile_is_told_and_the_others_are_read(layer, jobs, path, told, slide):
    with tifffile.TiffFile(path) as file:
        page = file.pages[0]
        begins, length = page.dataoffsets[0], page.databytecounts[0]
    stat = path.stat()
    raw = bytearray(path.read_bytes())
    raw[begins : begins + length] = b"\xff" * length
    path.write_bytes(raw)
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    shown = look(layer, 0, (0, 1024), (0, 600))
    picture_jobs(jobs)[-1].finish()
    shown = layer._slice.image.raw
    np.testing.assert_array_equal(shown[512:], slide[512:1024, :600])
    assert np.abs(shown[:512, :512, :2].astype(int) - slide[:512, :512, :2]).max() <= 2
    (text,) = told
    assert "a part of the picture slide.ome.tif cannot be read" in text
    look(layer, 0, (0, 500), (0, 500))
    assert len(picture_jobs(jobs)) == 1, "it is not tried again and again"


def test_without_the_widget_it_is_read_at_once(pictured, slide):
    levels = image_layer(pictured)[0]
    np.testing.assert_array_equal(levels[0][100:140, 60:90], slide[100:140, 60:90])
    np.testing.assert_array_equal(levels[0][100], slide[100])
    np.testing.assert_array_equal(levels[0][-3, 5], slide[-3, 5])
    np.testing.assert_array_equal(
        levels[0][10:60:7, 90:20:-9, 1], slide[10:60:7, 90:20:-9, 1]
    )
    np.testing.assert_array_equal(np.asarray(levels[0]), slide)


def test_without_the_widget_damage_is_a_warning(pictured, path):
    level = image_layer(pictured)[0][0]
    path.unlink()
    with pytest.warns(UserWarning, match="cannot be found"):
        level[:50, :50]
    assert level[1000:1100, :50].shape == (100, 50, 3)


def test_a_layer_that_goes_ends_its_job(controller, layer, jobs):
    look(layer, 0, (0, 100), (0, 100))
    controller.stage.viewer.layers.remove(layer)
    assert picture_jobs(jobs)[-1].discarded
    assert layer.data[0].tiles.ask is None


def test_closing_ends_the_job(controller, layer, jobs):
    look(layer, 0, (0, 100), (0, 100))
    controller.close()
    assert picture_jobs(jobs)[-1].discarded
