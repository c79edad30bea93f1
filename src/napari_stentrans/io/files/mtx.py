"""Matrix Market files: their header is checked before anything is allocated."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import IO, Any, cast

from scipy import io as scipy_io

from napari_stentrans.errors import ReadError
from napari_stentrans.io.files.limits import require, require_held
from napari_stentrans.io.files.text import is_gzipped, opened

_BANNER = "%%matrixmarket"
_ENTRY_BYTES = 16.0
_ENTRY_CHARACTERS = 4.0
"""The shortest entry, "1 1 1" without its end of line, has one more."""
_LONGEST_LINE = 10_000
_MOST_COMMENTS = 1000


def mtx_shape(path: Path) -> tuple[int, int]:
    """Declared (rows, columns) of a sparse matrix, if the file can hold its entries.

    Raises
    ------
    ReadError
        If it is no sparse matrix of numbers, or declares what it cannot hold.
    """
    with opened(path) as file:
        banner = file.readline(_LONGEST_LINE).lower().split()
        line = file.readline(_LONGEST_LINE)
        n_comments = 0
        while line.startswith("%") and n_comments < _MOST_COMMENTS:
            line = file.readline(_LONGEST_LINE)
            n_comments += 1
    if banner[:3] != [_BANNER, "matrix", "coordinate"] or "complex" in banner:
        msg = f"{path.name} is no sparse matrix of numbers (Matrix Market, coordinate)"
        raise ReadError(msg)
    if "pattern" in banner:
        msg = f"{path.name} tells where counts are, but not how many (pattern)"
        raise ReadError(msg)
    try:
        n_rows, n_columns, n_entries = (int(number) for number in line.split())
    except ValueError:
        msg = f"{path.name} does not say how large it is"
        raise ReadError(msg) from None
    if min(n_rows, n_columns, n_entries) < 0:
        msg = f"{path.name} declares a negative size"
        raise ReadError(msg)
    require_held(n_entries * _ENTRY_CHARACTERS, path.stat().st_size, path.name)
    require(n_entries * _ENTRY_BYTES, path.name)
    return n_rows, n_columns


def read_mtx(path: Path) -> Any:
    """Read a matrix whose `mtx_shape` was checked, packed or not by its content."""
    with gzip.open(path) if is_gzipped(path) else path.open("rb") as file:
        return scipy_io.mmread(cast("IO[bytes]", _Forward(file)), spmatrix=True)


class _Forward:
    """A file that can only be read on: scipy ends the program where it goes back."""

    def __init__(self, file: IO[bytes] | gzip.GzipFile) -> None:
        self.read = file.read
