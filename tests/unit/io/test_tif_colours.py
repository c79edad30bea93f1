"""A tif shows what its values mean: inks, palettes, transparency and the like."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile
from PIL import Image

from napari_stentrans.errors import ReadError
from napari_stentrans.io.pictures.large import read_picture
from napari_stentrans.section.image import Modality

TISSUE = (150, 60, 160)
WITHIN = np.s_[24:32, 24:40]
"""Rows and columns of the tissue."""


@pytest.fixture
def stained() -> np.ndarray:
    """Stained tissue on white glass."""
    picture = np.full((64, 80, 3), 255, np.uint8)
    picture[WITHIN] = TISSUE
    return picture


def all_sizes(path):
    """The picture as methods see it, then as the window reads it in parts."""
    small, reduced = read_picture(path), read_picture(path, 20)
    assert {small.modality, reduced.modality} == {Modality.BRIGHT_FIELD}
    yield small.data
    yield reduced.data
    with reduced.full.opened() as reader:
        for factor in reduced.full.factors:
            rows, cols = (slice(0, size // factor) for size in reduced.full.shape)
            yield reader.read(factor, rows, cols)


def assert_shows(path, tissue):
    for found in all_sizes(path):
        step = 64 // len(found)
        rows, cols = (slice(s.start // step, s.stop // step) for s in WITHIN)
        np.testing.assert_allclose(found[0, 0], 255, atol=1)
        assert np.abs(found[rows, cols].astype(int) - tissue).max() <= 1


def pixel(picture):
    """Colour of the tissue as pillow shows the picture."""
    return np.array(picture.convert("RGB"))[24, 24].astype(int)


@pytest.mark.parametrize("mode", ["L", "P", "CMYK", "LAB", "YCbCr"])
@pytest.mark.parametrize("packed", [None, "tiff_adobe_deflate"])
def test_colours_of_any_kind_are_shown(tmp_path, stained, mode, packed):
    written = Image.fromarray(stained).convert(mode, dither=Image.Dither.NONE)
    written.save(tmp_path / "s.tif", compression=packed)
    assert_shows(tmp_path / "s.tif", pixel(written))


def test_inks_in_jpeg_are_shown(tmp_path, stained):
    written = Image.fromarray(stained).convert("CMYK")
    written.save(tmp_path / "s.tif", compression="jpeg", quality=100)
    assert_shows(tmp_path / "s.tif", TISSUE)


def test_inks_of_sixteen_bits_are_shown(tmp_path, stained):
    inks = np.asarray(Image.fromarray(stained).convert("CMYK")).astype(np.uint16) * 257
    tifffile.imwrite(tmp_path / "s.tif", inks, photometric="separated")
    assert_shows(tmp_path / "s.tif", TISSUE)


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_grey_may_count_down_from_white(tmp_path, stained, kind):
    top = np.iinfo(kind).max
    dark = top - stained[..., 1].astype(kind) * (top // 255)
    tifffile.imwrite(tmp_path / "s.tif", dark, photometric="miniswhite")
    assert_shows(tmp_path / "s.tif", [TISSUE[1]] * 3)


@pytest.mark.parametrize("photometric", ["minisblack", "miniswhite"])
def test_black_and_white_are_shown(tmp_path, stained, photometric):
    bright = stained[..., 1] > 100
    stored = bright if photometric == "minisblack" else ~bright
    tifffile.imwrite(tmp_path / "s.tif", stored, photometric=photometric)
    assert_shows(tmp_path / "s.tif", [0] * 3)


def test_grey_of_four_bits_reaches_white(tmp_path):
    grey = np.full((64, 80), 15, np.uint8)
    grey[WITHIN] = 4
    in_pairs = grey[:, ::2] << 4 | grey[:, 1::2]
    tifffile.imwrite(tmp_path / "s.tif", in_pairs, photometric="minisblack")
    with tifffile.TiffFile(tmp_path / "s.tif", mode="r+b") as file:
        file.pages[0].tags["BitsPerSample"].overwrite(4)
        file.pages[0].tags["ImageWidth"].overwrite(80)
    assert_shows(tmp_path / "s.tif", [4 * 17] * 3)


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
@pytest.mark.parametrize("n_colours", [1, 3])
@pytest.mark.parametrize("planar", ["contig", "separate"])
def test_what_is_transparent_is_white(tmp_path, stained, kind, n_colours, planar):
    """Half of the tissue's stain is that of the slide where it is half transparent."""
    top = np.iinfo(kind).max
    layered = np.zeros((64, 80, n_colours + 1), kind)
    layered[WITHIN] = [*TISSUE[:n_colours], 255]
    layered[24:32, 32:40, -1] = 51
    layered = layered * (top // 255)
    axes = layered if planar == "contig" else np.moveaxis(layered, -1, 0)
    tifffile.imwrite(
        tmp_path / "s.tif",
        np.ascontiguousarray(axes),
        photometric="rgb" if n_colours == 3 else "minisblack",
        planarconfig=planar,
        extrasamples=["unassalpha"],
    )
    colour = np.array(TISSUE if n_colours == 3 else [TISSUE[0]] * 3)
    for found in all_sizes(tmp_path / "s.tif"):
        step = 64 // len(found)
        assert (found[0, 0] == 255).all()
        assert (found[28 // step, 28 // step] == colour).all()
        assert (found[28 // step, 36 // step] == 255 - (255 - colour) // 5).all()


def test_colours_may_be_darkened_by_their_transparency_already(tmp_path):
    layered = np.zeros((64, 80, 4), np.uint8)
    layered[WITHIN] = (30, 12, 32, 51)
    tifffile.imwrite(
        tmp_path / "s.tif", layered, photometric="rgb", extrasamples=["assocalpha"]
    )
    assert_shows(tmp_path / "s.tif", np.array([30, 12, 32]) + 204)


def test_a_palette_may_have_transparency(tmp_path, stained):
    written = Image.fromarray(stained).quantize(4).convert("PA")
    written.save(tmp_path / "s.tif")
    assert_shows(tmp_path / "s.tif", pixel(written))


def test_a_fourth_sample_of_no_meaning_is_left_out(tmp_path, stained):
    samples = np.dstack([stained, np.zeros((64, 80), np.uint8)])
    tifffile.imwrite(
        tmp_path / "s.tif", samples, photometric="rgb", extrasamples=["unspecified"]
    )
    assert_shows(tmp_path / "s.tif", TISSUE)


@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("n_channels", [2, 5])
@pytest.mark.parametrize("axes", ["CYX", "YXS"])
def test_channels_of_fluorescence_stay_as_they_are(tmp_path, kind, n_channels, axes):
    light = np.full((n_channels, 64, 80), 1, kind)
    light[0][WITHIN] = 200
    light[1:] = 9
    stored = light if axes == "CYX" else np.moveaxis(light, 0, -1)
    tifffile.imwrite(
        tmp_path / "s.ome.tif",
        np.ascontiguousarray(stored),
        photometric="minisblack",
        planarconfig=None if axes == "CYX" else "contig",
        metadata={"axes": axes},
    )
    found = read_picture(tmp_path / "s.ome.tif")
    assert found.modality is Modality.FLUORESCENCE
    white = 255 if kind is np.uint8 else 200
    expected = np.rint(light[0] * (255 / white)).astype(np.uint8)
    np.testing.assert_array_equal(found.data, np.repeat(expected[..., None], 3, axis=2))


@pytest.mark.parametrize(
    ("photometric", "kind", "n_samples", "said"),
    [
        ("icclab", np.uint8, 3, "ICCLAB"),
        ("cfa", np.uint8, 1, "CFA"),
        ("separated", np.float32, 4, "SEPARATED"),
        ("separated", np.uint8, 6, "SEPARATED"),
    ],
)
def test_other_colours_are_refused_by_name(
    tmp_path, photometric, kind, n_samples, said
):
    samples = np.ones((64, 80, n_samples)[: 2 + (n_samples > 1)], kind)
    tifffile.imwrite(tmp_path / "s.tif", samples, photometric="minisblack")
    with tifffile.TiffFile(tmp_path / "s.tif", mode="r+b") as file:
        tag = file.pages[0].tags["PhotometricInterpretation"]
        tag.overwrite(int(tifffile.PHOTOMETRIC[photometric.upper()]))
    with pytest.raises(ReadError, match=rf"s\.tif.*{said}.*save it as RGB"):
        read_picture(tmp_path / "s.tif")
