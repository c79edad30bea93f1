"""From a file to an enhanced one: read, enhance, hand over, write, open elsewhere."""

from __future__ import annotations

import copy

import anndata as ad
import numpy as np
import pandas as pd
import pytest

from napari_stentrans import (
    EnhancedSection,
    MissingRegions,
    RunConfig,
    enhance,
    read_section,
    simulated_section,
)
from napari_stentrans.section.raster import SpotRaster

METHODS = ["nearest", "linear", "kriging"]


@pytest.fixture(scope="module", params=["square", "hex"])
def section(request):
    """Small tissue: on a square lattice without an image, on a hex one with it."""
    made = simulated_section(
        lattice=request.param,
        n_rows=10,
        n_cols=12,
        n_genes=60,
        seed=4,
        image=request.param == "hex",
    )
    return made.section


@pytest.fixture(scope="module")
def hole(section) -> MissingRegions:
    """A disc of spots in the middle, painted, and the upmost row left out."""
    raster = SpotRaster.from_section(section)
    middle = np.median(section.pitch_rc, axis=0)
    distance = np.linalg.norm(section.pitch_rc - middle, axis=1)
    labels = (distance < 1.7).astype(np.uint8)
    labels[section.array_rc[:, 0] == section.array_rc[:, 0].min()] = 2
    return MissingRegions.from_labels(raster.paint(labels), raster)


@pytest.fixture(scope="module", params=METHODS)
def repaired(request, section, hole) -> EnhancedSection:
    """The section with its hole filled, by each method."""
    return enhance(section, method=request.param, missing=hole, seed=3)


@pytest.fixture
def adata(section) -> ad.AnnData:
    """The same section as other programs hold it."""
    obs = section.obs.copy()
    obs["array_row"], obs["array_col"] = section.array_rc.T.astype(int)
    made = ad.AnnData(section.counts.copy(), obs=obs, var=section.var.copy())
    if section.pixel_xy is not None:
        made.obsm["spatial"] = section.pixel_xy.copy()
    made.layers["extra"] = section.counts.copy()
    made.uns["mine"] = {"keep": [1, 2]}
    return made


def assert_equal_anndata(found: ad.AnnData, expected: ad.AnnData) -> None:
    dense = lambda x: x.toarray() if hasattr(x, "toarray") else np.asarray(x)  # noqa: E731
    np.testing.assert_array_equal(dense(found.X), dense(expected.X))
    assert set(found.layers) == set(expected.layers)
    for name in expected.layers:
        np.testing.assert_array_equal(
            dense(found.layers[name]), dense(expected.layers[name])
        )
    for found_table, table in ((found.obs, expected.obs), (found.var, expected.var)):
        pd.testing.assert_frame_equal(  # anndata writes repeated text as categories
            found_table,
            table,
            check_dtype=False,
            check_index_type=False,
            check_column_type=False,
            check_categorical=False,
        )
    assert set(found.obsm) == set(expected.obsm)
    for name in expected.obsm:
        np.testing.assert_array_equal(found.obsm[name], expected.obsm[name])
    assert_equal_tree(found.uns, expected.uns)


def assert_equal_tree(found, expected) -> None:
    """Compare nested mappings; lists may come back as arrays."""
    if hasattr(expected, "keys"):
        assert set(found) == set(expected)
        for key in expected:
            assert_equal_tree(found[key], expected[key])
    else:
        np.testing.assert_array_equal(found, expected)


def test_what_is_saved_is_what_was_computed(repaired, tmp_path):
    path = repaired.save(tmp_path / "enhanced.h5ad")

    assert path == tmp_path / "enhanced.h5ad"
    assert_equal_anndata(ad.read_h5ad(path), repaired.to_anndata())


def test_the_result_is_sound(section, hole, repaired):
    adata = repaired.to_anndata()

    assert adata.X.dtype == np.float32
    for table in (adata.X, adata.layers["sd"]):
        assert np.isfinite(table).all()
        assert table.min() >= 0
    origins = adata.obs["origin"].value_counts()
    assert origins["measured"] == section.n_spots - hole.n_spots - hole.outside.sum()
    assert origins["painted"] >= hole.n_spots
    assert not set(section.barcodes[hole.outside]) & set(adata.obs["barcode"])
    seen = section.counts[~hole.outside].mean()
    assert adata.X.mean() == pytest.approx(seen, rel=0.25)  # counts stay counts


def test_the_same_seed_gives_the_same_result(section, hole, repaired):
    method = repaired.provenance["config"]["method"]
    again = enhance(section, method=method, missing=hole, seed=3).to_anndata()
    np.testing.assert_array_equal(again.X, repaired.to_anndata().X)
    np.testing.assert_array_equal(
        again.layers["sd"], repaired.to_anndata().layers["sd"]
    )


def test_painted_counts_have_no_influence(section, hole, repaired):
    spoiled = section.counts.tolil(copy=True)
    spoiled[np.flatnonzero(hole.unmeasured)] = 1000
    other = section.with_counts(spoiled.tocsr())
    genes = list(repaired.genes)
    method = repaired.provenance["config"]["method"]

    found = enhance(other, method=method, missing=hole, genes=genes, seed=3)

    np.testing.assert_array_equal(found.to_anndata().X, repaired.to_anndata().X)


def test_anndata_in_anndata_out(section, adata):
    found = enhance(adata, method="linear", refine=2)
    assert isinstance(found, ad.AnnData)
    expected = enhance(section, method="linear", refine=2).to_anndata()
    np.testing.assert_array_equal(found.X, expected.X)
    assert list(found.obs_names) == list(expected.obs_names)


def test_what_the_caller_gave_is_never_changed(section, adata, hole):
    section_before = copy.deepcopy(section)
    adata_before = adata.copy()

    enhance(section, method="nearest", missing=hole, genes="all").to_anndata()
    enhance(adata, method="nearest", refine=3, genes="all")

    assert_equal_anndata(adata, adata_before)
    assert section.fingerprint == section_before.fingerprint
    for name in ("data", "indices", "indptr"):
        np.testing.assert_array_equal(
            getattr(section.counts, name), getattr(section_before.counts, name)
        )
    pd.testing.assert_frame_equal(section.obs, section_before.obs)
    pd.testing.assert_frame_equal(section.var, section_before.var)
    np.testing.assert_array_equal(section.array_rc, section_before.array_rc)
    if section.pixel_xy is not None:
        np.testing.assert_array_equal(section.pixel_xy, section_before.pixel_xy)
    if section.image is not None:
        np.testing.assert_array_equal(section.image.data, section_before.image.data)


def test_a_file_remembers_how_it_was_made(section, hole, tmp_path):
    config = RunConfig(method="linear", refine=3, seed=11, kriging={"n_programmes": 6})
    path = enhance(section, config=config, missing=hole).save(tmp_path / "x.h5ad")

    told = ad.read_h5ad(path).uns["stentrans"]

    assert RunConfig.model_validate(told["config"]) == config
    assert told["seed"] == 11
    assert told["input"]["fingerprint"] == section.fingerprint
    assert told["input"]["name"] == section.name
    assert told["missing"]["spots"] == hole.n_spots
    assert {"napari-stentrans", "torch", "numpy", "scipy", "python"} <= set(
        told["versions"]
    )
    assert told["seconds"] > 0


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("from_file", [False, True], ids=["in memory", "from file"])
def test_scanpy_and_squidpy_draw_it_unchanged(section, tmp_path, from_file):
    sc = pytest.importorskip("scanpy")
    import matplotlib as mpl

    mpl.use("Agg")
    result = enhance(section, method="nearest")
    adata = result.to_anndata()
    if from_file:
        adata = ad.read_h5ad(result.save(tmp_path / "x.h5ad"))
    gene = adata.var_names[0]

    sc.pl.spatial(adata, color=[gene, "origin"], show=False)
    sc.pl.embedding(adata, basis="spatial", color=gene, layer="sd", show=False)
    mpl.pyplot.close("all")

    sq = pytest.importorskip("squidpy")
    sq.pl.spatial_scatter(adata, color=[gene, "origin"])
    mpl.pyplot.close("all")


@pytest.mark.slow
@pytest.mark.parametrize("method", ["linear", "kriging"])
def test_a_real_section(shared_data, tmp_path, method):
    section = read_section(shared_data / "mel1_rep1")
    genes = ["CSPG4", "DLL3", "CD37"]
    middle = np.linalg.norm(
        section.pitch_rc - np.median(section.pitch_rc, axis=0), axis=1
    )

    result = enhance(section, method=method, missing=middle < 2.5, genes=genes)

    adata = ad.read_h5ad(result.save(tmp_path / "mel1.h5ad"))
    assert list(adata.var_names) == genes
    counts = adata.obs["origin"].value_counts()
    assert counts["measured"] == section.n_spots - (middle < 2.5).sum()
    hidden = adata.obs_names.get_indexer(section.barcodes[middle < 2.5])
    for column, gene in enumerate(genes):  # CD37 is all but absent in the middle
        truth = section.gene_counts(gene)[middle < 2.5]
        typical = section.gene_counts(gene).std()
        assert abs(adata.X[hidden, column].mean() - truth.mean()) < typical
