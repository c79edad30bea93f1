"""Heaps of text in HDF5 files, walked through before the library does.

The library goes round for ever in a heap one of whose objects is damaged so that it has
no size. The layout is that of the global heap in the HDF5 file format specification.
"""

from __future__ import annotations

import mmap
from pathlib import Path

from napari_stentrans.errors import ReadError

_HEAP = b"GCOL\x01\0\0\0"
_HEADER = 16
"""Bytes before the first object, and before the data of each."""
_STEP = 8


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
