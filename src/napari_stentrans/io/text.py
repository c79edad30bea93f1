"""Text files and tables, gzipped or not, by their content."""

from __future__ import annotations

import csv
import gzip
from pathlib import Path
from typing import TextIO, cast

import pandas as pd

_GZIP = b"\x1f\x8b"
_LONGEST_LINE = 8_000_000
_PROBE = 2048


def opened(path: Path) -> TextIO:
    """Open a text file for reading, unpacking it if it is gzipped."""
    with path.open("rb") as file:
        packed = file.read(2) == _GZIP
    if packed:
        return cast("TextIO", gzip.open(path, "rt", encoding="utf-8-sig"))
    return path.open(encoding="utf-8-sig")


def first_lines(path: Path, n: int) -> list[str]:
    """First lines of a text file, without blank ones; empty where it is no text."""
    if not path.is_file() or path.stat().st_size == 0:
        return []
    found: list[str] = []
    try:
        with opened(path) as file:
            if "\0" in file.read(_PROBE):
                return []
            file.seek(0)
            while len(found) < n and (line := file.readline(_LONGEST_LINE)):
                if line.strip():
                    found.append(line.rstrip("\r\n"))
    except (UnicodeDecodeError, gzip.BadGzipFile):
        return []
    except EOFError:  # cut off: what is there already may be enough to know it
        return found
    return found


def separator(line: str) -> str:
    """Separator of a table, from one of its lines."""
    return max("\t,; ", key=lambda mark: (line.count(mark), mark == "\t"))


def fields(line: str, mark: str) -> list[str]:
    """Cells of a line, without quotes and blanks around them."""
    if '"' in line:
        return [cell.strip() for cell in next(csv.reader([line], delimiter=mark))]
    if " " in line and mark != " ":
        return [cell.strip() for cell in line.split(mark)]
    return line.split(mark)


def read_table(path: Path, *, header: bool = True) -> pd.DataFrame:
    """Read a whole small table; cells stay text where they are no numbers."""
    lines = first_lines(path, 1)
    if not lines:
        raise ValueError("it is empty or not text")  # noqa: EM101
    with opened(path) as file:
        return pd.read_csv(
            file,
            sep=separator(lines[0]),
            header=0 if header else None,
            skipinitialspace=True,
            keep_default_na=False,
            na_values=["", "NA", "NaN", "nan"],
            index_col=False,
        )
