"""The shipped samples hold what the simulator makes, and open as such."""

from __future__ import annotations

import importlib.util
import json
from functools import cache
from types import ModuleType

import h5py
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from napari_stentrans.datasets import sample_data_dir, samples


@pytest.fixture(scope="module")
def maker(repository) -> ModuleType:
    """The script that made the samples."""
    path = repository / "scripts" / "make_sample_data.py"
    if not path.exists():
        pytest.skip("the script is not part of an installed package")
    spec = importlib.util.spec_from_file_location("make_sample_data", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for name in ("simulated_st", "simulated_visium"):
        setattr(module, name, cache(getattr(module, name)))
    return module


@pytest.fixture(scope="module")
def made_again(maker, tmp_path_factory):
    folder = tmp_path_factory.mktemp("made_again")
    maker.main(folder)
    return folder


def files_of(folder) -> list[str]:
    return sorted(
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.is_file() and path.name != "README.md"
    )


def test_the_same_files_are_made_again(made_again):
    assert files_of(made_again) == files_of(sample_data_dir())


def test_tables_are_made_again_value_by_value(made_again):
    for name in files_of(made_again):
        if name.endswith((".tsv.gz", ".csv")):
            separator = "\t" if ".tsv" in name else ","
            shipped, made = (
                pd.read_csv(folder / name, sep=separator, index_col=0)
                for folder in (sample_data_dir(), made_again)
            )
            pd.testing.assert_frame_equal(shipped, made)


def test_pictures_and_scales_are_made_again(made_again):
    shipped = sample_data_dir()
    for name in files_of(made_again):
        if name.endswith(".png"):
            with (
                Image.open(shipped / name) as one,
                Image.open(made_again / name) as two,
            ):
                difference = np.asarray(one, int) - np.asarray(two, int)
            assert np.abs(difference).max() <= 1  # rounding differs between machines
        if name.endswith(".json"):
            one = json.loads((shipped / name).read_text())
            assert one == json.loads((made_again / name).read_text())


def test_the_matrix_is_made_again_value_by_value(made_again):
    name = "simulated_visium/outs/filtered_feature_bc_matrix.h5"
    with (
        h5py.File(sample_data_dir() / name) as one,
        h5py.File(made_again / name) as two,
    ):
        names: list[str] = []
        one["matrix"].visit(names.append)
        assert {"barcodes", "data", "features/id", "indptr", "shape"} <= set(names)
        for entry in names:
            if isinstance(one["matrix"][entry], h5py.Dataset):
                np.testing.assert_array_equal(
                    one["matrix"][entry][()], two["matrix"][entry][()]
                )


def test_the_samples_are_small():
    n_bytes = sum(
        (sample_data_dir() / name).stat().st_size
        for name in files_of(sample_data_dir())
    )
    assert n_bytes < 3_000_000


def test_the_table_opens_as_the_section_behind_it(maker):
    from napari_stentrans.io import read_section

    simulated = maker.simulated_st()
    section, truth = read_section(samples()["simulated_st"]), simulated.section
    assert section.lattice.kind == "square"
    assert section.genes.tolist() == truth.genes.tolist()
    assert section.barcodes.tolist() == truth.barcodes.tolist()
    np.testing.assert_array_equal(section.counts.toarray(), truth.counts.toarray())
    np.testing.assert_array_equal(section.array_rc, truth.array_rc)
    np.testing.assert_array_equal(simulated.truth_at(section.array_rc), simulated.truth)


@pytest.mark.parametrize("place", ["", "outs", "outs/filtered_feature_bc_matrix.h5"])
def test_the_folder_opens_as_the_section_behind_it(maker, place):
    from napari_stentrans.io import read_section

    simulated = maker.simulated_visium()
    truth, sites = maker.as_space_ranger(simulated)
    section = read_section(samples()["simulated_visium"] / place)
    assert section.lattice.kind == "hex"
    assert section.name == "simulated_visium"
    assert section.genes.tolist() == truth.genes.tolist()
    assert sorted(section.barcodes) == sorted(truth.barcodes)
    section = section.subset(section.barcodes.get_indexer(truth.barcodes))
    np.testing.assert_array_equal(section.counts.toarray(), truth.counts.toarray())
    np.testing.assert_array_equal(section.array_rc, truth.array_rc)
    np.testing.assert_array_equal(section.pixel_xy, truth.pixel_xy)
    np.testing.assert_array_equal(section.image.data, truth.image.data)
    assert section.image.scale == pytest.approx(truth.image.scale)
    assert section.spot_diameter == pytest.approx(truth.spot_diameter)
    assert sites["in_tissue"].sum() == section.n_spots


def test_both_samples_have_a_hole_to_repair(maker):
    from napari_stentrans.io import read_section
    from napari_stentrans.section.tissue import interior_holes

    for name, make in (
        ("simulated_st", maker.simulated_st),
        ("simulated_visium", maker.simulated_visium),
    ):
        section, simulated = read_section(samples()[name]), make()
        holes = interior_holes(section.lattice, section.array_rc)
        assert {tuple(hole) for hole in holes} == {
            tuple(p) for p in simulated.removed_rc
        }
