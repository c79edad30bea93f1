"""AnnData: positions that are kept oddly, or not at all, and names that repeat."""

from __future__ import annotations

import warnings
from dataclasses import replace

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


@pytest.mark.parametrize(
    "key", ["spatialCoords", "SPATIAL", "Spatial", "X_SPATIAL", "Coordinates"]
)
def test_positions_are_found_in_capital_and_small_letters(adata, key):
    expected = section_from_anndata(adata).pixel_xy
    adata.obsm[key] = adata.obsm.pop("spatial")
    adata.obsm["X_umap"] = -expected
    section = section_from_anndata(adata)
    np.testing.assert_array_equal(section.pixel_xy, expected)
    adata.obs = adata.obs[[]]
    section = section_from_anndata(adata)
    assert f'obsm["{key}"]' in section.notes[0]
    adata.obsm["spatial"] = 2 * expected  # as it is spelled surest
    np.testing.assert_array_equal(section_from_anndata(adata).pixel_xy, 2 * expected)


@pytest.fixture
def picture():
    images = {"hires": np.full((40, 40, 3), 120, dtype=np.uint8)}
    factors = {"tissue_hires_scalef": 0.5, "spot_diameter_fullres": 6.0}
    return {"spatial": {"one": {"images": images, "scalefactors": factors}}}


def test_a_picture_is_not_laid_under_places_without_pixels(adata, picture):
    adata.uns = picture
    assert section_from_anndata(adata).image is not None
    adata.obsm["somewhere"] = adata.obsm.pop("spatial")
    section = section_from_anndata(adata)
    assert section.pixel_xy is None
    assert section.image is None
    assert section.spot_diameter is None  # which would be in pixels
    (note,) = section.notes
    assert note.startswith("The picture is not shown, as no pixel positions say")
    adata.obsm["spatial"] = adata.obsm["somewhere"]  # as the note says
    assert section_from_anndata(adata).image is not None
    adata.uns = {}
    del adata.obsm["spatial"]
    assert section_from_anndata(adata).notes == ()


def test_a_picture_of_ours_comes_back_where_pixels_were_made_up(adata, picture):
    adata.uns = picture
    section = section_from_anndata(adata)
    unknown = replace(section, pixel_xy=None)  # as of a table with a picture
    again = section_from_anndata(section_to_anndata(unknown))
    assert again.pixel_xy is None
    assert again.image is not None


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
