"""Pictures become three channels of bytes, whatever they were."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from PIL import Image

from napari_stentrans.io.files.damage import DAMAGE
from napari_stentrans.io.pictures import images
from napari_stentrans.io.pictures.images import (
    image_from_array,
    picture_size,
    read_image,
)
from napari_stentrans.io.pictures.large import read_picture
from napari_stentrans.section.image import Modality


@pytest.fixture
def ramp():
    """Grey values 0 to 254 in steps of two, in 128 columns."""
    return np.tile(np.arange(0, 256, 2, dtype=np.uint8), (20, 1))


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "P", "LA", "CMYK"])
def test_any_mode_keeps_its_values(tmp_path, ramp, mode):
    picture = Image.fromarray(ramp).convert(mode)
    picture.save(tmp_path / "p.tif")
    image = read_image(tmp_path / "p.tif", 0.5, "hires")
    assert image.scale == 0.5
    assert image.data.dtype == np.uint8
    np.testing.assert_array_equal(image.data, np.repeat(ramp[..., None], 3, axis=2))


@pytest.mark.parametrize("times", [257, 16, 4])
@pytest.mark.parametrize("ending", ["png", "tif"])
def test_sixteen_bits_become_eight_however_many_are_used(tmp_path, ramp, times, ending):
    values = ramp.astype(np.uint16) * times
    Image.fromarray(values).save(tmp_path / f"p.{ending}")
    expected = np.rint(ramp / ramp.max() * 255)  # what is brightest is white
    for image in (
        read_image(tmp_path / f"p.{ending}", 1.0, "hires"),
        read_picture(tmp_path / f"p.{ending}"),
        image_from_array(values, 1.0, "hires"),
    ):
        np.testing.assert_array_equal(image.data[..., 1], expected)
        assert image.modality is not Modality.FLUORESCENCE


def test_what_is_transparent_is_white(tmp_path):
    Image.new("RGBA", (4, 4), (10, 20, 30, 0)).save(tmp_path / "p.png")
    assert (read_image(tmp_path / "p.png", 1.0, "hires").data == 255).all()


@pytest.mark.parametrize("ending", ["png", "jpg", "tif"])
def test_large_pictures_are_reduced_and_stay_aligned(
    tmp_path, ramp, monkeypatch, ending
):
    monkeypatch.setattr(images, "LONGEST_SIDE", 50)
    Image.fromarray(ramp).convert("RGB").save(tmp_path / f"p.{ending}", quality=95)
    image = read_image(tmp_path / f"p.{ending}", 1.0, "hires")
    height, width = image.data.shape[:2]
    assert max(height, width) <= 50
    assert image.scale == width / 128
    at = np.arange(2, width - 2)
    original = ramp[0, np.rint((at + 0.5) / image.scale - 0.5).astype(int)]
    np.testing.assert_allclose(image.data[2, at, 0], original, atol=5)


@pytest.mark.parametrize("ending", ["png", "jpg", "tif", "gif"])
@pytest.mark.parametrize("times", [1.5, 3])
def test_huge_scans_open_without_a_warning(tmp_path, monkeypatch, ramp, ending, times):
    """Pillow warns of so many pixels, and refuses twice as many."""
    path, most = tmp_path / f"p.{ending}", int(ramp.size / times)
    Image.fromarray(ramp).save(path)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", most)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert picture_size(path) == (128, 20)
        assert read_image(path, 1.0, "hires").data.shape == (20, 128, 3)
        assert most == Image.MAX_IMAGE_PIXELS


def test_what_does_not_fit_into_memory_is_refused_before_it_is_read(
    tmp_path, monkeypatch, ramp
):
    Image.fromarray(ramp).save(tmp_path / "p.png")
    monkeypatch.setattr(images, "memory_limit", lambda: ramp.size)
    with pytest.raises(ValueError, match=r"128 by 20 pixels.*as a tif in tiles"):
        read_image(tmp_path / "p.png", 1.0, "hires")


def test_a_picture_that_pillow_refuses_counts_as_damage(tmp_path, monkeypatch, ramp):
    Image.fromarray(ramp).save(tmp_path / "p.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1)
    with pytest.raises(DAMAGE):
        Image.open(tmp_path / "p.png")


@pytest.mark.parametrize(
    ("array", "top"),
    [
        (np.linspace(0, 1, 60).reshape(4, 5, 3), 255),
        (np.linspace(0, 200, 60).reshape(4, 5, 3), 200),
        (np.arange(20, dtype=np.uint8).reshape(4, 5), 19),
        (np.full((4, 5, 4), 65535, dtype=np.uint16), 255),
        (np.full((4, 5), 200, dtype=np.uint16), 200),
        (np.full((4, 5), 65535, dtype=np.uint32), 255),
        (np.linspace(0, 65535, 60).reshape(4, 5, 3), 255),
        (np.eye(4, 5, dtype=bool), 255),
    ],
)
def test_arrays_become_bytes(array, top):
    image = image_from_array(array, 2.0, "hires")
    assert image.data.shape == (4, 5, 3)
    assert (image.data.dtype, image.data.max()) == (np.uint8, top)


@pytest.mark.parametrize("shape", [(3,), (4, 5, 2), (0, 5, 3), (2, 4, 5, 3)])
def test_other_arrays_are_no_pictures(shape):
    with pytest.raises(ValueError, match="no picture"):
        image_from_array(np.zeros(shape), 1.0, "hires")


def test_values_beyond_any_colour_are_refused():
    with pytest.raises(ValueError, match="no colours"):
        image_from_array(np.full((4, 5), 1e6), 1.0, "hires")
