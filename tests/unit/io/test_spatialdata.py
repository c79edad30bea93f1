"""SpatialData: what we add lies where it was read, and nothing of it is lost."""

from __future__ import annotations

import shutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from napari_stentrans.datasets import simulated_section
from napari_stentrans.exports import export
from napari_stentrans.io import read_section
from napari_stentrans.pipeline import enhance

spatialdata = pytest.importorskip("spatialdata")

RADIUS = 10.0
SIZE = 700
TURNED = np.array([[0.0, -2.0, 2400.0], [2.0, 0.0, 1000.0], [0.0, 0.0, 1.0]])
"""Pixels of the picture to the system: a quarter turn, twice the size, far away."""


@pytest.fixture(scope="module")
def section():
    found = simulated_section(n_rows=8, n_cols=8, n_genes=12).section
    return replace(found, image=None, spot_diameter=2 * RADIUS)


@pytest.fixture(scope="module")
def system_xy(section):
    middle = section.pixel_xy - section.pixel_xy.mean(axis=0)
    return 600 / np.abs(middle).max() * middle + (1700, 1700)


def placed(pixel_xy):
    """Pixels (x, y) of the picture at positions in the system."""
    homogeneous = np.column_stack([pixel_xy, np.ones(len(pixel_xy))])
    return (homogeneous @ np.linalg.inv(TURNED).T)[:, :2]


@pytest.fixture
def of_others(tmp_path, section, system_xy):
    """Circles and a picture that only transformations bring together."""
    from spatialdata.models import Image2DModel, ShapesModel, TableModel
    from spatialdata.transformations import Affine, Identity, Scale

    rng = np.random.default_rng(3)
    x, y = np.rint(placed(system_xy)).astype(int).T
    picture = np.full((3, SIZE, SIZE), 250, dtype=np.uint8)
    for number, (row, col) in enumerate(zip(y, x, strict=True)):
        picture[:, row - 3 : row + 4, col - 3 : col + 4] = 2 * number
    shapes = ShapesModel.parse(
        system_xy,
        geometry=0,
        radius=RADIUS,
        index=np.arange(section.n_spots),
        transformations={"global": Identity(), "cm": Scale([0.1, 0.1], ("x", "y"))},
    )
    lying = Affine(TURNED, input_axes=("x", "y"), output_axes=("x", "y"))
    image = Image2DModel.parse(
        picture, dims=("c", "y", "x"), transformations={"global": lying}
    )
    import anndata

    obs = pd.DataFrame(
        {"region": pd.Categorical(["spots"] * section.n_spots)}, section.barcodes
    )
    obs["instance"] = np.arange(section.n_spots)
    obs["quality"] = rng.random(section.n_spots)
    var = pd.DataFrame(index=section.genes)
    table = TableModel.parse(
        anndata.AnnData(section.counts.copy(), obs=obs, var=var),
        region="spots",
        region_key="region",
        instance_key="instance",
    )
    whole = spatialdata.SpatialData(
        images={"stain": image}, shapes={"spots": shapes}, tables={"table": table}
    )
    whole.write(tmp_path / "in.zarr")
    return tmp_path / "in.zarr"


def centres(whole, name, system="global"):
    found = spatialdata.get_centroids(whole[name], coordinate_system=system)
    return found.compute()[["x", "y"]].to_numpy()


def test_the_picture_is_laid_under_spots_in_their_system(of_others, system_xy):
    found = read_section(of_others)

    np.testing.assert_allclose(found.pixel_xy, system_xy)
    assert found.spot_diameter == pytest.approx(2 * RADIUS)
    np.testing.assert_allclose(
        found.image.pixels_at(system_xy)[:, ::-1], placed(system_xy), atol=1e-6
    )
    at = np.rint(found.image.pixels_at(system_xy)).astype(int)
    shown = found.image.data[at[:, 0], at[:, 1], 0]
    np.testing.assert_array_equal(shown, 2 * np.arange(found.n_spots))


def test_what_is_added_lies_on_what_was_there(of_others, tmp_path, system_xy):
    read = read_section(of_others)
    result = enhance(read, method="nearest", refine=1)

    for what, name in ((read, "in_spots"), (result, "in_enhanced_spots")):
        whole = spatialdata.read_zarr(export(what, tmp_path / "out.zarr"))
        np.testing.assert_allclose(centres(whole, name), system_xy)
        np.testing.assert_allclose(whole[name].radius, RADIUS)
        assert set(whole.images) == {"stain"}


def test_circles_stay_in_the_system_that_was_chosen(of_others, tmp_path, system_xy):
    read = read_section(of_others, coordinate_system="cm")
    whole = spatialdata.read_zarr(export(read, tmp_path / "out.zarr"))

    np.testing.assert_allclose(centres(whole, "in_spots", "cm"), 0.1 * system_xy)
    assert "global" not in spatialdata.transformations.get_transformation(
        whole["in_spots"], get_all=True
    )


def test_the_picture_is_still_there_for_programs_without_systems(of_others):
    from napari_stentrans.io.writers.as_anndata import section_to_anndata

    read = read_section(of_others)
    far = replace(read, pixel_xy=read.pixel_xy + 3000)
    laid = read.image.laid + 3000 * np.array([[0, 0, 1], [0, 0, 1], [0, 0, 0]])
    far = replace(far, image=replace(read.image, laid=laid))
    for each in (read, far):
        adata = section_to_anndata(each)
        (library,) = adata.uns["spatial"].values()
        data = library["images"]["hires"]
        scale = library["scalefactors"]["tissue_hires_scalef"]
        assert max(data.shape) <= 2 * SIZE + 1
        drawn = np.argwhere(data[..., 0] < 200)[:, ::-1] / scale
        spots = each.pixel_xy
        np.testing.assert_allclose(drawn.min(axis=0), spots.min(axis=0), atol=20)
        np.testing.assert_allclose(drawn.max(axis=0), spots.max(axis=0), atol=20)


@pytest.fixture
def in_parts(of_others, tmp_path):
    """Return the same with its picture in four chunks, and the files of these."""
    whole = spatialdata.read_zarr(of_others)
    picture = whole["stain"].chunk({"c": 3, "y": SIZE // 2, "x": SIZE // 2})
    del whole.images["stain"]
    whole.images["stain"] = picture
    path = tmp_path / "parts.zarr"
    whole.write(path)
    files = (path / "images" / "stain").rglob("*")
    chunks = [each for each in files if each.is_file() and each.name.isdecimal()]
    assert len(chunks) == 4
    return path, chunks


def test_a_picture_without_any_chunk_is_told_and_not_shown(in_parts):
    path, chunks = in_parts
    whole = read_section(path)
    assert not any("chunks" in note for note in whole.notes)
    for file in chunks:
        file.unlink()
    read = read_section(path)
    assert read.image is None
    assert any(
        "'stain'" in note and "none of its chunks" in note for note in read.notes
    )
    np.testing.assert_array_equal(read.pixel_xy, whole.pixel_xy)


def test_a_picture_that_lacks_chunks_is_shown_and_told(in_parts):
    path, chunks = in_parts
    chunks[0].unlink()  # which is no damage where the picture is black
    read = read_section(path)
    assert any("'stain' lacks 1 of its 4 chunks" in note for note in read.notes)
    assert 1 / 4 <= (read.image.data == 0).all(axis=2).mean() < 1 / 3


@pytest.mark.parametrize("gone", ["images/stain/s0", "images/stain", "images"])
def test_a_picture_that_is_gone_is_told(of_others, gone):
    shutil.rmtree(of_others / gone)
    read = read_section(of_others)
    assert read.image is None
    assert any("'stain' cannot be read" in note for note in read.notes)


def test_a_picture_in_another_system_is_told(of_others, tmp_path):
    whole = spatialdata.read_zarr(of_others)
    moved, stay = whole["stain"], spatialdata.transformations.Identity()
    spatialdata.transformations.set_transformation(moved, {"cm": stay}, set_all=True)
    whole.write(tmp_path / "apart.zarr")

    read = read_section(tmp_path / "apart.zarr")
    assert read.image is None
    (note,) = (note for note in read.notes if "No image" in note)
    assert "'global'" in note
    assert "'stain' lies in 'cm'" in note
    assert "--coordinate-system cm" in note
    there = read_section(tmp_path / "apart.zarr", coordinate_system="cm")
    assert there.image is not None
    assert not any("No image" in note for note in there.notes)


def test_another_copy_of_the_picture_lies_as_it_does(of_others, tmp_path, system_xy):
    read = read_section(of_others)
    Image.fromarray(read.image.data[::2, ::2]).save(tmp_path / "half.png")

    given = read_section(of_others, image=tmp_path / "half.png")

    half, whole = (each.image.pixels_at(system_xy) for each in (given, read))
    np.testing.assert_allclose(half, whole / 2, atol=1e-6)


def test_a_picture_that_was_given_or_moved_is_written(of_others, tmp_path):
    given = Image.fromarray(np.full((90, 90, 3), 90, dtype=np.uint8))
    given.save(tmp_path / "given.png")
    read = read_section(of_others, image=tmp_path / "given.png")

    path = export(read, tmp_path / "out.zarr")

    assert set(spatialdata.read_zarr(path).images) == {"stain", "in_image"}
    assert (read_section(path, table="in").image.data == 90).mean() > 0.1
    moved = read_section(of_others, image_alignment="right=100")
    whole = spatialdata.read_zarr(export(moved, tmp_path / "moved.zarr"))
    assert "in_image" in whole.images


def test_columns_of_ones_own_stay_what_they_are(section, tmp_path):
    own = {
        "region": ["cortex"] * section.n_spots,
        "Spot": np.arange(section.n_spots) + 0.5,
        "cell type": "neuron",
        "n (%)": 1,
        "__x": 2.0,
    }
    known = replace(
        section,
        obs=section.obs.assign(**own),
        var=section.var.assign(**{"gene name": "a"}),
    )

    path = export(known, tmp_path / "it.zarr")
    result = export(enhance(known, method="nearest", refine=1), tmp_path / "r.zarr")

    (table,) = spatialdata.read_zarr(path).tables.values()
    assert set(table.obs["region"]) == {"cortex"}
    read = read_section(path)
    assert list(read.obs["region"]) == own["region"]
    assert list(read.obs["Spot"]) == list(own["Spot"])
    assert list(read.obs["cell_type"]) == ["neuron"] * section.n_spots
    path = export(read, tmp_path / "again.zarr")
    (added,) = set(spatialdata.read_zarr(path).tables) - {read.name.split("_", 1)[1]}
    assert list(read_section(path, table=added).obs) == list(read.obs)
    assert "gene_name" in read_section(result).var
