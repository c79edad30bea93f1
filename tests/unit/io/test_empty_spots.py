"""Spots without any count are as good as not measured."""

from __future__ import annotations

import numpy as np
import pytest

from napari_stentrans import export, read_section, section_from_anndata
from napari_stentrans.datasets import simulated_section
from napari_stentrans.io.writers.as_anndata import section_to_anndata

EMPTY = [3, 40]


@pytest.fixture
def given():
    """An AnnData of 144 spots, two of them empty."""
    section = simulated_section(n_rows=12, n_cols=12, n_genes=20, seed=2).section
    adata = section_to_anndata(section)
    counts = adata.X.toarray()
    counts[EMPTY] = 0
    adata.X = counts
    return adata


def test_they_are_left_out_and_that_is_said(given, tmp_path):
    path = tmp_path / "section.h5ad"
    given.write_h5ad(path)
    kept = np.delete(given.obs_names.to_numpy(), EMPTY)
    for section in (section_from_anndata(given), read_section(path)):
        assert list(section.barcodes) == list(kept)
        assert (section.library_size > 0).all()
        assert "2 spots without any count left out" in " ".join(section.notes)
    assert given.n_obs == section.n_spots + 2  # what was given stays as it was


def test_in_tables_too(given, tmp_path):
    table = given.to_df()
    table.index = [f"{r}x{c}" for r, c in given.obs[["array_row", "array_col"]].values]
    table.to_csv(tmp_path / "counts.tsv", sep="\t")
    section = read_section(tmp_path / "counts.tsv")
    assert section.n_spots == given.n_obs - 2
    written = export(section, tmp_path / "again.h5ad")
    assert read_section(written).n_spots == section.n_spots


def test_nothing_but_empty_spots_is_not_hidden(given):
    given.X[:] = 0
    assert section_from_anndata(given).n_spots == given.n_obs
