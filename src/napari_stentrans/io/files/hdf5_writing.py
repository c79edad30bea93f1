"""Making HDF5 files on disks that may fill up. Knows no format.

Where it cannot write, HDF5 fails in words of its own and then crashes, again and again.
So small parts are made in memory and written by Python, and room for large ones is held
on the disk before HDF5 writes the first byte of them.
"""

from __future__ import annotations

import errno
import math
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import h5py

_GROWTH_BYTES = 1 << 24
"""By which a file in memory grows at a time."""
_INDEX_BYTES, _HEADER_BYTES = 256, 1 << 16
"""At most, of what HDF5 keeps of a chunk, and of datasets as such."""
_CANNOT = {errno.EINVAL, errno.EOPNOTSUPP}
"""Said by file systems that hold no room for a file."""


@contextmanager
def made_in_memory(path: Path) -> Iterator[h5py.File]:
    """Give a file to fill, that fits into memory and is written once it is complete."""
    in_memory = {"driver": "core", "backing_store": False, "block_size": _GROWTH_BYTES}
    with h5py.File(path.name, "w", **in_memory) as file:
        yield file
        file.flush()
        path.write_bytes(file.id.get_file_image())


@contextmanager
def with_room(path: Path, n_bytes: int) -> Iterator[h5py.File]:
    """Open a file to add so many bytes at most; what it does not need is given back.

    Raises
    ------
    OSError
        If the disk has not that much room.
    """
    _hold(path, path.stat().st_size + n_bytes)
    with h5py.File(path, "r+") as file:
        yield file


def bytes_of(
    shape: tuple[int, ...], chunks: tuple[int, ...] | None, value_bytes: int
) -> int:
    """Bytes that a dataset takes at most: those of all its chunks, which are whole."""
    if chunks is None:
        return math.prod(shape) * value_bytes + _HEADER_BYTES
    n_chunks = math.prod(-(-n // size) for n, size in zip(shape, chunks, strict=True))
    return n_chunks * (math.prod(chunks) * value_bytes + _INDEX_BYTES) + _HEADER_BYTES


def _hold(path: Path, n_bytes: int) -> None:
    """Make a file this large, with room for it on the disk that nobody else gets.

    macOS, Windows and some file systems know no way: there free room is looked at.
    """
    allocate = getattr(os, "posix_fallocate", None)
    if allocate is not None:
        try:
            with path.open("r+b") as file:
                allocate(file.fileno(), 0, n_bytes)
        except OSError as error:
            if error.errno not in _CANNOT:
                raise
        else:
            return
    disk = shutil.disk_usage(path.parent)
    if disk.total and disk.free < n_bytes - path.stat().st_size:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
