"""What keeps a file from being written is told in plain words, of the chosen name."""

from __future__ import annotations

import h5py
import pytest

from napari_stentrans.errors import InvalidRequestError
from napari_stentrans.io.files.replacing import replacing
from napari_stentrans.saving.for_programs import _scratch_beside


def test_of_hdf5(tmp_path):
    path = tmp_path / "x.h5ad"
    with pytest.raises(InvalidRequestError) as told, replacing(path):
        h5py.File(tmp_path / "nowhere" / "y.h5ad", "w")
    assert str(told.value) == f"cannot write {path}: No such file or directory."


def test_of_scratch_files(tmp_path):
    path = tmp_path / "nowhere" / "x.parquet"
    with pytest.raises(InvalidRequestError) as told, _scratch_beside(path):
        pass
    assert str(told.value) == f"cannot write {path}: No such file or directory."
