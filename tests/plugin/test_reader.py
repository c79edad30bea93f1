"""The reader contract: None for what is not ours, never an exception; then layers."""

from __future__ import annotations

import gzip

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Layer

from napari_stentrans import plugin
from napari_stentrans.datasets import samples
from napari_stentrans.errors import StEnTransError
from napari_stentrans.gui.canvas.layers import Role, tag_of


@pytest.fixture
def foreign(tmp_path):
    """Files and folders that are no sections."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty.csv").touch()
    (tmp_path / "words.tsv").write_text("these are\nonly words\n")
    (tmp_path / "noise.h5").write_bytes(bytes(range(256)) * 20)
    (tmp_path / "noise.h5ad").write_bytes(b"\x89HDF\r\n\x1a\n" + b"\0" * 100)
    with gzip.open(tmp_path / "whole.tsv.gz", "wb") as file:
        file.write(b"gene\t1x1\t2x1\n" * 500)
    whole = (tmp_path / "whole.tsv.gz").read_bytes()
    (tmp_path / "truncated.tsv.gz").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    return tmp_path


@pytest.mark.parametrize(
    "name",
    [
        "empty",
        "empty.csv",
        "words.tsv",
        "noise.h5",
        "noise.h5ad",
        "picture.png",
        "gone",
    ],
)
def test_foreign_paths_are_left_to_other_readers(foreign, name):
    assert plugin.get_reader(str(foreign / name)) is None


def test_a_truncated_file_raises_at_most_when_read(foreign):
    path = str(foreign / "truncated.tsv.gz")

    reader = plugin.get_reader(path)

    if reader is not None:
        with pytest.raises(StEnTransError):
            reader(path)


def test_normalised_values_are_refused_with_a_hint_to_the_panel(tmp_path):
    table = tmp_path / "t.tsv"
    table.write_text("\tA\tB\n1x1\t.5\t1.2\n1x2\t.1\t2\n2x1\t.3\t0\n2x2\t1.5\t.2\n")

    with pytest.raises(StEnTransError, match="tick 'Take normalised values'"):
        plugin.read(str(table))


def test_one_foreign_path_among_others_is_refused(foreign):
    section = str(samples()["simulated_st"])

    assert plugin.get_reader([section, str(foreign / "words.tsv")]) is None
    assert plugin.get_reader([]) is None


@pytest.mark.parametrize("name", ["simulated_st", "simulated_visium"])
def test_a_section_becomes_layers(name):
    path = str(samples()[name])

    layers = plugin.get_reader(path)(path)

    tags = [tag_of(options["metadata"]) for _, options, _ in layers]
    assert tags[-1].role is Role.COUNTS
    assert (tags[0].role is Role.IMAGE) == (name == "simulated_visium")
    assert len({id(tag.section) for tag in tags}) == 1


def test_several_sections_are_read_at_once():
    path = str(samples()["simulated_st"])

    layers = plugin.get_reader([path, path])([path, path])

    tags = [tag_of(options["metadata"]) for _, options, _ in layers]
    assert len({id(tag.section) for tag in tags}) == 2


@pytest.mark.parametrize(
    "open_sample", [plugin.open_simulated_st, plugin.open_simulated_visium]
)
def test_samples_open_as_layers_that_napari_takes(open_sample):
    viewer = ViewerModel()

    for data in open_sample():
        viewer.add_layer(Layer.create(*data))

    counts = viewer.layers[-1]
    assert np.nanmin(counts.data) >= 0
    assert counts.contrast_limits[1] > counts.contrast_limits[0]


@pytest.mark.parametrize(
    ("place", "spots"),
    [("mel1_rep1", 279), ("crc16_visium", 3106), ("her2st/C5.tsv.gz", None)],
)
def test_real_sections_open(shared_data, place, spots):
    path = str(shared_data / place)

    layers = plugin.get_reader(path)(path)

    section = tag_of(layers[-1][1]["metadata"]).section
    assert spots is None or section.n_spots == spots
