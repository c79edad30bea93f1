"""Saving layers writes the section or the result behind them."""

from __future__ import annotations

from dataclasses import replace

import anndata as ad
import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image, Layer
from npe2 import PluginManager, PluginManifest

from napari_stentrans import keys, plugin
from napari_stentrans.datasets import simulated_section
from napari_stentrans.errors import StEnTransError
from napari_stentrans.gui.canvas.layers import (
    enhanced_layers,
    missing_layer,
    section_to_layers,
)
from napari_stentrans.gui.canvas.stage import Stage
from napari_stentrans.io import read_section
from napari_stentrans.pipeline import enhance
from napari_stentrans.section.alignment import Alignment


@pytest.fixture(scope="module")
def section():
    return simulated_section(n_rows=8, n_cols=8, n_genes=12, image=True).section


@pytest.fixture(scope="module")
def result(section):
    return enhance(section, method="nearest", genes=section.genes[:3])


def layers_of(data) -> list[Layer]:
    return [Layer.create(*each) for each in data]


@pytest.fixture
def viewer(section):
    found = ViewerModel()
    data = [*section_to_layers(section, section.genes[:1]), missing_layer(section)]
    found.layers.extend(layers_of(data))
    return found


@pytest.fixture(autouse=True)
def our_manifest():
    """Napari's own writers and ours, as in an installed napari."""
    manager = PluginManager.instance()
    for name in ("napari", "napari-stentrans"):
        if name not in manager:
            manager.register(PluginManifest.from_distribution(name))
    return manager


@pytest.mark.parametrize("ending", ["h5ad", "parquet"])
def test_all_layers_of_a_section_are_its_counts(viewer, section, tmp_path, ending):
    written = viewer.layers.save(str(tmp_path / f"all.{ending}"))

    assert written == [str(tmp_path / f"all.{ending}")]
    assert read_section(written[0]).fingerprint == section.fingerprint


def test_a_selected_layer_is_enough(viewer, section, tmp_path):
    viewer.layers.selection = {viewer.layers[-2]}

    (written,) = viewer.layers.save(str(tmp_path / "one.csv"), selected=True)

    assert list(read_section(written).barcodes) == list(section.barcodes)


def test_an_enhanced_layer_is_its_whole_result(viewer, result, tmp_path):
    viewer.layers.extend(layers_of(enhanced_layers(result, result.genes[0])))

    (written,) = viewer.layers.save(str(tmp_path / "result.h5ad"))

    adata = ad.read_h5ad(written)
    assert adata.shape == (len(result), 3)
    np.testing.assert_array_equal(adata.X, result.read(result.genes).mean)


def test_a_layer_that_shows_another_result_writes_that_one(section, result, tmp_path):
    stage, gene = Stage(ViewerModel()), str(result.genes[0])
    stage.expression.add_measured(section, gene)
    stage.expression.show_enhanced(result, gene)
    other = enhance(section, method="linear", genes=result.genes)

    stage.expression.show_enhanced(other, gene)
    (written,) = stage.viewer.layers.save(str(tmp_path / "other.h5ad"))

    np.testing.assert_array_equal(ad.read_h5ad(written).X, other.read(other.genes).mean)


@pytest.mark.parametrize("of_result", [False, True])
def test_a_picture_that_was_moved_is_written_as_it_lies(
    section, result, tmp_path, of_result
):
    own = replace(section)  # another section to everybody else
    mine = result.of_section(own)
    data = enhanced_layers(mine, result.genes[0]) if of_result else []
    stage = Stage(ViewerModel())
    stage.open(own)
    moved = Alignment().turned(90)
    stage.placing.lay(own, moved)
    for each in data:  # later: what is added then knows it, too
        stage.add(each)
    viewer = stage.viewer

    (written,) = viewer.layers.save(str(tmp_path / "moved.h5ad"))

    [library] = ad.read_h5ad(written).uns["spatial"].values()
    image = section.image.aligned(moved)
    xy = mine.pixel_xy if of_result else section.pixel_xy
    expected = image.straightened(xy).data
    np.testing.assert_array_equal(library["images"]["hires"], expected)


def test_a_plain_picture_of_one_layer_is_left_to_napari(viewer, tmp_path):
    layer = viewer.layers[-2]
    viewer.layers.selection = {layer}

    viewer.layers.save(str(tmp_path / "gene.tif"), selected=True)

    import tifffile

    np.testing.assert_array_equal(tifffile.imread(tmp_path / "gene.tif"), layer.data)


def test_a_name_without_an_ending_becomes_h5ad(viewer, tmp_path):
    data = [layer.as_layer_data_tuple() for layer in viewer.layers]

    assert plugin.write(str(tmp_path / "all"), data) == [str(tmp_path / "all.h5ad")]


def test_two_sections_at_once_are_refused(viewer, tmp_path):
    other = simulated_section(n_rows=5, n_cols=5, n_genes=5).section
    viewer.layers.extend(layers_of(section_to_layers(other)))

    with pytest.raises(StEnTransError, match="several sections"):
        viewer.layers.save(str(tmp_path / "both.h5ad"))


def test_regions_alone_are_not_written_as_the_section(viewer, tmp_path):
    painted = [missing_layer(viewer.layers[0].metadata[keys.LAYER_TAG].section)]

    with pytest.raises(StEnTransError, match=r"regions alone .* tab Missing"):
        plugin.write(str(tmp_path / "regions.csv"), painted)

    assert list(tmp_path.iterdir()) == []


def test_layers_of_others_are_refused_in_words(tmp_path):
    data = [Image(np.zeros((3, 3))).as_layer_data_tuple()]

    with pytest.raises(StEnTransError, match="none of the selected layers"):
        plugin.write(str(tmp_path / "x.h5ad"), data)


def test_the_input_is_never_written_to(section, tmp_path):
    from napari_stentrans.exports import export

    path = export(section, tmp_path / "input.h5ad")
    before = path.read_bytes()
    data = plugin.read(str(path))

    with pytest.raises(StEnTransError, match="never changed"):
        plugin.write(str(path), data)

    assert path.read_bytes() == before
