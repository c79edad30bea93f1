"""Text files and tables, gzipped or not, by their content."""

from __future__ import annotations

import csv
import gzip
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, TextIO, cast

import pandas as pd

from napari_stentrans.errors import InvalidRequestError, ReadError
from napari_stentrans.io.files.kinds import GZIP, kind_of
from napari_stentrans.io.files.limits import Budget
from napari_stentrans.io.files.pipes import refuse_pipe

GROUPED: Final = r"[+-]?\d{1,3}(?:,\d{3})+"
"""A number in which commas may stand between thousands, or before decimals."""
_COMMENT = "#"
_LONGEST_LINE = 16_000_000
_TABLE_FACTOR = 8.0
"""Bytes of memory that a character of a table takes while it is read."""
_PROBE = 2048
_EXACT: Final = (
    {"float_precision": "round_trip"}
    if tuple(map(int, pd.__version__.split(".")[:2])) < (3, 1)
    else {}
)
"""How numbers are read to the last digit: newer versions always do."""
MISSING: Final = ("", "NA", "NaN", "nan")
"""Cells of tables where there is nothing, but for those of names."""
_MOST_COMMENTS = 10_000
"""Before the first line: files are looked at often, and quickly."""


def is_gzipped(path: Path) -> bool:
    """Whether a file is gzipped, by its content; a pipe is refused."""
    refuse_pipe(path)
    with path.open("rb") as file:
        return file.read(len(GZIP)) == GZIP


def opened(path: Path) -> TextIO:
    """Open a text file for reading, unpacking it if it is gzipped."""
    if is_gzipped(path):
        return cast("TextIO", gzip.open(path, "rt", encoding="utf-8-sig"))
    return path.open(encoding="utf-8-sig")


def first_lines(path: Path, n: int, comment: str | None = None) -> list[str]:
    """First lines of a text file, without blank ones; empty where it is no text.

    Lines before them that begin with ``comment`` are left out.
    """
    if not path.is_file() or path.stat().st_size == 0:
        return []
    found: list[str] = []
    n_comments = 0
    try:
        with opened(path) as file:
            if "\0" in file.read(_PROBE):
                return []
            file.seek(0)
            while len(found) < n and (line := file.readline(_LONGEST_LINE)):
                if comment and not found and line.startswith(comment):
                    n_comments += 1
                    if n_comments > _MOST_COMMENTS:
                        return []
                elif line.strip():
                    found.append(line.rstrip("\r\n"))
    except (UnicodeDecodeError, gzip.BadGzipFile):
        return []
    except EOFError:  # cut off: what is there already may be enough to know it
        return found
    return found


def why_no_text(path: Path) -> str:
    """Say what a file is that has no line of text, and what to do."""
    if path.stat().st_size == 0:
        return "is empty; copy or download it again"
    return f"is {kind_of(path) or 'empty or not text'}"


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


def lines_of(file: TextIO, name: str) -> Iterator[str]:
    """Lines of a text file, none of which may be longer than memory is good for.

    Raises
    ------
    ReadError
        At a line without end.
    """
    while line := file.readline(_LONGEST_LINE):
        if len(line) == _LONGEST_LINE and not line.endswith("\n"):
            msg = (
                f"{name} has a line of over {_LONGEST_LINE:,} characters; it is damaged"
            )
            raise ReadError(msg)
        yield line


def skip_comments(file: TextIO, name: str) -> None:
    """Read a text file up to its first line that is no comment, which is read too.

    Raises
    ------
    ReadError
        At a line without end.
    """
    for line in lines_of(file, name):
        if line.strip() and not line.startswith(_COMMENT):
            return


class Measured:
    """A text file that stops being read where its table would not fit into memory.

    What a small packed file unpacks to is known only while it is unpacked.
    """

    def __init__(self, file: TextIO, name: str) -> None:
        self._file = file
        self._budget = Budget(name)

    def read(self, size: int = -1) -> str:
        """Read some characters; what pandas asks for."""
        text = self._file.read(size)
        self._budget.take(len(text) * _TABLE_FACTOR)
        return text

    def __iter__(self) -> Iterator[str]:
        """Go through its lines; what pandas takes for a sign that it is a file."""
        return iter(self._file)


@contextmanager
def whole_lines(name: str) -> Iterator[None]:
    """Refuse lines with more cells than the header, which pandas would cut.

    Raises
    ------
    ReadError
        At such lines.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)
            yield
    except pd.errors.ParserWarning as error:
        msg = f"{name} has lines with more cells than its header"
        raise ReadError(msg) from error


def read_table(
    path: Path, *, header: bool = True, names: str | int | None = None
) -> pd.DataFrame:
    """Read a whole small table; cells stay text where they are no numbers.

    ``names`` is the column of names, which stay as they are written ("007", "NA").
    """
    lines = first_lines(path, 1)
    if not lines:
        msg = f"it {why_no_text(path)}"
        raise ValueError(msg)
    dialect: dict[str, Any] = {
        "sep": separator(lines[0]),
        "header": 0 if header else None,
        "skipinitialspace": True,
        "keep_default_na": False,
        "index_col": False,
        **_EXACT,
    }
    with opened(path) as file, whole_lines(path.name):
        columns = list(pd.read_csv(file, nrows=1, **dialect).columns)
    names = columns[names] if isinstance(names, int) else names
    with opened(path) as file, whole_lines(path.name):
        table: pd.DataFrame = pd.read_csv(
            Measured(file, path.name),  # type: ignore[call-overload]
            na_values={column: MISSING for column in columns if column != names},
            converters=None if names is None else {names: str},
            **dialect,
        )
    return table


def check_names(names: Iterable[object], path: Path) -> None:
    """Refuse names that go over the end of a line, which no table of text keeps.

    Raises
    ------
    InvalidRequestError
        Naming the first one, and what to write instead.
    """
    broken = next((each for each in names if {"\r", "\n"} & set(str(each))), None)
    if broken is not None:
        msg = (
            f"{path.name}: the name {broken!r} goes over several lines, which text "
            "does not keep; write .h5ad or .parquet, or call it otherwise"
        )
        raise InvalidRequestError(msg)


def is_number(cell: str) -> bool:
    """Whether a cell of a table reads as a number; "nan" and "inf" do."""
    try:
        float(cell)
    except ValueError:
        return False
    return True
