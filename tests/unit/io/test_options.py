"""Wishes that a person wrote down wrong: told, whatever was written."""

from __future__ import annotations

import numpy as np
import pytest

from napari_stentrans.errors import InvalidRequestError
from napari_stentrans.io import read_section
from napari_stentrans.io.options import ReadOptions


@pytest.mark.parametrize("name", ["bin_size", "pitch"])
@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("8", "must be a number above 0, such as .*=50, not '8'"),
        ([8], "must be a number above 0"),
        (True, "must be a number above 0"),
        (0, "must be a size above 0, not 0"),
        (np.inf, "must be a size above 0, not inf"),
    ],
)
def test_a_size_that_is_none(name, value, told):
    with pytest.raises(InvalidRequestError, match=f"^{name} {told}"):
        ReadOptions.of(**{name: value})


@pytest.mark.parametrize("value", [8, 8.5, np.float32(8), np.int64(8)])
def test_sizes_are_numbers_of_any_kind(value):
    assert ReadOptions.of(bin_size=value).bin_size == value


@pytest.mark.parametrize("name", ["positions", "image"])
@pytest.mark.parametrize("value", [5, ["a.csv"], True])
def test_a_file_that_is_no_path(tmp_path, name, value):
    (tmp_path / "a.csv").write_text("\t1x1\nA\t1\n")
    told = f"{name} must be the path of a file, not"
    with pytest.raises(InvalidRequestError, match=told):
        read_section(tmp_path / "a.csv", **{name: value})


@pytest.mark.parametrize("name", ["name", "library", "table", "coordinate_system"])
def test_a_name_that_is_no_text(name):
    told = f'^{name} must be text, such as {name}="5", not 5$'
    with pytest.raises(InvalidRequestError, match=told):
        ReadOptions.of(**{name: 5})


@pytest.mark.parametrize("value", ["no", None, 0])
def test_a_switch_that_is_none(value):
    with pytest.raises(InvalidRequestError, match="must be True or False"):
        ReadOptions.of(allow_normalised=value)
