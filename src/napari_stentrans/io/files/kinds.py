"""What a file is that is no table and no section, from its first bytes and its name."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path
from typing import Final

GZIP: Final = b"\x1f\x8b"
HDF5: Final = b"\x89HDF\r\n\x1a\n"
TIFF: Final = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
"""How tifs begin in either order of bytes; with a +, of more than 4 GB (BigTIFF)."""
_START = 600
_R = "an R data file; save the object as .h5ad"
_NEVER: Final = (
    (b"\xff\xd8\xff", "a picture (jpg)"),
    (b"\x89PNG", "a picture (png)"),
    *((magic, "a picture (tif)") for magic in TIFF),
    (b"PK\x03\x04", "a zip archive; unpack it and open what is inside"),
    (b"%PDF", "a PDF"),
)
_KINDS: Final = (
    *_NEVER,
    (b"PAR1", "a parquet table"),
    (b"\x93NUMPY", "a NumPy array"),
    (b"RDX", _R),
    (b"RDA", _R),
    (b"X\n\0\0", _R),
    (b"BZh", "a bzip2 archive; unpack it first"),
    (b"\xfd7zXZ", "an xz archive; unpack it first"),
    (b"7z\xbc\xaf", "a 7z archive; unpack it first"),
)
_BY_NAME: Final = {
    ".xlsx": "an Excel workbook; save its sheet as csv and open that",
    ".xls": "an Excel workbook; save its sheet as csv and open that",
    ".cloupe": "made for the Loupe Browser; open the output folder it came with",
}
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


def is_never_a_section(path: Path) -> bool:
    """Whether a file is a picture, archive or document, before anything is loaded."""
    with path.open("rb") as file:
        return file.read(8).startswith(tuple(magic for magic, _ in _NEVER))


def kind_of(path: Path) -> str | None:
    """Say what a file is, and after a semicolon what to do; None if that is unknown."""
    with path.open("rb") as file:
        start = file.read(_START)
    if path.suffix.lower() in _BY_NAME:
        return _BY_NAME[path.suffix.lower()]
    if start.startswith(GZIP):
        return _packed(path)
    found = _by_bytes(start)
    if found is None and b"\0" not in start.lstrip(b"\xff\xfe")[:1]:
        return _encoded(start)
    return found


def _by_bytes(start: bytes) -> str | None:
    if start[257:262] == b"ustar":
        return "a tar archive; unpack it and open what is inside"
    return next((what for magic, what in _KINDS if start.startswith(magic)), None)


def _packed(path: Path) -> str | None:
    """Say what was gzipped, where that is no text."""
    try:
        with gzip.open(path) as file:
            start = file.read(_START)
    except (OSError, EOFError, zlib.error):
        return None
    if start.startswith(HDF5):
        return "a gzipped HDF5 file; unpack it (gunzip) and open what comes out"
    found = _by_bytes(start)
    if found is None or found == _R:
        return found
    return found if "archive" in found else f"{found}, gzipped; unpack it first"


def _encoded(start: bytes) -> str | None:
    """Tell text that is not UTF-8."""
    is_wide = start.startswith(_UTF_16)
    try:
        start[: start.rfind(b"\n") + 1].decode("utf-8")
    except UnicodeDecodeError:
        control = sum(byte < 32 and byte not in b"\t\r\n" for byte in start)
        if is_wide or not control:
            return "text, but not in UTF-8; save it as UTF-8 (csv UTF-8 in Excel)"
    return None
