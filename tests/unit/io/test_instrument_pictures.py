"""Pictures of Xenium, MERSCOPE and segmented Visium HD: known cells on known pixels."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import h5py
import numpy as np
import pandas as pd
import pytest
import tifffile
from PIL import Image
from scipy import sparse

from napari_stentrans.errors import ReadError, StEnTransError
from napari_stentrans.gui.canvas.layers import image_layer
from napari_stentrans.io import given_picture, read_section
from napari_stentrans.io.given_picture import with_picture
from napari_stentrans.io.pictures import laid, large
from napari_stentrans.section.image import Modality

SHAPE = (600, 800)
MARKS_RC = np.array([[100, 150], [100, 650], [400, 150], [500, 700]])
"""Middles of marks of the picture, in its pixels."""
HALF = 20
PIXEL_UM = 0.5


def marked(dtype=np.uint16, background=20, channels=0):
    """A picture with a mark of its own brightness at each place."""
    grey = np.full(SHAPE, background, dtype)
    for number, (row, col) in enumerate(MARKS_RC):
        area = slice(row - HALF, row + HALF), slice(col - HALF, col + HALF)
        grey[area] = 240 - 40 * number
    return np.repeat(grey[..., None], channels, axis=-1) if channels else grey


def write_counts(path, names):
    counts = sparse.csr_matrix(np.arange(1, 2 * len(names) + 1).reshape(-1, 2))
    with h5py.File(path, "w") as file:
        group = file.create_group("matrix")
        group["barcodes"] = np.array(names, dtype="S")
        group["data"], group["indices"] = counts.data, counts.indices
        group["indptr"], group["shape"] = counts.indptr, np.array([2, len(names)])
        group["features/id"] = np.array(["E0", "E1"], dtype="S")
        group["features/name"] = np.array(["A", "B"], dtype="S")
        kind = np.array(["Gene Expression"] * 2, dtype="S")
        group["features/feature_type"] = kind


def write_xenium(folder, xy):
    names = [f"cell{k}" for k in range(len(xy))]
    write_counts(folder / "cell_feature_matrix.h5", names)
    rows = {"cell_id": names, "x_centroid": xy[:, 0], "y_centroid": xy[:, 1]}
    pd.DataFrame(rows).to_csv(folder / "cells.csv.gz", index=False)
    manifest = {"pixel_size": PIXEL_UM, "run_name": "made"}
    (folder / "experiment.xenium").write_text(json.dumps(manifest))


def write_pyramid(path, picture, **options):
    """Like the instruments': tiles, and copies of half the size each."""
    how = {"tile": (128, 128), "compression": "zlib"} | options
    with tifffile.TiffWriter(path, ome=True, bigtiff=True) as file:
        file.write(picture, subifds=2, **how)
        for step in (2, 4):
            small = picture[..., ::step, ::step] if picture.ndim == 2 else picture
            if picture.ndim == 3:
                small = picture[::step, ::step]
            file.write(small, subfiletype=1, **how)


def assert_on_marks(section):
    """The mark of each cell is under it: in the model's copy and in every level."""
    image, xy = section.image, section.pixel_xy
    assert_brightness(image.data, np.rint(image.pixels_at(xy)).astype(int))
    levels, options, _ = image_layer(section)
    levels = [levels] if image.full is None else levels
    world = np.column_stack([xy[:, ::-1], np.ones(len(xy))])
    at = (world @ np.linalg.inv(options["affine"]).T)[:, :2]
    for level in levels:
        step = levels[0].shape[0] / level.shape[0]
        found = np.floor((at + 0.5) / step).astype(int)
        assert_brightness(np.asarray(level), found)


def assert_brightness(data, at):
    brightness = data[at[:, 0], at[:, 1], 0].astype(float)
    np.testing.assert_allclose(brightness / brightness[0], [1, 5 / 6, 4 / 6, 0.5], 0.03)


@pytest.fixture(params=[4096, 300], ids=["small", "lazy"])
def longest_side(request, monkeypatch):
    real = large.read_picture
    for module in (large, laid, given_picture):
        monkeypatch.setattr(module, "read_picture", lambda p: real(p, request.param))
    return request.param


@pytest.mark.parametrize(
    "name",
    [
        "morphology_focus/morphology_focus_0000.ome.tif",
        "morphology_focus/ch0000_dapi.ome.tif",
        "morphology_focus.ome.tif",
        "morphology_mip.ome.tif",
    ],
)
def test_dapi_of_xenium_lies_under_the_cells(tmp_path, longest_side, name):
    xy = MARKS_RC[:, ::-1] * PIXEL_UM
    write_xenium(tmp_path, xy)
    (tmp_path / name).parent.mkdir(exist_ok=True)
    write_pyramid(tmp_path / name, marked())
    section = read_section(tmp_path)
    assert section.image.modality is Modality.FLUORESCENCE
    assert (section.image.full is not None) == (longest_side == 300)
    np.testing.assert_allclose(section.pixel_xy, xy)
    assert_on_marks(section)
    assert str(tmp_path / name) in section.inputs
    again = with_picture(replace(section, image=None), tmp_path / name)
    assert_on_marks(again)


def test_of_a_stack_the_middle_plane_is_shown(tmp_path):
    write_xenium(tmp_path, MARKS_RC[:, ::-1] * PIXEL_UM)
    stack = np.stack([marked() * 0, marked(), marked() * 0])
    path = tmp_path / "morphology.ome.tif"
    tifffile.imwrite(path, stack, ome=True, metadata={"axes": "ZYX"}, tile=(64, 64))
    assert_on_marks(read_section(tmp_path))


TURNED = np.array([[0.02, 1.3, 40.0], [-1.3, 0.02, 900.0], [0, 0, 1]])
"""H&E pixels to morphology pixels: a quarter turn, as slides are often laid."""


def write_stained(folder, matrix=TURNED):
    write_pyramid(
        folder / "made_he_image.ome.tif",
        marked(np.uint8, 250, 3),
        photometric="rgb",
    )
    text = "\n".join(",".join(map(str, row)) for row in matrix)
    (folder / "made_he_imagealignment.csv").write_text(text)


def cells_on_stained():
    pixel = np.column_stack([MARKS_RC[:, ::-1], np.ones(len(MARKS_RC))])
    return (pixel @ TURNED.T)[:, :2] * PIXEL_UM


def test_a_stained_picture_of_xenium_lies_where_its_matrix_says(tmp_path, longest_side):
    write_xenium(tmp_path, cells_on_stained())
    write_stained(tmp_path)
    write_pyramid(tmp_path / "morphology_focus.ome.tif", marked())
    section = read_section(tmp_path)
    assert section.image.modality is Modality.BRIGHT_FIELD
    assert_on_marks(section)
    stained = {str(file) for file in tmp_path.glob("made_he_image*")}
    assert stained < set(section.inputs)
    moved = section.image.alignment.turned(90)
    there = section.image.aligned(moved).aligned(section.image.alignment)
    assert_on_marks(replace(section, image=there))


def test_a_stained_picture_from_elsewhere_is_laid_too(tmp_path, longest_side):
    (tmp_path / "out").mkdir()
    write_xenium(tmp_path / "out", cells_on_stained())
    write_stained(tmp_path)
    picture = tmp_path / "made_he_image.ome.tif"
    assert_on_marks(read_section(tmp_path / "out", image=picture))


def test_a_laid_picture_is_redrawn_for_programs_that_know_no_matrix(tmp_path):
    write_xenium(tmp_path, cells_on_stained())
    write_stained(tmp_path)
    section = read_section(tmp_path)
    straight = section.image.straightened(section.pixel_xy)
    assert straight.laid is None
    assert_brightness(
        straight.data, np.rint(straight.pixels_at(section.pixel_xy)).astype(int)
    )


@pytest.mark.parametrize(
    "text",
    ["", "1,0\n0,1\n", "a,b,c\n" * 3, "1,0,0\n1,0,0\n0,0,1", "1 0 nan\n0 1 0\n0 0 1"],
)
def test_a_damaged_matrix_is_noted_and_the_cells_are_read(tmp_path, text):
    write_xenium(tmp_path, cells_on_stained())
    write_stained(tmp_path)
    (tmp_path / "made_he_imagealignment.csv").write_text(text)
    section = read_section(tmp_path)
    assert section.image is None
    assert any(
        "which is not shown: made_he_imagealignment.csv" in n or "matrix" in n
        for n in section.notes
    )
    with pytest.raises(ReadError, match="matrix"):
        with_picture(section, tmp_path / "made_he_image.ome.tif")


def test_a_damaged_picture_is_noted_and_the_cells_are_read(tmp_path):
    write_xenium(tmp_path, MARKS_RC[:, ::-1] * PIXEL_UM)
    path = tmp_path / "morphology_focus.ome.tif"
    write_pyramid(path, marked())
    whole = path.read_bytes()
    for share in (0.0, 0.01, 0.3, 0.9, 0.999):
        path.write_bytes(whole[: int(len(whole) * share)])
        section = read_section(tmp_path)
        assert section.n_spots == len(MARKS_RC)
        told = " ".join(section.notes)
        assert section.image is not None or "not shown" in told
    for seed in range(5):
        rng, raw = np.random.default_rng(seed), bytearray(whole)
        for at in rng.integers(0, min(len(raw), 4000), 20):
            raw[at] = rng.integers(256)
        path.write_bytes(raw)
        assert read_section(tmp_path).n_spots == len(MARKS_RC)


MOSAIC = np.array([[2.0, 0, 30], [0, 2.0, -60], [0, 0, 1]])
"""Positions in µm to pixels."""


def write_merscope(folder):
    pixel = np.column_stack([MARKS_RC[:, ::-1], np.ones(len(MARKS_RC))])
    xy = (pixel @ np.linalg.inv(MOSAIC).T)[:, :2]
    names = [f"{k}" for k in range(len(xy))]
    counts = pd.DataFrame({"A": [1, 2, 3, 4], "B": [1, 1, 1, 1]}, names)
    counts.rename_axis("cell").to_csv(folder / "cell_by_gene.csv")
    rows = {"EntityID": names, "center_x": xy[:, 0], "center_y": xy[:, 1]}
    pd.DataFrame(rows).to_csv(folder / "cell_metadata.csv", index=False)
    images = folder / "images"
    images.mkdir()
    np.savetxt(images / "micron_to_mosaic_pixel_transform.csv", MOSAIC)
    return images


@pytest.mark.parametrize("tiles", [{}, {"tile": (128, 128), "compression": "zlib"}])
def test_the_mosaic_of_merscope_lies_under_the_cells(tmp_path, longest_side, tiles):
    images = write_merscope(tmp_path)
    for stain, plane in (("DAPI", 0), ("DAPI", 3), ("DAPI", 6), ("PolyT", 3)):
        shown = marked() if (stain, plane) == ("DAPI", 3) else marked() * 0
        tifffile.imwrite(images / f"mosaic_{stain}_z{plane}.tif", shown, **tiles)
    section = read_section(tmp_path)
    assert section.image.name == "mosaic_DAPI_z3"
    assert section.image.modality is Modality.FLUORESCENCE
    assert_on_marks(section)
    chosen = with_picture(section, images / "mosaic_DAPI_z3.tif")
    assert_on_marks(chosen)


def test_a_mosaic_that_takes_minutes_is_only_read_when_asked_for(tmp_path, monkeypatch):
    images = write_merscope(tmp_path)
    tifffile.imwrite(images / "mosaic_DAPI_z3.tif", marked())
    monkeypatch.setattr(laid, "_QUICK_BYTES", 1000)
    section = read_section(tmp_path)
    assert section.image is None
    assert any("takes minutes" in note for note in section.notes)
    asked = read_section(tmp_path, image=images / "mosaic_DAPI_z3.tif")
    assert_on_marks(asked)


def write_segmented(folder, outlines, ids=None):
    ids = range(1, len(outlines) + 1) if ids is None else ids
    cells = folder / "segmented_outputs"
    (cells / "spatial").mkdir(parents=True)
    names = [f"cellid_{k:09d}-1" for k in range(1, len(outlines) + 1)]
    write_counts(cells / "filtered_feature_cell_matrix.h5", names)
    features = [
        {"type": "Feature", "geometry": one, "properties": {"cell_id": k}}
        for k, one in zip(ids, outlines, strict=True)
    ]
    made = {"type": "FeatureCollection", "features": features}
    (cells / "cell_segmentations.geojson").write_text(json.dumps(made, indent=1))
    factors = {"tissue_hires_scalef": 0.25, "microns_per_pixel": 0.25}
    (cells / "spatial" / "scalefactors_json.json").write_text(json.dumps(factors))
    return cells


def polygon(*corners, hole=None):
    rings = [[*map(list, corners), list(corners[0])]]
    return {"type": "Polygon", "coordinates": rings + ([hole] if hole else [])}


def squares():
    made = []
    for row, col in (MARKS_RC * 4).tolist():
        around = [(col - 8, row - 8), (col + 8, row - 8), (col + 8, row + 8)]
        made.append(polygon(*around, (col - 8, row + 8)))
    return made


def test_segmented_cells_lie_on_their_picture(tmp_path):
    cells = write_segmented(tmp_path, squares())
    grey = Image.fromarray(marked(np.uint8, 250, 3))
    grey.save(cells / "spatial" / "tissue_hires_image.png")
    section = read_section(cells)
    np.testing.assert_allclose(section.pixel_xy, MARKS_RC[:, ::-1] * 4)
    np.testing.assert_allclose(section.obs["area_um2"], (16 * 0.25) ** 2)
    assert section.image.name == "hires"
    assert_on_marks(section)
    assert section.name not in ("segmented_outputs", "section")
    for part in ("cell_segmentations.geojson", "filtered_feature_cell_matrix.h5"):
        assert read_section(cells / part).fingerprint == section.fingerprint
    assert read_section(tmp_path).fingerprint == section.fingerprint


def test_segmented_cells_are_binned_in_micrometres(tmp_path):
    cells = write_segmented(tmp_path, squares())
    section = read_section(cells, pitch=100)  # 400 pixels
    wanted = {tuple(np.floor(xy * 4 / 400)) for xy in MARKS_RC[:, ::-1]}
    assert {tuple(np.floor(xy / 400)) for xy in section.pixel_xy} == wanted
    assert section.spot_diameter == 400
    assert section.counts.sum() == np.arange(1, 9).sum()


def test_the_middle_of_an_outline_is_that_of_its_area(tmp_path):
    ell = polygon((0, 0), (4, 0), (4, 1), (1, 1), (1, 4), (0, 4))
    half = polygon((10, 10), (12, 10), (12, 12), (10, 12))["coordinates"]
    larger = polygon((20, 20), (24, 20), (24, 24), (20, 24))["coordinates"]
    several = {"type": "MultiPolygon", "coordinates": [half, larger]}
    line = polygon((30, 30), (32, 30), (34, 30))
    point = polygon((7, 9))
    section = read_section(write_segmented(tmp_path, [ell, several, line, point]))
    # the L: squares of 4 x 1 and 1 x 3
    of_ell = (4 * np.array([2, 0.5]) + 3 * np.array([0.5, 2.5])) / 7
    np.testing.assert_allclose(section.pixel_xy, [of_ell, (22, 22), (31.5, 30), (7, 9)])


def test_bins_are_read_unless_cells_are_asked_for(tmp_path, monkeypatch):
    from napari_stentrans.io.formats.space_ranger import cells as hd_cells

    cells = write_segmented(tmp_path, squares())
    (tmp_path / "binned_outputs" / "square_008um").mkdir(parents=True)
    assert not hd_cells.sniff(tmp_path)
    assert hd_cells.sniff(cells)
    bins = tmp_path / "binned_outputs" / "square_008um"
    assert hd_cells.cells_beside(bins) == cells


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (lambda text: text[: len(text) // 2], "cut off or damaged"),
        (lambda text: "{}", "no GeoJSON"),
        (lambda text: '{"features": []}', "no outline"),
        (lambda text: text.replace("Polygon", "Point"), "feature 1 is no outline"),
        (lambda text: text.replace("cell_id", "colour"), "feature 1 is no outline"),
        (lambda text: text.replace('"cell_id": 2', '"cell_id": 1'), "more than once"),
        (
            lambda text: text.replace('"cell_id": ', '"cell_id": 70'),
            "different sections",
        ),
        (lambda text: '{"features": [' + "[" * 100_000, "cut off or damaged"),
        (lambda text: re.sub(r"\b608\b", '"a"', text), "no outline of a cell"),
        (lambda text: re.sub(r"\b608\b", "[1, 2]", text), "no outline of a cell"),
        (lambda text: re.sub(r"\b608\b", "NaN", text), "no outline of a cell"),
        (
            lambda text: (
                '{"features": [{"properties": {"cell_id": 1}, "geometry": '
                '{"type": "MultiPolygon", "coordinates": []}}]}'
            ),
            "feature 1 is no outline",
        ),
    ],
)
def test_damaged_outlines(tmp_path, damage, told):
    cells = write_segmented(tmp_path, squares())
    path = cells / "cell_segmentations.geojson"
    path.write_text(damage(path.read_text()))
    with pytest.raises(StEnTransError, match=told):
        read_section(cells)


def test_a_picture_lies_under_stereo_seq_a_pixel_a_step(tmp_path):
    rows = [f"A\t{col}\t{row}\t{k + 1}" for k, (row, col) in enumerate(MARKS_RC)]
    (tmp_path / "tile.gem").write_text("geneID\tx\ty\tMIDCounts\n" + "\n".join(rows))
    tifffile.imwrite(tmp_path / "tile_ssDNA_regist.tif", marked())
    picture = tmp_path / "tile_ssDNA_regist.tif"
    section = read_section(tmp_path / "tile.gem", bin_size=10, image=picture)
    order = np.argsort(section.counts.toarray()[:, 0])
    assert section.image.modality is Modality.FLUORESCENCE
    assert_on_marks(section.subset(order))
