"""Sections and results as AnnData: what other programs and we make of it."""

from __future__ import annotations

from dataclasses import replace

import anndata
import numpy as np
import pytest

from napari_stentrans.datasets import simulated_section
from napari_stentrans.exports import export
from napari_stentrans.io import read_section
from napari_stentrans.io.given import as_section
from napari_stentrans.io.writers.as_anndata import diameter_in, section_to_anndata
from napari_stentrans.pipeline import enhance
from napari_stentrans.section.lattice import LatticeKind


def made(kind, *, image=False, diameter=55.0):
    on_lattice = "square" if kind == "irregular" else kind
    section = simulated_section(
        lattice=on_lattice, n_rows=8, n_cols=8, n_genes=5, image=image
    ).section
    section = replace(section, spot_diameter=diameter)
    return section.on_lattice(LatticeKind.IRREGULAR) if kind == "irregular" else section


@pytest.mark.parametrize("kind", ["square", "hex", "quincunx", "irregular"])
@pytest.mark.parametrize("shift", [0.0, 0.13])
def test_spots_at_given_positions_keep_their_diameter(kind, shift):
    section = made(kind)
    result = enhance(section, method="nearest", at=section.array_rc + shift)

    assert diameter_in(result.to_anndata()) == pytest.approx(55.0)


@pytest.mark.parametrize("kind", ["square", "hex", "quincunx", "irregular"])
def test_a_pitch_is_told_in_that_of_another_lattice(kind):
    lattice = made(kind).lattice

    assert lattice.refined(3).pitch_in(lattice) == pytest.approx(1 / 3)
    assert lattice.without_sites().pitch_in(lattice) == pytest.approx(1.0)


@pytest.mark.parametrize("image", [False, True])
@pytest.mark.parametrize("kind", ["square", "irregular"])
def test_only_a_lattice_gets_white_paper(kind, image, tmp_path):
    section = made(kind, image=image)
    result = enhance(section, method="nearest", refine=1)

    for number, what in enumerate((section, result)):
        path = export(what, tmp_path / f"{number}.h5ad")
        adata = anndata.read_h5ad(path)
        assert ("spatial" in adata.uns) == (image or kind == "square")
        assert read_section(path).spot_diameter == 55.0


@pytest.mark.parametrize("diameter", [None, 55.0])
@pytest.mark.parametrize("ending", [".h5ad", ".zarr", ".parquet", ".csv", ""])
def test_the_diameter_of_cells_comes_back(diameter, ending, tmp_path):
    section = made("irregular", diameter=diameter)

    found = read_section(export(section, tmp_path / f"it{ending}"))

    assert found.spot_diameter == diameter


def test_squidpy_finds_neighbours_of_cells(tmp_path):
    squidpy = pytest.importorskip("squidpy")
    adata = section_to_anndata(made("irregular"))

    squidpy.gr.spatial_neighbors(adata)

    assert (adata.obsp["spatial_connectivities"].sum(axis=1) >= 6).all()


@pytest.mark.parametrize("ending", [".h5ad", ".zarr", ".parquet"])
def test_columns_have_names_that_files_take(ending, tmp_path):
    if ending == ".zarr":
        pytest.importorskip("spatialdata")
    section = made("square")
    columns = {"a/b": 1.0, "a_b": 2.0, "_index": 3.0}
    odd = replace(
        section, obs=section.obs.assign(**columns), var=section.var.assign(**columns)
    )

    for number, what in enumerate((odd, enhance(odd, method="nearest", refine=1))):
        found = read_section(export(what, tmp_path / f"{number}{ending}"))
        tables = [found.var, found.obs] if number == 0 else [found.var]
        for table in tables:
            assert set(columns.values()) <= set(table.select_dtypes("number").iloc[0])
            assert not {"a/b", "_index"} & set(table)


def test_a_result_that_was_read_says_what_is_not_carried_on(tmp_path):
    section = made("square")
    path = export(enhance(section, method="nearest"), tmp_path / "result.h5ad")

    read = read_section(path)
    again = read_section(export(read, tmp_path / "again.h5ad"))

    assert any("standard deviations" in note for note in read.notes)
    assert not any("standard deviations" in note for note in again.notes)
    assert np.isfinite(again.counts.data).all()


@pytest.mark.parametrize("ending", [".h5ad", ".parquet", ".csv"])
def test_whatever_columns_a_table_has_it_is_written(ending, tmp_path):
    adata = section_to_anndata(made("square"))
    n_spots, n_genes = adata.shape
    adata.obs["lists"] = [[1, 2], None] * (n_spots // 2)
    adata.obs["complex"] = np.full(n_spots, 1 + 2j)
    adata.var["names"] = [np.arange(k) for k in range(n_genes)]
    adata.var.index.name = "names"

    section = as_section(adata, "test")
    found = read_section(export(section, tmp_path / f"it{ending}"))

    assert list(found.obs["lists"][:2]) == ["[1, 2]", ""]
    assert found.obs["complex"].iloc[0] == "(1+2j)"
    assert list(found.genes) == list(adata.var_names)
