"""Texts in HDF5 files, looked at before the library does.

The library goes round for ever in a heap one of whose objects is damaged so that it has
no size, and it makes room for a text of any length that a file declares before it looks
for the text. The layouts are those of the global heap and of references into it in the
HDF5 file format specification.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from pathlib import Path

import h5py
import numpy as np

from napari_stentrans.errors import ReadError

_HEAP = b"GCOL\x01\0\0\0"
_HEADER = 16
"""Bytes before the first object, and before the data of each."""
_STEP = 8
_REFERENCE = np.dtype([("length", "<u4"), ("heap", "<u8"), ("object", "<u4")])
_AT_ONCE = 2**20
"""References read at a time."""


def check_heaps(path: Path) -> None:
    """Refuse a file with a heap that cannot be walked through.

    Raises
    ------
    ReadError
        If there is one.
    """
    with (
        path.open("rb") as file,
        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as raw,
    ):
        at = raw.find(_HEAP)
        while at >= 0:
            if not _is_whole(raw, at):
                msg = f"the texts in {path.name} are damaged; copy the file again"
                raise ReadError(msg)
            at = raw.find(_HEAP, at + 1)


def check_lengths(texts: h5py.Dataset, name: str) -> None:
    """Refuse texts that are longer than the file they are said to be in.

    Raises
    ------
    ReadError
        Naming the dataset.
    """
    path = Path(texts.file.filename)
    longest = path.stat().st_size
    with path.open("rb") as raw:
        for start, size in _stretches(texts):
            raw.seek(start)
            left = size // _REFERENCE.itemsize
            while left > 0:
                n = min(left, _AT_ONCE)
                read = raw.read(n * _REFERENCE.itemsize)
                whole = len(read) - len(read) % _REFERENCE.itemsize
                if (np.frombuffer(read[:whole], _REFERENCE)["length"] > longest).any():
                    msg = f"{name}: {texts.name} is damaged; copy the file again"
                    raise ReadError(msg)
                left -= n


def _stretches(dataset: h5py.Dataset) -> Iterator[tuple[int, int]]:
    """Begin and size of what a dataset has in its file; nothing of compressed data."""
    if dataset.chunks is None:
        start = dataset.id.get_offset()
        if start is not None:
            yield start, dataset.id.get_storage_size()
    elif dataset.id.get_create_plist().get_nfilters() == 0:
        for number in range(dataset.id.get_num_chunks()):
            chunk = dataset.id.get_chunk_info(number)
            yield chunk.byte_offset, chunk.size


def _is_whole(raw: mmap.mmap, at: int) -> bool:
    """Whether the objects of a heap lead from its begin to its end."""
    end = at + _number(raw, at + 8, 8)
    if end > len(raw):
        return False
    place = at + _HEADER
    while place + _HEADER <= end:
        is_free = _number(raw, place, 2) == 0
        size = _number(raw, place + 8, 8)
        taken = size if is_free else _HEADER + -(-size // _STEP) * _STEP
        if taken < _HEADER or place + taken > end:
            return False
        place += taken
    return True


def _number(raw: mmap.mmap, at: int, n_bytes: int) -> int:
    return int.from_bytes(raw[at : at + n_bytes], "little")
