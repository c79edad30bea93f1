"""Tables of ours as AnnData: the same spots, columns and types as from an h5ad."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from anndata import read_h5ad

from napari_stentrans.datasets import simulated_section
from napari_stentrans.exports import export
from napari_stentrans.io import read_section
from napari_stentrans.io.tables import read_anndata
from napari_stentrans.pipeline import enhance

ENDINGS = (".csv", ".tsv", ".tsv.gz", ".parquet")


@pytest.fixture(scope="module")
def section():
    made = simulated_section(n_rows=8, n_cols=8, n_genes=6).section
    known = made.obs.assign(
        quality=1.5,
        batch=np.arange(made.n_spots) % 3,
        region=np.where(np.arange(made.n_spots) % 2, "b10", "b2"),
        note=[f"spot {i}" for i in range(made.n_spots)],
        checked=True,
    )
    return replace(made, obs=known)


@pytest.fixture(scope="module")
def result(section):
    hidden = np.arange(section.n_spots) < 5
    return enhance(section, missing=hidden, method="linear", refine=2, genes="all")


def assert_same_obs(what, tmp_path, ending):
    found = read_anndata(export(what, tmp_path / f"it{ending}")).obs
    expected = read_h5ad(export(what, tmp_path / "it.h5ad")).obs
    # Newer versions of anndata read names as text, which ours are objects.
    pd.testing.assert_frame_equal(
        found, expected, check_names=False, check_index_type=False
    )
    return found


@pytest.mark.parametrize("ending", ENDINGS)
def test_positions_of_a_result_are_as_in_its_h5ad(result, tmp_path, ending):
    found = assert_same_obs(result, tmp_path, ending)
    assert list(found["origin"].cat.categories) == ["measured", "midpoint", "painted"]
    assert (found["in_tissue"] == 1).all()


@pytest.mark.parametrize("ending", ENDINGS)
def test_one_position_alone_has_an_origin_of_the_same_kind(section, tmp_path, ending):
    at = section.array_rc[:1]
    single = enhance(section, at=at, method="linear", genes="all")
    found = assert_same_obs(single, tmp_path, ending)
    assert found["origin"].dtype == "category"


@pytest.mark.parametrize("ending", ENDINGS)
def test_spots_of_a_section_are_as_in_its_h5ad(section, tmp_path, ending):
    found = assert_same_obs(section, tmp_path, ending)
    assert found["region"].dtype == "category"
    assert pd.api.types.is_string_dtype(found["note"].dtype)


@pytest.mark.parametrize("ending", ENDINGS)
def test_spots_of_a_result_that_was_read_are_as_in_its_h5ad(result, tmp_path, ending):
    read = read_section(export(result, tmp_path / "result.h5ad"))
    assert_same_obs(read, tmp_path, ending)
