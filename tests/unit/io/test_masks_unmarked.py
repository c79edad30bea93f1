"""Masks without a mark: refused, whatever they are written as."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from napari_stentrans.datasets import simulated_section
from napari_stentrans.errors import InvalidRequestError
from napari_stentrans.io.regions.masks import read_missing, read_regions, write_regions
from napari_stentrans.section.image import TissueImage
from napari_stentrans.section.raster import SpotRaster
from napari_stentrans.section.regions import RegionKind, Regions
from napari_stentrans.section.section import Section
from napari_stentrans.section.sites import PaintSites


@pytest.fixture
def section() -> Section:
    made = simulated_section(lattice="hex", n_rows=8, n_cols=8, n_genes=8)
    return made.section


def refused(path, section) -> None:
    told = re.escape(f"{path.name} marks nothing on {section.name}")
    with pytest.raises(InvalidRequestError, match=told) as caught:
        read_missing(path, section)
    assert caught.value.__notes__ == [f"while reading the mask {path}"]


@pytest.mark.parametrize("name", ["m.png", "m.tif", "m.npy"])
def test_a_picture_without_a_mark(tmp_path, section, name):
    path, picture = tmp_path / name, np.zeros(SpotRaster.from_section(section).shape)
    if name.endswith("npy"):
        np.save(path, picture)
    else:
        Image.fromarray(picture.astype(np.uint8)).save(path)
    refused(path, section)
    sites = PaintSites.of(section)
    assert not read_regions(path, sites).listed, "of which the window complains itself"


def test_a_picture_of_the_size_of_the_image_whose_marks_meet_no_spot(tmp_path, section):
    image = TissueImage(np.zeros((400, 400, 3), dtype=np.uint8), 1e-3)
    picture = np.zeros((400, 400), dtype=np.uint8)
    picture[-1, -1] = 1
    Image.fromarray(picture).save(tmp_path / "m.png")
    refused(tmp_path / "m.png", replace(section, image=image))


@pytest.mark.parametrize("column", ["barcode", "array_row,array_col"])
def test_a_table_whose_labels_are_all_zero(tmp_path, section, column):
    row, col = section.array_rc[0]
    spot = section.barcodes[0] if column == "barcode" else f"{row:g},{col:g}"
    (tmp_path / "m.csv").write_text(f"{column},label\n{spot},0\n")
    refused(tmp_path / "m.csv", section)


def test_regions_that_are_switched_off_are_a_choice(tmp_path, section):
    sites = PaintSites.of(section)
    off = Regions.none(sites).with_area("off", RegionKind.PREDICT, [0], enabled=False)
    path = write_regions(tmp_path / "m.png", off)
    assert read_missing(path, section).is_empty
    refused(write_regions(path, Regions.none(sites)), section)


def test_a_mark_of_what_is_outside_is_one(tmp_path, section):
    raster = SpotRaster.from_section(section)
    labels = raster.paint(2 * (np.arange(section.n_spots) == 3))
    Image.fromarray(labels).save(tmp_path / "m.png")
    assert np.flatnonzero(read_missing(tmp_path / "m.png", section).outside) == [3]
