"""AnnData: positions that are kept oddly, or not at all, and names that repeat."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from scipy import sparse

from napari_stentrans.datasets import simulated_section
from napari_stentrans.errors import InvalidSectionError, ReadError
from napari_stentrans.io.formats.h5ad.reader import section_from_anndata
from napari_stentrans.io.writers.as_anndata import section_to_anndata


@pytest.fixture
def adata():
    """A section with array coordinates and pixels."""
    made = simulated_section(lattice="square", n_rows=8, n_cols=8, n_genes=8)
    found = section_to_anndata(made.section)
    found.uns.clear()
    found.obsm["spatial"] = found.obs[["array_col", "array_row"]].to_numpy(float) * 10.0
    return found


@pytest.mark.parametrize("number", [np.nan, np.inf])
def test_array_coordinates_do_where_no_pixel_position_is_a_number(adata, number):
    adata.obsm["spatial"][:] = number
    section = section_from_anndata(adata)
    assert section.pixel_xy is None
    np.testing.assert_array_equal(
        section.array_rc, adata.obs[["array_row", "array_col"]]
    )
    told = 'obsm["spatial"] holds no finite position of any spot.'
    assert section.notes == (told,)


@pytest.mark.parametrize("on_array", [True, False])
@pytest.mark.parametrize("kind", [sparse.csr_matrix, sparse.csc_array])
def test_sparse_positions_are_read(adata, kind, on_array):
    if not on_array:
        adata.obs = adata.obs[[]].assign(sample="one")
    expected = section_from_anndata(adata)
    adata.obsm["spatial"] = kind(adata.obsm["spatial"])
    found = section_from_anndata(adata)
    np.testing.assert_array_equal(found.pixel_xy, expected.pixel_xy)
    assert found.notes == expected.notes


def test_positions_that_are_text_are_told(adata):
    adata.obsm["spatial"] = np.full((adata.n_obs, 2), "here")
    with pytest.raises(ReadError, match=r'obsm\["spatial"\] holds what is no number'):
        section_from_anndata(adata)


def test_spots_of_one_name_are_told_with_what_to_do(adata):
    names = adata.obs_names.tolist()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # anndata's own, of the same
        adata.obs_names = [names[1], *names[1:]]
        with pytest.raises(InvalidSectionError, match="more than once") as caught:
            section_from_anndata(adata)
    assert "adata.obs_names_make_unique()" in str(caught.value)
    adata.obs_names_make_unique()
    assert section_from_anndata(adata).n_spots == len(names)
