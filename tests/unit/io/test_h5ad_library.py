"""AnnData of several sections: which spots are meant, and which picture is theirs."""

from __future__ import annotations

from dataclasses import replace

import anndata as ad
import numpy as np
import pandas as pd
import pytest

from napari_stentrans.datasets import simulated_section
from napari_stentrans.errors import InvalidRequestError, ReadError
from napari_stentrans.io import read_section
from napari_stentrans.io.formats.h5ad.reader import section_from_anndata
from napari_stentrans.io.writers.as_anndata import section_to_anndata
from napari_stentrans.section.image import TissueImage

NAMES = ("C5", "C4")
SIZE = {"C5": 40.0, "C4": 50.0}


def one(name: str) -> ad.AnnData:
    """A section whose picture, of one colour, tells it from the other."""
    made = simulated_section(lattice="square", n_rows=8, n_cols=8, n_genes=6).section
    shade = np.full((20, 30, 3), 10 * int(name[1:]), dtype=np.uint8)
    section = replace(
        made,
        name=name,
        image=TissueImage(shade, 0.1, "hires"),
        spot_diameter=SIZE[name],
    )
    return section_to_anndata(section)


def both(label: str | None) -> ad.AnnData:
    return ad.concat(
        {name: one(name) for name in NAMES},
        label=label,
        index_unique="-",
        uns_merge="unique",
    )


def of_one(name: str, label: str = "patient") -> ad.AnnData:
    """One of two sections that were put together, which still has both pictures."""
    whole = both(label)
    return whole[whole.obs[label] == name].copy()


def shade_of(section) -> int | None:
    return None if section.image is None else int(section.image.data.max())


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("label", ["slide", "patient", "whatever it is"])
@pytest.mark.parametrize("kind", ["category", "object"])
def test_any_column_may_tell_whose_picture_it_is(name, label, kind):
    adata = of_one(name, label)
    adata.obs[label] = adata.obs[label].astype(kind)
    section = section_from_anndata(adata)
    assert shade_of(section) == 10 * int(name[1:])
    assert section.spot_diameter == SIZE[name]
    assert not any("pictures" in note for note in section.notes)


def undecided(adata: ad.AnnData) -> None:
    """Leave nothing that says which section it is, or nothing that may be believed."""
    del adata.obs["patient"]


def contradictory(adata: ad.AnnData) -> None:
    adata.obs["control"] = "C5"


def partly_unknown(adata: ad.AnnData) -> None:
    adata.obs["patient"] = adata.obs["patient"].astype(object)
    adata.obs.loc[adata.obs_names[0], "patient"] = None


@pytest.mark.parametrize("spoil", [undecided, contradictory, partly_unknown])
def test_no_picture_is_better_than_that_of_another_section(spoil):
    adata = of_one("C4")
    spoil(adata)
    section = section_from_anndata(adata)
    assert section.image is None
    assert section.spot_diameter is None
    np.testing.assert_array_equal(section.pixel_xy, adata.obsm["spatial"])
    (note,) = (note for note in section.notes if "pictures" in note)
    assert note.startswith("There are 2 pictures (C5, C4), and nothing says which")
    assert 'Keep one in uns["spatial"]' in note


@pytest.mark.parametrize("advice", ["keep", "name", "choose"])
def test_what_the_note_advises_helps(advice):
    adata = of_one("C4")
    undecided(adata)
    wishes = {"library": "C4"} if advice == "choose" else {}
    if advice == "keep":
        del adata.uns["spatial"]["C5"]
    if advice == "name":
        adata.obs["library_id"] = "C4"
    assert shade_of(section_from_anndata(adata, **wishes)) == 40


def test_the_number_of_a_cluster_is_no_name_of_a_section():
    adata = of_one("C4")
    undecided(adata)
    spatial = adata.uns["spatial"]
    adata.uns["spatial"] = {"0": spatial["C5"], "1": spatial["C4"]}
    adata.obs["leiden"] = pd.Categorical(["0"] * adata.n_obs)
    assert section_from_anndata(adata).image is None
    adata.obs["batch"] = "1"  # a name that says what it is may hold a number
    assert shade_of(section_from_anndata(adata)) == 40


def test_a_size_of_spots_that_all_agree_on_is_kept():
    adata = of_one("C4")
    undecided(adata)
    for entry in adata.uns["spatial"].values():
        entry["scalefactors"]["spot_diameter_fullres"] = 45.0
    section = section_from_anndata(adata)
    assert section.image is None
    assert section.spot_diameter == 45.0


@pytest.mark.parametrize("label", ["slide", "patient"])
@pytest.mark.parametrize("name", NAMES)
def test_one_of_several_sections_is_chosen(tmp_path, label, name):
    adata = both(label)
    adata.write_h5ad(tmp_path / "both.h5ad")
    read = read_section(tmp_path / "both.h5ad", library=name)
    in_hand = section_from_anndata(adata, library=name)
    for section in (read, in_hand):
        assert section.n_spots == one(name).n_obs
        assert all(section.barcodes.str.endswith(f"-{name}"))
        assert shade_of(section) == 10 * int(name[1:])
        assert section.wishes["library"] == name


@pytest.mark.parametrize("label", ["slide", "patient"])
def test_of_several_sections_none_is_taken_unasked(label):
    adata = both(label)
    with pytest.raises(ReadError, match="there are several sections") as caught:
        section_from_anndata(adata)
    told = str(caught.value)
    n_spots = one("C4").n_obs
    assert f"{label} has 'C5' ({n_spots} spots), 'C4' ({n_spots} spots)" in told
    assert "library='C5'" in told
    assert "--library C5" in told
    advised = f"adata[adata.obs['{label}'] == 'C5']"
    assert advised in told
    chosen = eval(advised, {"adata": adata})  # as a person would type it
    assert shade_of(section_from_anndata(chosen)) == 50


def test_spots_that_no_section_is_named_for_are_no_section():
    adata = both("slide")
    named = adata.obs["slide"].astype(object).to_numpy().copy()
    named[[0, 3]] = None
    adata.obs["slide"] = pd.Categorical(named)
    with pytest.raises(ReadError, match="there are several sections") as caught:
        section_from_anndata(adata)
    n_spots = one("C4").n_obs
    assert f"'C5' ({n_spots - 2} spots)" in str(caught.value)
    assert f"'C4' ({n_spots} spots)" in str(caught.value)
    assert "nan" not in str(caught.value)
    assert section_from_anndata(adata, library="C5").n_spots == n_spots - 2


def test_advice_on_numbered_sections_can_be_followed():
    adata = both("slide")
    adata.obs["slide"] = (adata.obs["slide"] == "C4").astype(int).to_numpy()
    with pytest.raises(ReadError, match=r"adata\[adata\.obs\['slide'\] == 0\]\."):
        section_from_anndata(adata)


def test_a_picture_of_others_is_not_insisted_on():
    with pytest.raises(ReadError, match="no library 'C5'; all spots are of 'C4'"):
        section_from_anndata(of_one("C4"), library="C5")


def test_positions_of_an_anndata_in_hand_come_from_a_list(tmp_path):
    adata = one("C4")
    places = pd.DataFrame(adata.obsm["spatial"], adata.obs_names, ["x", "y"])
    places.iloc[:40].to_csv(tmp_path / "places.csv", index_label="barcode")
    del adata.obsm["spatial"]
    adata.obs = adata.obs[[]]
    section = section_from_anndata(adata, positions=tmp_path / "places.csv")
    assert section.n_spots == 40
    np.testing.assert_allclose(section.pixel_xy, places.iloc[:40])
    assert str(tmp_path / "places.csv") in section.inputs  # never written to
    with pytest.raises(InvalidRequestError, match="there is no positions file"):
        section_from_anndata(adata, positions=tmp_path / "gone.csv")
