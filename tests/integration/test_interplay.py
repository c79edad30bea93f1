"""What we write works in scanpy, squidpy and SpatialData."""

from __future__ import annotations

from dataclasses import replace

import anndata as ad
import numpy as np
import pytest

from napari_stentrans.datasets import simulated_section
from napari_stentrans.exports import export
from napari_stentrans.io import read_section
from napari_stentrans.io.writers.as_anndata import section_to_anndata
from napari_stentrans.pipeline import enhance

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module", params=["hex", "square", "irregular"])
def simulated(request):
    return simulated_section(
        lattice=request.param, n_rows=12, n_cols=12, n_genes=30, image=True
    )


@pytest.fixture(scope="module")
def section(simulated):
    return simulated.section


@pytest.fixture(scope="module")
def outputs(section, tmp_path_factory):
    """The section and an enhanced one, each as the h5ad that is written."""
    folder = tmp_path_factory.mktemp("out")
    result = enhance(section, method="linear", refine=2)
    return {
        "section": ad.read_h5ad(export(section, folder / "section.h5ad")),
        "result": ad.read_h5ad(export(result, folder / "result.h5ad")),
    }


@pytest.fixture(params=["section", "result"])
def adata(request, outputs):
    return outputs[request.param].copy()


def test_scanpy_and_squidpy_draw_it(adata):
    import matplotlib as mpl
    import scanpy as sc
    import squidpy as sq

    mpl.use("Agg")
    sc.pl.spatial(adata, color=adata.var_names[0], show=False)
    sq.pl.spatial_scatter(adata, color=adata.var_names[0])
    mpl.pyplot.close("all")


def test_squidpy_finds_the_neighbours_of_the_lattice(section, outputs):
    import squidpy as sq

    adata = outputs["section"].copy()
    if not section.lattice.is_regular:
        pytest.skip("neighbours of free positions are a matter of taste")
    n_neighbours = {"hex": 6, "square": 4}[str(section.lattice.kind)]
    kind = "grid" if n_neighbours == 4 else "generic"
    if kind == "grid":
        sq.gr.spatial_neighbors(adata, coord_type="grid", n_neighs=n_neighbours)
    else:
        radius = 1.1 * np.linalg.norm(section.pitch_to_pixel[0])
        sq.gr.spatial_neighbors(adata, coord_type="generic", radius=radius)

    found = adata.obsp["spatial_connectivities"].tocoo()

    pairs = {(int(a), int(b)) for a, b in zip(found.row, found.col, strict=True)}
    beside = section.lattice.neighbours(section.array_rc)
    ours = {(int(a), int(b)) for a, b in beside}
    assert {pair for pair in pairs if pair[0] < pair[1]} == ours


def test_morans_i_knows_patterns_from_noise(simulated, outputs):
    import squidpy as sq

    adata = outputs["section"].copy()
    rng = np.random.default_rng(0)
    shuffled = adata.X[rng.permutation(adata.n_obs)]
    other = adata.copy()
    other.X = shuffled
    scores = []
    for each in (adata, other):
        sq.gr.spatial_neighbors(each, coord_type="generic", n_neighs=6)
        sq.gr.spatial_autocorr(each, mode="moran", n_perms=None)
        scores.append(each.uns["moranI"]["I"].median())

    assert scores[0] > 3 * abs(scores[1])


def test_morans_i_rises_when_noise_is_taken_out(outputs):
    import squidpy as sq

    medians = {}
    for name, adata in outputs.items():
        each = adata.copy()
        sq.gr.spatial_neighbors(each, coord_type="generic", n_neighs=6)
        sq.gr.spatial_autocorr(each, mode="moran", n_perms=None)
        medians[name] = each.uns["moranI"]["I"].median()

    assert medians["result"] > medians["section"]


def test_scanpy_reads_the_space_ranger_folder(section, tmp_path):
    import scanpy as sc

    folder = export(section, tmp_path / "outs")
    adata = sc.read_10x_mtx(folder / "filtered_feature_bc_matrix")

    assert list(adata.obs_names) == list(section.barcodes)
    assert list(adata.var_names) == list(section.genes)
    np.testing.assert_array_equal(adata.X.toarray(), section.counts.toarray())


@pytest.mark.parametrize("picture", [True, False])
def test_scanpy_and_squidpy_open_the_space_ranger_folder(section, tmp_path, picture):
    import scanpy as sc

    squidpy = pytest.importorskip("squidpy")
    if not picture and not section.lattice.is_regular:
        pytest.skip("what lies on no lattice gets no white paper")
    whole = section if picture else replace(section, image=None)
    result = enhance(whole, method="nearest", refine=2)

    for number, what in enumerate((whole, result)):
        folder = export(what, tmp_path / f"outs{number}")
        for read in (sc.read_visium, squidpy.read.visium):
            found = read(folder)
            assert list(found.var_names) == list(section.genes)
            (library,) = found.uns["spatial"].values()
            for size in ("hires", "lowres"):
                scale = library["scalefactors"][f"tissue_{size}_scalef"]
                rows, cols = library["images"][size].shape[:2]
                assert (found.obsm["spatial"] * scale <= (cols, rows)).all()
            assert library["scalefactors"]["fiducial_diameter_fullres"] > 0
        if what is whole:
            np.testing.assert_array_equal(found.X.toarray(), section.counts.toarray())
            np.testing.assert_allclose(found.obsm["spatial"], section.pixel_xy)
        else:
            expected = result.read(section.genes).mean
            np.testing.assert_allclose(found.X.toarray(), expected)


def test_squidpy_reads_the_positions_of_that_folder(section, tmp_path):
    pd = pytest.importorskip("pandas")
    folder = export(section, tmp_path / "outs")

    table = pd.read_csv(folder / "spatial" / "tissue_positions.csv", index_col=0)

    assert list(table.index) == list(section.barcodes)
    assert list(table.columns) == [
        "in_tissue",
        "array_row",
        "array_col",
        "pxl_row_in_fullres",
        "pxl_col_in_fullres",
    ]
    xy = table[["pxl_col_in_fullres", "pxl_row_in_fullres"]].to_numpy()
    np.testing.assert_allclose(xy, section.pixel_xy)


@pytest.fixture
def spatialdata():
    return pytest.importorskip("spatialdata")


def test_spatialdata_holds_table_circles_and_picture(section, tmp_path, spatialdata):
    whole = spatialdata.read_zarr(export(section, tmp_path / "x.zarr"))

    (table,) = whole.tables.values()
    (circles,) = whole.shapes.values()
    (picture,) = whole.images.values()
    np.testing.assert_array_equal(table.X.toarray(), section.counts.toarray())
    centres = np.column_stack([circles.geometry.x, circles.geometry.y])
    np.testing.assert_array_equal(centres, section.pixel_xy)
    assert (circles.radius == section.spot_diameter / 2).all()
    extent = spatialdata.get_extent(picture)
    assert extent["x"][1] == pytest.approx(
        section.image.data.shape[1] / section.image.scale
    )


def test_spatialdata_of_others_is_copied_and_added_to(
    simulated, section, tmp_path, spatialdata
):

    first = export(section, tmp_path / "first.zarr")
    before = {
        path.relative_to(first): path.read_bytes()
        for path in first.rglob("*")
        if path.is_file()
    }
    result = enhance(read_section(first), method="linear", refine=2)

    whole = spatialdata.read_zarr(export(result, tmp_path / "second.zarr"))

    assert len(whole.tables) == 2
    assert len(whole.shapes) == 2
    assert len(whole.images) == 1
    sizes = sorted(table.n_obs for table in whole.tables.values())
    assert sizes == [section.n_spots, len(result)]
    for name, table in whole.tables.items():
        if "enhanced" in name:
            np.testing.assert_allclose(table.X, result.read(result.genes).mean)
            assert "sd" in table.layers
    after = {path: (first / path).read_bytes() for path in before}
    assert after == before


def test_a_subset_of_the_spatialdata_can_be_queried(section, tmp_path, spatialdata):
    whole = spatialdata.read_zarr(export(section, tmp_path / "x.zarr"))
    x, y = section.pixel_xy.mean(axis=0)
    inside = (np.abs(section.pixel_xy - (x, y)) < 300).all(axis=1)

    part = spatialdata.bounding_box_query(
        whole,
        axes=("x", "y"),
        min_coordinate=[x - 300, y - 300],
        max_coordinate=[x + 300, y + 300],
        target_coordinate_system="global",
    )

    (table,) = part.tables.values()
    assert set(table.obs_names) >= set(section.barcodes[inside])
    assert table.n_obs < section.n_spots


def test_plots_have_the_spots_on_the_picture(section):
    adata = section_to_anndata(section)
    (library,) = adata.uns["spatial"].values()
    at = adata.obsm["spatial"] * library["scalefactors"]["tissue_hires_scalef"]
    rows, cols = library["images"]["hires"].shape[:2]

    assert (at >= 0).all()
    assert (at <= (cols, rows)).all()
