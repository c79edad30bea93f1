"""Parts in one folder are put together only if their names begin alike."""

from __future__ import annotations

import shutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from napari_stentrans.errors import ReadError
from napari_stentrans.io import read_section
from napari_stentrans.io.formats.tenx_matrix import read_matrix

H5 = "filtered_feature_bc_matrix.h5"
LISTED = "tissue_positions_list.csv"


def write_cells(folder, begins):
    rng = np.random.default_rng(0)
    counts = pd.DataFrame(rng.poisson(2, (30, 4)), columns=list("ABCD"))
    counts.to_csv(folder / f"{begins[0]}cell_by_gene.csv")
    cells = pd.DataFrame(rng.random((30, 2)), columns=["center_x", "center_y"])
    cells.to_csv(folder / f"{begins[1]}cell_metadata.csv")


@pytest.mark.parametrize(
    "part", ["", "GSM1_cell_by_gene.csv", "GSM2_cell_metadata.csv"]
)
def test_tables_of_two_samples_are_no_pair(tmp_path, part):
    write_cells(tmp_path, ("GSM1_", "GSM2_"))
    with pytest.raises(ReadError, match="cell_"):
        read_section(tmp_path / part)


@pytest.mark.parametrize("begins", [("GSM1_", "GSM1_"), ("GSM1_", ""), ("", "GSM1_")])
def test_tables_that_begin_alike_are_a_pair(tmp_path, begins):
    write_cells(tmp_path, begins)
    assert read_section(tmp_path).n_spots == 30


def test_what_macos_leaves_is_no_picture(tmp_path, square, write_table):
    write_table(tmp_path / "A1.tsv", square)
    noise = np.random.default_rng(0).integers(0, 255, (80, 120, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "A1.png")
    listed = pd.DataFrame(square.array_rc[:, ::-1].astype(int), columns=["x", "y"])
    listed[["pixel_x", "pixel_y"]] = square.pixel_xy
    listed.to_csv(tmp_path / "A1_selection.tsv", sep="\t", index=False)
    (tmp_path / "._A1.jpg").write_bytes(b"Mac OS X")
    section = read_section(tmp_path / "A1.tsv")
    assert section.image is not None
    assert section.image.name == "A1.png"


@pytest.mark.parametrize("missing", ["barcodes.tsv", "features.tsv"])
def test_names_of_another_sample_are_not_taken(tmp_path, square, mtx_parts, missing):
    mtx_parts(tmp_path, square, "GSM1_A_", without=missing)
    mtx_parts(tmp_path, square, "GSM2_B_")
    with pytest.raises(ReadError, match=f"holds no GSM1_A_{missing}.* only GSM2_B_"):
        read_matrix(tmp_path / "GSM1_A_matrix.mtx")
    assert read_matrix(tmp_path / "GSM2_B_matrix.mtx").counts.shape == (30, 5)


def test_names_without_a_beginning_are_shared(tmp_path, square, mtx_parts):
    mtx_parts(tmp_path, square, "GSM1_A_", without="features.tsv")
    mtx_parts(tmp_path, square, "GSM2_B_", without="features.tsv")
    features = "".join(f"ENSG{name}\t{name}\n" for name in square.genes)
    (tmp_path / "features.tsv").write_text(features)
    for begin in ("GSM1_A_", "GSM2_B_"):
        matrix = read_matrix(tmp_path / f"{begin}matrix.mtx")
        assert list(matrix.var.index) == square.genes
        assert (matrix.counts.toarray() == square.counts).all()


def test_what_macos_leaves_is_no_matrix(tmp_path, square, mtx_parts):
    mtx_parts(tmp_path, square, "GSM1_A_")
    for file in list(tmp_path.iterdir()):
        (tmp_path / f"._{file.name}").write_bytes(b"Mac OS X")
        (tmp_path / f"._{file.name[7:]}").write_bytes(b"Mac OS X")
    assert read_matrix(tmp_path).counts.shape == (30, 5)


@pytest.fixture
def flat(tmp_path, hexagonal, space_ranger):
    """Two samples in one folder, as from GEO; barcodes are the same on every slide."""
    folder = tmp_path / "flat"
    folder.mkdir()
    for begin, times in (("GSM1_A_", 1), ("GSM2_B_", 3)):
        each = replace(hexagonal, counts=hexagonal.counts * times)
        for file in space_ranger(tmp_path / begin, each).rglob("*.*"):
            shutil.copy(file, folder / f"{begin}{file.name}")
    return folder


@pytest.mark.parametrize(
    ("gone", "part", "told"),
    [
        (f"GSM1_A_{LISTED}", f"GSM1_A_{H5}", "GSM1_A_.*there is GSM2_B_tissue"),
        (f"GSM2_B_{H5}", f"GSM2_B_{LISTED}", "no count matrix.*begins with GSM2_B_"),
        (f"GSM1_A_{H5}", f"GSM1_A_{LISTED}", "no count matrix.*begins with GSM1_A_"),
    ],
)
def test_a_missing_part_is_not_taken_from_another_sample(flat, gone, part, told):
    (flat / gone).unlink()
    with pytest.raises(ReadError, match=told):
        read_section(flat / part)
    other = "GSM2_B" if gone.startswith("GSM1") else "GSM1_A"
    assert read_section(flat).name == other  # the only one that is whole


def test_samples_of_which_none_is_whole_are_told(flat):
    (flat / f"GSM1_A_{LISTED}").unlink()
    (flat / f"GSM2_B_{H5}").unlink()
    with pytest.raises(ReadError, match=r"GSM1_A_.*\n.*GSM2_B_.*rename"):
        read_section(flat)


def test_an_mtx_does_not_take_positions_of_another_sample(flat, square, mtx_parts):
    for name in (f"GSM1_A_{LISTED}", f"GSM1_A_{H5}"):
        (flat / name).unlink()
    mtx_parts(flat, square, "GSM1_A_")
    for sole in (False, True):
        if sole:
            (flat / f"GSM2_B_{H5}").unlink()
        with pytest.raises(ReadError, match="begins with GSM1_A_"):
            read_section(flat / "GSM1_A_matrix.mtx")
    with pytest.raises(ReadError, match="begins with GSM1_A_"):
        read_section(flat)


def test_a_picture_of_another_sample_is_not_shown(flat):
    for file in flat.glob("GSM2_B_*"):
        if "scalefactors" in file.name or "image" in file.name:
            file.unlink()
    for name in (H5, LISTED):
        (flat / f"GSM1_A_{name}").unlink()
    section = read_section(flat)
    assert section.image is None
    assert section.spot_diameter is None
    assert "No scalefactors_json.json" in section.notes[0]
    assert not any("GSM1" in file for file in section.files)


def test_parts_without_a_beginning_belong_to_the_sample(flat):
    for file in flat.glob("GSM1_A_*"):
        file.unlink()
    spatial = flat / "spatial"
    spatial.mkdir()
    for file in list(flat.glob("GSM2_B_*")):
        if H5 not in file.name:
            file.rename(spatial / file.name.removeprefix("GSM2_B_"))
    for path in (flat, flat / f"GSM2_B_{H5}", spatial, spatial / LISTED):
        section = read_section(path)
        assert (section.name, section.image.name) == ("flat", "hires")


def test_a_beginning_may_end_with_the_folder_it_was_in(flat):
    for file in list(flat.glob("GSM2_B_*")):
        if H5 not in file.name:
            file.rename(flat / f"GSM2_B_spatial_{file.name.removeprefix('GSM2_B_')}")
    section = read_section(flat / f"GSM2_B_{H5}")
    assert (section.name, section.image.name) == ("GSM2_B", "hires")


def test_what_macos_leaves_is_no_part(flat):
    for file in list(flat.iterdir()):
        if file.name.startswith("GSM1"):
            file.unlink()
        else:
            (flat / f"._{file.name}").write_bytes(b"Mac OS X")
    section = read_section(flat)
    assert section.name == "flat"
    assert section.image.name == "hires"
    assert not any("._" in file for file in section.files)
