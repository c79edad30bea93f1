"""What the input tells of its spots stands beside the result at those spots."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from anndata import read_h5ad

from napari_stentrans import enhance, export, keys
from napari_stentrans.datasets import simulated_section
from napari_stentrans.io import read_section


@pytest.fixture(scope="module")
def section():
    made = simulated_section(n_rows=8, n_cols=8, n_genes=6).section
    number = np.arange(made.n_spots)
    cluster = np.array(["white matter", "cortex"], dtype=object)[number % 2]
    cluster[:3] = ""  # three spots belong to no cluster
    known = made.obs.assign(
        cluster=cluster,
        n_cells=number,
        kept=number > 9,
        origin="elsewhere",
        x=7.0,
    )
    return replace(made, obs=known)


@pytest.fixture(scope="module")
def result(section):
    return enhance(section, missing=np.arange(section.n_spots) < 5, method="linear")


def test_spots_keep_what_is_known_of_them(section, result):
    obs = result.annotations().obs
    at_spots = obs[obs[keys.BARCODE] != ""].set_index(keys.BARCODE)
    given = section.obs.loc[at_spots.index]
    assert len(at_spots) == section.n_spots  # painted ones, too
    assert (at_spots["n_cells"] == given["n_cells"]).all()
    assert (at_spots["kept"] == given["kept"].map(str)).all()
    has_cluster = given["cluster"] != ""
    assert (at_spots["cluster"] == given["cluster"])[has_cluster].all()
    assert at_spots["cluster"].isna().sum() == 3


def test_nothing_is_guessed_between_spots(result):
    obs = result.annotations().obs
    between = obs[obs[keys.BARCODE] == ""]
    assert len(between)
    assert between[["cluster", "n_cells", "kept", "x"]].isna().all(axis=None)
    assert set(obs["cluster"].cat.categories) == {"white matter", "cortex"}


def test_our_own_columns_are_never_those_of_the_input(result):
    obs = result.annotations().obs
    assert set(obs[keys.ORIGIN]) == {"measured", "midpoint", "painted"}
    assert obs.columns.is_unique


def test_where_every_position_is_a_spot_types_stay(section):
    obs = enhance(section, refine=1, method="linear").annotations().obs
    assert obs["kept"].dtype == bool
    assert obs["n_cells"].dtype.kind == "i"


@pytest.mark.parametrize("ending", [".h5ad", ".csv", ".parquet"])
def test_files_give_them_back(section, result, tmp_path, ending):
    found = read_section(export(result, tmp_path / f"it{ending}")).obs
    at_spots = found[found[keys.BARCODE] != ""].set_index(keys.BARCODE)
    given = section.obs.loc[at_spots.index]
    assert (at_spots["cluster"] == given["cluster"]).all()
    assert (at_spots["n_cells"] == given["n_cells"]).all()
    if ending == ".csv":  # the table itself has room for ours alone
        header = (tmp_path / "it.csv").read_text().split("\n")[0].split(",")
        assert "cluster" not in header


def test_a_section_has_no_cluster_called_nothing(section, tmp_path):
    obs = read_h5ad(export(section, tmp_path / "it.h5ad")).obs
    assert obs["cluster"].isna().sum() == 3
    assert pd.api.types.is_integer_dtype(obs["n_cells"])
