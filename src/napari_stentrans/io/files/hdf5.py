"""HDF5 files, looked through before anything in them is believed. Knows no format."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from napari_stentrans.errors import ReadError
from napari_stentrans.io.files.hdf5_heap import check_heaps, check_lengths
from napari_stentrans.io.files.limits import require, require_held

_MOST_OBJECTS = 100_000
_TEXTS_AT_ONCE = 1_000_000


def is_hdf5(path: Path) -> bool:
    """Whether a file begins as HDF5 does."""
    return path.is_file() and bool(h5py.is_hdf5(path))


@contextmanager
def opened_hdf5(path: Path) -> Iterator[h5py.File]:
    """Open a file for reading, once `check_hdf5` finds nothing wrong.

    Raises
    ------
    ReadError
        If it is no HDF5 file, or declares what it cannot hold.
    """
    if not is_hdf5(path):
        msg = f"{path.name} is not an HDF5 file, or it is cut off; copy it again"
        raise ReadError(msg)
    check_heaps(path)
    with h5py.File(path, "r") as file:
        check_hdf5(file, path.name)
        yield file


def check_hdf5(file: h5py.File, name: str) -> None:
    """Refuse a file that declares more than it holds, or that points to other files.

    Raises
    ------
    ReadError
        Naming the dataset.
    """
    _check_attributes(file, name)
    waiting: list[h5py.Group] = [file]
    seen: set[int] = set()
    total = 0.0
    while waiting:
        group = waiting.pop()
        for key in group:
            link = group.get(key, getlink=True)
            if isinstance(link, h5py.ExternalLink):
                msg = f"{name}: {key!r} lies in another file, which is not followed"
                raise ReadError(msg)
            if not isinstance(link, h5py.HardLink):
                continue  # another name of something that is looked at anyhow
            found = group[key]
            address = h5py.h5o.get_info(found.id).addr
            if address in seen:
                continue
            seen.add(address)
            if len(seen) > _MOST_OBJECTS:
                msg = f"{name} holds over {_MOST_OBJECTS} objects, so it is no section"
                raise ReadError(msg)
            _check_attributes(found, name)
            if isinstance(found, h5py.Group):
                waiting.append(found)
            elif isinstance(found, h5py.Dataset):
                total += _declared(found, name)
                require(total, name)


def texts(dataset: Any) -> np.ndarray[Any, Any]:
    """Strings of a dataset, whatever way they are stored, shape as stored."""
    found = np.empty(dataset.shape, dtype=object)
    for start in range(0, len(found), _TEXTS_AT_ONCE):
        here = slice(start, start + _TEXTS_AT_ONCE)
        found[here] = [
            v.decode() if isinstance(v, bytes) else str(v) for v in dataset[here]
        ]
    return found


def _check_attributes(found: h5py.HLObject, name: str) -> None:
    """Refuse attributes of a kind that no section has."""
    for at in range(h5py.h5a.get_num_attrs(found.id)):
        attribute = h5py.h5a.open(found.id, index=at)
        label = attribute.name.decode(errors="replace")
        _check_kind(attribute.get_type(), f"{name}: {found.name}, {label}")


def _check_kind(kind: h5py.h5t.TypeID, what: str) -> None:
    """Refuse sequences of any length that are no text: HDF5 crashes over damaged ones.

    One wrong bit makes one of a text.
    """
    if isinstance(kind, h5py.h5t.TypeVlenID):
        msg = f"{what} is damaged; copy the file again"
        raise ReadError(msg)


def _declared(dataset: h5py.Dataset, name: str) -> float:
    """Bytes that a dataset will take, after checking that the file can hold it."""
    if dataset.is_virtual or dataset.external:
        msg = f"{name}: {dataset.name} lies in another file, which is not followed"
        raise ReadError(msg)
    if dataset.shape is None:
        return 0.0
    _check_kind(dataset.id.get_type(), f"{name}: {dataset.name}")
    declared = math.prod(map(float, dataset.shape)) * float(dataset.dtype.itemsize)
    text = h5py.check_string_dtype(dataset.dtype)
    if text is not None and text.length is None:
        check_lengths(dataset, name)
    require_held(declared, dataset.id.get_storage_size(), f"{name}: {dataset.name}")
    return declared
