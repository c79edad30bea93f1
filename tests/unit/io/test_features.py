"""What is no gene is left out or told, wherever an AnnData has it from."""

from __future__ import annotations

import anndata as ad
import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from napari_stentrans.datasets import simulated_section
from napari_stentrans.io import read_section
from napari_stentrans.io.assembly.features import control_notes, is_control
from napari_stentrans.io.formats.h5ad.reader import section_from_anndata
from napari_stentrans.io.writers.as_anndata import section_to_anndata
from napari_stentrans.pipeline import enhance

OTHERS = ("Antibody Capture", "Antibody Capture", "Unassigned Codeword")
CONTROLS = (
    "NegControlProbe_00042",
    "NegControlCodeword_0500",
    "UnassignedCodeword_0001",
    "BLANK_0024",
    "Blank-12",
    "antisense_ACTB",
    "NegPrb3",
    "Negative7",
    "SystemControl11",
    "FalseCode3",
)
GENES = ("NEGR1", "NEFL", "BLNK", "ANTXR1", "SYSTM", "FALZ", "ACTB", "MT-CO1")


@pytest.fixture
def section():
    return simulated_section(lattice="square", n_rows=8, n_cols=8, n_genes=6).section


@pytest.fixture
def adata(section):
    """Antibodies and a control between the genes, as other programs keep them."""
    made = section_to_anndata(section)
    genes = made.var_names.tolist()
    more = np.full((made.n_obs, len(OTHERS)), 300.0, dtype=np.float32)
    both = sparse.hstack([made.X, sparse.csr_matrix(more)]).tocsr()
    kinds = ["Gene Expression"] * len(genes) + list(OTHERS)
    names = [*genes, "CD3", "CD4", "U1"]
    order = np.random.default_rng(0).permutation(len(names))
    var = pd.DataFrame({"feature_types": kinds}, names).iloc[order]
    return ad.AnnData(both[:, order], obs=made.obs, var=var, obsm=made.obsm)


def has_genes_alone(found, section):
    assert sorted(found.genes) == sorted(section.genes)
    order = [found.genes.tolist().index(gene) for gene in section.genes]
    counts = found.counts[:, order].toarray()
    np.testing.assert_array_equal(counts, section.counts.toarray())
    told = "3 features that are no genes left out (Antibody Capture, Unassigned"
    assert sum(note.startswith(told) for note in found.notes) == 1


@pytest.mark.parametrize("column", ["feature_types", "feature_type", "Type"])
@pytest.mark.parametrize("place", ["X", "layers", "raw"])
def test_what_is_said_to_be_no_gene_is_left_out(adata, section, column, place):
    adata.var = adata.var.rename(columns={"feature_types": column})
    adata.var[column] = adata.var[column].astype("category")
    if place == "layers":
        adata.layers["counts"] = adata.X.copy()
    if place == "raw":
        adata.raw = adata.copy()
    if place != "X":
        adata.X = adata.X.multiply(0.37).tocsr()
    has_genes_alone(section_from_anndata(adata), section)


def test_nor_is_it_enhanced(adata, section):
    found = enhance(adata, method="kriging")
    assert sorted(found.var_names) == sorted(section.genes)


@pytest.mark.parametrize("ending", [".h5ad", ".zarr"])
def test_files_are_read_so(adata, section, tmp_path, ending):
    path = tmp_path / f"some{ending}"
    adata.write_h5ad(path) if ending == ".h5ad" else adata.write_zarr(path)
    has_genes_alone(read_section(path), section)


def test_spatialdata_is_read_so(adata, section, tmp_path):
    spatialdata = pytest.importorskip("spatialdata")
    from spatialdata.models import ShapesModel, TableModel

    xy = adata.obsm["spatial"]
    adata.obs["region"] = pd.Categorical(["spots"] * adata.n_obs)
    adata.obs["instance"] = np.arange(adata.n_obs)
    keys = {"region_key": "region", "instance_key": "instance"}
    table = TableModel.parse(adata, region="spots", **keys)
    shapes = ShapesModel.parse(xy, geometry=0, radius=1, index=np.arange(len(xy)))
    whole = spatialdata.SpatialData(shapes={"spots": shapes}, tables={"table": table})
    whole.write(tmp_path / "some.zarr")
    has_genes_alone(read_section(tmp_path / "some.zarr"), section)


@pytest.mark.parametrize("kind", ["Antibody Capture", "protein_coding"])
def test_all_is_kept_where_nothing_is_said_to_be_a_gene(adata, kind):
    adata.var["feature_types"] = kind
    found = section_from_anndata(adata)
    assert len(found.genes) == adata.n_vars
    assert not any("left out" in note for note in found.notes)


def test_what_we_wrote_comes_back_whole(adata, section, tmp_path):
    chosen = section_from_anndata(adata)
    section_to_anndata(chosen).write_h5ad(tmp_path / "ours.h5ad")
    again = read_section(tmp_path / "ours.h5ad")
    np.testing.assert_array_equal(again.genes, chosen.genes)
    assert set(again.var["feature_types"]) == {"Gene Expression"}


def test_controls_without_a_type_are_told_and_kept(adata):
    del adata.var["feature_types"]
    names = adata.var_names.tolist()
    names[names.index("U1")] = "Blank-1"
    adata.var_names = names
    found = section_from_anndata(adata)
    assert "Blank-1" in found.genes.tolist()
    (note,) = (note for note in found.notes if "controls" in note)
    assert note.startswith("1 features are named like controls")
    assert "(Blank-1)" in note


def test_names_of_controls_are_no_names_of_genes():
    assert all(map(is_control, CONTROLS))
    assert not any(map(is_control, GENES))
    assert "10 features" in control_notes([*GENES, *CONTROLS])[0]
    assert (
        "(NegControlProbe_00042, NegControlCodeword_0500, U"
        in (control_notes(CONTROLS)[0])
    )
