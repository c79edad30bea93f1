"""Lengths of texts in HDF5 files: told before the library makes room for them."""

from __future__ import annotations

import struct

import h5py
import pytest

from napari_stentrans.errors import ReadError
from napari_stentrans.io.files.hdf5 import opened_hdf5

NAMES = [f"barcode {number}" for number in range(50)]


def write(path, **how):
    with h5py.File(path, "w") as file:
        file.create_dataset("obs/names", data=NAMES, dtype=h5py.string_dtype(), **how)


def begin_of_references(path):
    with h5py.File(path) as file:
        names = file["obs/names"].id
        offset = names.get_offset()
        return names.get_chunk_info(0).byte_offset if offset is None else offset


@pytest.mark.parametrize(
    "how", [{}, {"chunks": (16,)}, {"chunks": (16,), "compression": "gzip"}]
)
def test_texts_that_are_whole_are_read(tmp_path, how):
    write(tmp_path / "whole.h5", **how)
    with opened_hdf5(tmp_path / "whole.h5") as file:
        assert list(file["obs/names"].asstr()) == NAMES


@pytest.mark.parametrize("how", [{}, {"chunks": (16,)}])
@pytest.mark.parametrize("which", [0, 13])
@pytest.mark.parametrize("length", [100_000_000, 2**31 - 1, 2**32 - 1])
def test_a_text_longer_than_its_file_is_refused(tmp_path, how, which, length):
    path = tmp_path / "damaged.h5"
    write(path, **how)
    place = begin_of_references(path) + 16 * which
    raw = bytearray(path.read_bytes())
    (found,) = struct.unpack_from("<I", raw, place)
    assert found == len(NAMES[which])
    struct.pack_into("<I", raw, place, length)
    path.write_bytes(raw)

    with pytest.raises(ReadError, match=r"/obs/names is damaged"), opened_hdf5(path):
        pass


def test_no_texts_at_all_are_no_damage(tmp_path):
    with h5py.File(tmp_path / "empty.h5", "w") as file:
        file.create_dataset("none", shape=(0,), dtype=h5py.string_dtype())
        file.create_dataset("unset", shape=(7,), dtype=h5py.string_dtype())
    with opened_hdf5(tmp_path / "empty.h5") as file:
        assert file["unset"].shape == (7,)
