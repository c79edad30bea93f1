"""Known spots lie on known pixels, whatever picture they are laid on."""

from __future__ import annotations

import json
import tracemalloc
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tifffile
from PIL import Image

from napari_stentrans.errors import InvalidRequestError, ReadError
from napari_stentrans.gui.canvas.layers import image_layer
from napari_stentrans.io import read_section
from napari_stentrans.io.given_picture import with_picture
from napari_stentrans.io.pictures import large, tiff
from napari_stentrans.io.pictures.large import read_picture
from napari_stentrans.io.regions.pictures import labels_of_sites
from napari_stentrans.section.alignment import Alignment
from napari_stentrans.section.lattice import Lattice, LatticeKind
from napari_stentrans.section.sites import PaintSites

FULL = (2400, 3200)
SPOTS_XY = np.array([[400.0, 400], [1600, 400], [2800, 400], [400, 2000], [2800, 2000]])
COLOURS = np.array(
    [[250, 10, 10], [10, 250, 10], [10, 10, 250], [250, 250, 10], [10, 250, 250]]
)
RADIUS = 100


@pytest.mark.parametrize(
    ("kind", "step"), [(np.uint8, 3), (np.uint16, 300), (np.uint32, 2), (np.int16, 2)]
)
def test_means_of_bright_pixels_do_not_run_over(kind, step):
    brightest = np.iinfo(kind).max
    band = np.full((2 * step, step + 1, 1), brightest, kind)
    mean = tiff._mean_of(band, step)
    assert mean.shape == (2, 2, 1)
    assert (mean == brightest).all()


@pytest.fixture(scope="module")
def slide() -> np.ndarray:
    """White glass with a square of its own colour at each spot."""
    picture = np.full((*FULL, 3), 240, dtype=np.uint8)
    for (x, y), colour in zip(SPOTS_XY.astype(int), COLOURS, strict=True):
        picture[y - RADIUS : y + RADIUS, x - RADIUS : x + RADIUS] = colour
    return picture


@pytest.fixture
def section(bare_section):
    array_rc = SPOTS_XY[:, ::-1] / 400
    return bare_section(array_rc, Lattice(LatticeKind.SQUARE), SPOTS_XY)


def write_ome_pyramid(path, slide, **options):
    with tifffile.TiffWriter(path, ome=True, bigtiff=True) as file:
        how = {"photometric": "rgb", "tile": (256, 256)} | options
        file.write(slide, subifds=3, metadata={"axes": "YXS"}, **how)
        for step in (2, 4, 8):
            file.write(slide[::step, ::step], subfiletype=1, **how)


def write_planar_ome(path, slide):
    planes = np.moveaxis(slide, -1, 0)
    tifffile.imwrite(path, planes, ome=True, metadata={"axes": "CYX"})


WRITERS = {
    "OME pyramid": ("s.ome.tif", write_ome_pyramid),
    "compressed pyramid": (
        "s.ome.tif",
        lambda path, slide: write_ome_pyramid(path, slide, compression="zlib"),
    ),
    "plain tif": ("s.tif", tifffile.imwrite),
    "BigTIFF in tiles": (
        "s.btf",
        lambda path, slide: tifffile.imwrite(
            path, slide, bigtiff=True, tile=(512, 512), compression="zlib"
        ),
    ),
    "strips": (
        "s.tif",
        lambda path, slide: tifffile.imwrite(
            path, slide, rowsperstrip=16, compression="zlib"
        ),
    ),
    "channels one after the other": ("s.ome.tif", write_planar_ome),
    "sixteen bits": (
        "s.tif",
        lambda path, slide: tifffile.imwrite(
            path, slide.astype(np.uint16) * 257, photometric="rgb"
        ),
    ),
    "png": ("s.png", lambda path, slide: Image.fromarray(slide).save(path)),
    "jpg": (
        "s.jpg",
        lambda path, slide: Image.fromarray(slide).save(path, quality=95),
    ),
}


def assert_aligned(section) -> None:
    """The colour of each spot is under it: by scale, in the model, in napari's world.

    napari takes pixel i of a level to cover so many of the largest as the sizes say.
    """
    image = section.image
    by_scale = np.floor(section.pixel_xy[:, ::-1] * image.scale).astype(int)
    in_model = np.rint(image.pixels_at(section.pixel_xy)).astype(int)
    for at in (by_scale, in_model):
        assert_on_colours(image.data, at, image.scale)
    levels, options, _ = image_layer(section)
    levels = [levels] if image.full is None else levels
    world = np.column_stack([section.pixel_xy[:, ::-1], np.ones(section.n_spots)])
    in_full = (world @ np.linalg.inv(options["affine"]).T)[:, :2]
    for level in levels:
        step = np.divide(levels[0].shape[:2], level.shape[:2])
        assert (step == np.rint(step)).all()
        at = np.floor((in_full + 0.5) / step).astype(int)
        full = image.scale * (1 if image.full is None else image.full.factors[-1])
        assert_on_colours(np.asarray(level), at, full / step[0])


def assert_on_colours(data, at, scale) -> None:
    reach = max(int(RADIUS * scale) - 2, 0)
    for corner in (-reach, reach - 1 if reach else 0):
        row, col = (at + corner).T
        assert np.abs(data[row, col].astype(int) - COLOURS).max() <= 25
    row, col = (at + int(RADIUS * scale) + 3).T
    assert (data[row, col] > 220).all()


@pytest.mark.parametrize("longest_side", [4096, 800, 333])
@pytest.mark.parametrize("kind", WRITERS)
def test_spots_lie_on_their_colours(
    tmp_path, slide, section, monkeypatch, kind, longest_side
):
    name, write = WRITERS[kind]
    write(tmp_path / name, slide)
    image = read_picture(tmp_path / name, longest_side)
    if kind in ("png", "jpg"):
        assert max(image.data.shape) <= 4096
    else:
        assert max(image.data.shape) <= longest_side

    lazy = longest_side < max(FULL) and kind not in ("png", "jpg")
    assert (image.full is not None) == lazy
    assert_aligned(replace(section, image=image))


@pytest.mark.parametrize("shape", [(2417, 3251), (1203, 1799)])
def test_sizes_that_are_no_multiples_lie_on_one_another(tmp_path, shape):
    """A ramp of grey tells of every pixel where it comes from."""
    ramp = np.add.outer(np.arange(shape[0]), np.arange(shape[1])).astype(np.uint16)
    tifffile.imwrite(tmp_path / "s.tif", ramp, tile=(64, 64), compression="zlib")
    full = read_picture(tmp_path / "s.tif", 300).full
    assert full.shape == shape
    per_grey = full.white / 255
    with full.opened() as reader:
        for factor in full.factors:
            n_rows, n_cols = (size // factor for size in shape)
            rows, cols = slice(n_rows - 5, n_rows), slice(n_cols - 9, n_cols)
            found = reader.read(factor, rows, cols)[..., 0] * per_grey
            middle = [
                np.arange(s.start, s.stop) * factor + (factor - 1) / 2
                for s in (rows, cols)
            ]
            wanted = np.minimum(np.add.outer(*middle), full.white)
            assert np.abs(found - wanted).max() <= per_grey


def open_handles(path):
    folder = Path("/proc/self/fd")
    if not folder.is_dir():
        pytest.skip("open files are not listed here")
    found = [fd.resolve() for fd in folder.iterdir() if fd.exists()]
    return found.count(path.resolve())


@pytest.mark.parametrize("kind", ["OME pyramid", "compressed pyramid", "plain tif"])
def test_no_file_stays_open(tmp_path, slide, kind):
    name, write = WRITERS[kind]
    write(tmp_path / name, slide)
    image = read_picture(tmp_path / name, 800)
    assert open_handles(tmp_path / name) == 0
    with image.full.opened() as reader:
        reader.read(1, slice(0, 9), slice(0, 9))
        assert open_handles(tmp_path / name) > 0
    assert open_handles(tmp_path / name) == 0


def test_a_file_that_is_gone_or_another_one_is_said(tmp_path, slide):
    path = tmp_path / "s.ome.tif"
    write_ome_pyramid(path, slide)
    full = read_picture(path, 800).full
    tifffile.imwrite(path, slide[:100, :100])
    with pytest.raises(ReadError, match=r"s\.ome\.tif was changed"), full.opened():
        pass
    path.unlink()
    with pytest.raises(ReadError, match="cannot be found any more"), full.opened():
        pass


def test_only_the_broken_tile_is_lost(tmp_path, slide):
    path = tmp_path / "s.ome.tif"
    write_ome_pyramid(path, slide, compression="zlib")
    with tifffile.TiffFile(path) as file:
        begins, length = (
            file.pages[0].dataoffsets[0],
            file.pages[0].databytecounts[0],
        )
    raw = bytearray(path.read_bytes())
    raw[begins : begins + length] = b"\xff" * length
    path.write_bytes(raw)
    full = read_picture(path, 800).full
    with full.opened() as reader:
        with pytest.raises(ReadError, match=r"a part of the picture s\.ome\.tif"):
            reader.read(1, slice(0, 9), slice(0, 9))
        found = reader.read(1, slice(300, 309), slice(300, 309))
    np.testing.assert_array_equal(found, slide[300:309, 300:309])


@pytest.mark.parametrize("seed", range(25))
def test_wrong_bits_give_a_picture_or_a_clear_error(tmp_path, slide, seed):
    """Among them sizes of billions of pixels, and tiles that lie elsewhere."""
    path = tmp_path / "s.ome.tif"
    write_ome_pyramid(path, slide[:640, :900], compression="zlib")
    rng, raw = np.random.default_rng(seed), bytearray(path.read_bytes())
    heads = np.flatnonzero(np.frombuffer(bytes(raw), np.uint8) < 5)
    for at in rng.choice(heads if seed % 2 else len(raw), 40):
        raw[at] = rng.integers(256)
    path.write_bytes(raw)
    assert said_by(path) in ("", path.name)


def said_by(path):
    """Read all sizes; return the name in the error, if there is one of ours."""
    try:
        full = read_picture(path, 300).full
        with nullcontext() if full is None else full.opened() as reader:
            for factor in () if full is None else full.factors:
                reader.read(factor, slice(0, 100), slice(0, 100))
    except ReadError as error:
        return path.name if path.name in str(error) else str(error)
    return ""


def test_a_size_that_no_file_holds_is_refused(tmp_path, slide):
    path = tmp_path / "s.tif"
    tifffile.imwrite(path, slide[:512, :512], tile=(256, 256), compression="zlib")
    with tifffile.TiffFile(path, mode="r+b") as file:
        file.pages[0].tags["ImageLength"].overwrite(2_000_000_000)
    with pytest.raises(ReadError, match="cut off or damaged"):
        read_picture(path)


def test_what_is_packed_in_one_piece_is_shown_reduced(tmp_path, slide, monkeypatch):
    monkeypatch.setattr(tiff, "_LARGEST_PIECE", 1 << 20)
    tifffile.imwrite(tmp_path / "s.tif", slide, compression="zlib", rowsperstrip=2400)
    image = read_picture(tmp_path / "s.tif", 800)
    assert image.full is None
    assert image.data.shape == (600, 800, 3)


@pytest.mark.parametrize(("dark", "kind"), [(True, "fluorescence"), (False, "bright")])
@pytest.mark.parametrize("name", ["s.tif", "s.png", "s.jpg", "rgb.tif"])
def test_a_dark_picture_without_colours_is_fluorescence(tmp_path, name, dark, kind):
    grey = np.full((50, 50), 1 if dark else 240, np.uint8)
    grey[10:20, 10:20] = 120
    shown = np.repeat(grey[..., None], 3, axis=2) if "rgb" in name else grey
    if name.endswith(".tif"):
        tifffile.imwrite(tmp_path / name, shown)
    else:
        Image.fromarray(shown).save(tmp_path / name)
    assert str(read_picture(tmp_path / name).modality).startswith(kind)


@pytest.mark.parametrize("name", ["s.tif", "s.png"])
def test_a_dark_picture_in_colours_is_bright_field(tmp_path, name):
    colours = np.zeros((50, 50, 3), np.uint8)
    colours[10:20, 10:20] = (200, 120, 180)
    Image.fromarray(colours).save(tmp_path / name)
    assert str(read_picture(tmp_path / name).modality) == "bright-field"


def test_a_pyramid_is_read_at_a_small_level(tmp_path, slide, monkeypatch):
    write_ome_pyramid(tmp_path / "s.ome.tif", slide)
    asked = []
    monkeypatch.setattr(
        large,
        "averaged",
        lambda level, step, *_: asked.append((level.size, step)) or np.zeros((1, 1, 3)),
    )

    read_picture(tmp_path / "s.ome.tif", 800)

    assert asked == [((600, 800), 1)]


def test_memory_stays_bounded_without_a_pyramid(tmp_path, monkeypatch):
    rows, cols = 6_000, 3_000
    picture = tifffile.memmap(
        tmp_path / "s.tif", shape=(rows, cols, 3), dtype=np.uint8, photometric="rgb"
    )
    picture[3000:3100, 1500:1600] = 200
    del picture
    monkeypatch.setattr(tiff, "BAND_BYTES", 1 << 22)

    tracemalloc.start()
    image = read_picture(tmp_path / "s.tif", 1000)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < rows * cols * 3 / 4
    assert image.data.shape == (1000, 500, 3)
    assert (image.data[501:515, 251:265] == 200).all()


def test_squares_over_the_edge_have_their_own_mean(tmp_path):
    picture = np.zeros((5, 7, 3), dtype=np.uint8)
    picture[:, 6] = 90
    picture[4] = 30
    tifffile.imwrite(tmp_path / "s.tif", picture)

    image = read_picture(tmp_path / "s.tif", 4)

    assert image.scale == 0.5
    assert image.data.shape == (3, 4, 3)
    assert (image.data[2] == 30).all()
    assert (image.data[:2, 3] == 90).all()


@pytest.fixture
def space_ranger_folder(tmp_path, slide):
    """Four spots of a Visium section, whose hires picture is the slide at a quarter."""
    from scipy import io as scipy_io
    from scipy import sparse

    outs = tmp_path / "outs"
    (outs / "spatial").mkdir(parents=True)
    (outs / "filtered_feature_bc_matrix").mkdir()
    barcodes = [f"SPOT{k}-1" for k in range(5)]
    matrix = outs / "filtered_feature_bc_matrix"
    scipy_io.mmwrite(matrix / "matrix.mtx", sparse.csc_matrix(np.ones((1, 5), int)))
    (matrix / "features.tsv").write_text("ENSG1\tA\tGene Expression\n")
    (matrix / "barcodes.tsv").write_text("\n".join(barcodes) + "\n")
    pd.DataFrame(
        {
            "barcode": barcodes,
            "in_tissue": 1,
            "array_row": [0, 0, 0, 2, 2],
            "array_col": [0, 2, 4, 0, 4],
            "pxl_row_in_fullres": SPOTS_XY[:, 1],
            "pxl_col_in_fullres": SPOTS_XY[:, 0],
        }
    ).to_csv(outs / "spatial" / "tissue_positions.csv", index=False)
    small = Image.fromarray(slide).reduce(4)
    small.save(outs / "spatial" / "tissue_hires_image.png")
    factors = {"tissue_hires_scalef": 0.25, "spot_diameter_fullres": 150.0}
    (outs / "spatial" / "scalefactors_json.json").write_text(json.dumps(factors))
    return outs


def test_a_hires_picture_is_aligned(space_ranger_folder):
    assert_aligned(read_section(space_ranger_folder))


@pytest.mark.parametrize("shrunk", [1, 3])
def test_the_full_picture_replaces_hires_whatever_its_size(
    space_ranger_folder, tmp_path, slide, shrunk
):
    picture = np.asarray(Image.fromarray(slide).reduce(shrunk))
    tifffile.imwrite(tmp_path / "full.tif", picture)

    section = read_section(space_ranger_folder, image=tmp_path / "full.tif")

    assert section.image.data.shape[1] == -(-FULL[1] // shrunk)
    assert_aligned(section)


def test_without_pixel_positions_no_picture_can_be_laid(bare_section, tmp_path, slide):
    Image.fromarray(slide[:10, :10]).save(tmp_path / "s.png")
    section = bare_section([[0, 0], [0, 1]], Lattice(LatticeKind.SQUARE))

    with pytest.raises(InvalidRequestError, match="no pixel positions"):
        with_picture(section, tmp_path / "s.png")


def test_a_picture_of_something_else_is_noted(tmp_path, section, slide):
    Image.fromarray(slide[:500, :500]).save(tmp_path / "s.png")

    found = with_picture(section, tmp_path / "s.png")

    assert any("outside" in note for note in found.notes)

    Image.fromarray(slide).save(tmp_path / "right.png")
    found = with_picture(replace(found, pixel_xy=SPOTS_XY), tmp_path / "right.png")
    assert not any("outside" in note for note in found.notes)


@pytest.mark.parametrize("content", [b"", b"II*\0" + b"\1" * 60, b"words", b"\x89PNG"])
def test_what_is_no_picture_is_said(tmp_path, content):
    (tmp_path / "s.tif").write_bytes(content)

    with pytest.raises(ReadError, match=r"s\.tif"):
        read_picture(tmp_path / "s.tif")


def test_a_truncated_picture_is_said(tmp_path, slide):
    tifffile.imwrite(tmp_path / "s.tif", slide[:200, :200], compression="zlib")
    whole = (tmp_path / "s.tif").read_bytes()
    (tmp_path / "s.tif").write_bytes(whole[: len(whole) // 2])

    with pytest.raises(ReadError, match=r"s\.tif"):
        read_picture(tmp_path / "s.tif")


@pytest.mark.parametrize("size", ["full", "copy"])
@pytest.mark.parametrize(("turn", "to"), [(0.0, (2800, 400)), (90.0, (2400, 2400))])
def test_a_mask_is_read_where_it_was_drawn(tmp_path, slide, section, size, turn, to):
    """A square drawn around a spot, on a picture turned about its middle or not."""
    write_ome_pyramid(tmp_path / "s.ome.tif", slide)
    image = read_picture(tmp_path / "s.ome.tif", 800).aligned(Alignment(turn=turn))
    drawn = (slide == COLOURS[2]).all(axis=-1).astype(np.int64)
    step = 1 if size == "full" else image.full.factors[-1]
    sites = PaintSites.of(replace(section, image=image))

    found = labels_of_sites(drawn[::step, ::step], sites, tmp_path / "mask.png")

    within = (np.abs(sites.pixel_xy - to) < RADIUS).all(axis=1)
    assert within.any()
    np.testing.assert_array_equal(found, within)
