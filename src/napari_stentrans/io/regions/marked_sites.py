"""Tables of marked sites: array positions or barcodes, with labels.

Labels: 1 predict here, 2 outside the tissue, 0 nothing.
"""

from __future__ import annotations

import codecs
from pathlib import Path

import numpy as np
import pandas as pd

from napari_stentrans import keys
from napari_stentrans.errors import InvalidRequestError
from napari_stentrans.io.assembly.columns import ROW_COL, columns_among
from napari_stentrans.io.files.kinds import kind_of
from napari_stentrans.io.files.text import GROUPED, first_lines, read_table, separator
from napari_stentrans.io.regions.columns import LABEL, as_known, columns_of
from napari_stentrans.io.regions.marks import marks_of
from napari_stentrans.io.regions.spot_lists import lists_spots, read_spot_list
from napari_stentrans.section.lattice import FloatArray, IntArray
from napari_stentrans.section.missing import (
    OUTSIDE,
    PREDICT,
    MissingRegions,
)
from napari_stentrans.section.raster import SpotRaster
from napari_stentrans.section.section import Section
from napari_stentrans.section.tissue import BoolArray


def table_of(path: Path, names: str | int | None = None) -> pd.DataFrame:
    """Read a table; the column of names stays as it is written.

    Raises
    ------
    InvalidRequestError
        If there is none.
    """
    _require_text(path)
    if isinstance(names, str):
        names = columns_of(path).index(names)
    table = read_table(path, names=names)
    return table.set_axis(as_known(table.columns), axis=1)


def positions_of(table: pd.DataFrame, path: Path) -> FloatArray:
    """Array coordinates of a table, shape (position, 2).

    Raises
    ------
    InvalidRequestError
        Naming what is missing, or the first line that holds no numbers.
    """
    wanted = columns_among(table.columns, ROW_COL)
    if wanted is None:
        missing = [each for each in ROW_COL[0] if each not in table]
        msg = (
            f"{path.name} has no column {' and no column '.join(missing)}, only "
            f"{', '.join(table.columns[:6])}. Its first line must name the columns "
            "array_row and array_col, or row and col."
        )
        raise InvalidRequestError(msg)
    if not len(table):
        msg = f"{path.name} lists no position"
        raise InvalidRequestError(msg)
    cells = table[list(wanted)]
    mark = separator(first_lines(path, 1)[0])
    array_rc = np.column_stack([_numbers(cells[column], mark) for column in wanted])
    bad = np.flatnonzero(~np.isfinite(array_rc).all(axis=1))
    if len(bad):
        first = [str(cell) for cell in cells.iloc[bad[0]]]
        what = "positions are no numbers" if len(bad) > 1 else "position is no number"
        advice = ". Write decimals as 5.5." if "," in "".join(first) else ""
        msg = (
            f"{path.name}: {len(bad)} {what} (first: line {bad[0] + 2}, "
            f"{' and '.join(first)}){advice}"
        )
        raise InvalidRequestError(msg)
    return array_rc


def missing_of(path: Path, section: Section) -> MissingRegions:
    """Read a table of positions or of barcodes.

    Raises
    ------
    InvalidRequestError
        If it does not fit the section.
    """
    _require_text(path)
    if not _lists_places(columns_of(path), path, section):
        spots, table, names, first_line = read_spot_list(path, section.barcodes)
        labels = _labels(table, [names], path, first_line)
        return _regions(section, section.array_rc[spots], labels, path)
    table = table_of(path)
    array_rc = positions_of(table, path)
    return _regions(section, array_rc, _labels(table, [], path), path)


def _require_text(path: Path) -> None:
    """Refuse what cannot be a table, and say what it is."""
    if not path.exists():
        msg = f"{path} cannot be read: there is no such file"
        raise InvalidRequestError(msg)
    if not first_lines(path, 1):
        msg = f"{path} is {_what_it_is(path)}"
        raise InvalidRequestError(msg)


def _what_it_is(path: Path) -> str:
    """Say what a file is that is no text in UTF-8."""
    with path.open("rb") as file:
        is_wide = file.read(2) in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
    if is_wide:  # GeoJSON without an end of line is no text to `kind_of`
        return "text, but not in UTF-8; save it as UTF-8"
    return kind_of(path) or "empty, or neither a table nor a picture"


def _lists_places(columns: list[str], path: Path, section: Section) -> bool:
    """Whether a list tells places on the array; names of spots go before row and col.

    Other programs call pixels row and col as well.
    """
    if keys.ARRAY_ROW in columns or keys.ARRAY_COL in columns:
        return True
    is_placed = columns_among(columns, ROW_COL) is not None
    return is_placed and not lists_spots(path, section.barcodes)


def _numbers(cells: pd.Series, mark: str) -> FloatArray:
    """Read numbers, NaN for none; with decimal commas where columns are parted by more.

    Between tabs a comma may also stand between thousands.
    """
    if not pd.api.types.is_numeric_dtype(cells) and mark != ",":
        text = cells.astype(str).str.strip()
        is_unclear = text.str.fullmatch(GROUPED) & (mark != ";")
        cells = text.where(is_unclear, text.str.replace(",", "."))
    return pd.to_numeric(cells, errors="coerce").to_numpy(dtype=np.float64)


def _labels(
    table: pd.DataFrame, used: list[str], path: Path, first_line: int = 2
) -> IntArray:
    if LABEL not in table:
        return marks_of(table, used, path)
    labels = pd.to_numeric(table[LABEL], errors="coerce").to_numpy()
    bad = np.flatnonzero(~np.isin(labels, (0, PREDICT, OUTSIDE)))
    if len(bad):
        cell = table[LABEL].iloc[bad[0]]
        told = "an empty cell" if pd.isna(cell) else repr(str(cell))
        msg = (
            f"{path.name}: {len(bad)} labels are not 0, 1 or 2 (first: line "
            f"{bad[0] + first_line}, {told})"
        )
        raise InvalidRequestError(msg)
    return labels.astype(np.int64)


def _regions(
    section: Section, array_rc: FloatArray, labels: IntArray, path: Path
) -> MissingRegions:
    marked = _stands(array_rc, labels)
    try:
        return MissingRegions.from_positions(section, array_rc[marked], labels[marked])
    except InvalidRequestError as error:
        msg = f"{path.name}: {error}"
        raise InvalidRequestError(msg) from error


def _stands(array_rc: FloatArray, labels: IntArray) -> BoolArray:
    """Which lines mark something that no later line of the same position takes back."""
    _, place = np.unique(array_rc, axis=0, return_inverse=True)
    place = place.reshape(-1)  # numpy 2.0 keeps the axis
    line = np.arange(len(labels))
    cleared = np.full(len(labels), -1)
    np.maximum.at(cleared, place[labels == 0], line[labels == 0])
    stands: BoolArray = (labels > 0) & (line > cleared[place])
    return stands


def to_table(regions: MissingRegions, raster: SpotRaster) -> pd.DataFrame:
    """Write down marked positions and their labels."""
    parts = (
        (raster.array_rc[regions.unmeasured], PREDICT),
        (raster.array_rc[regions.outside], OUTSIDE),
        (regions.new_rc, PREDICT),
        (regions.outside_rc, OUTSIDE),
    )
    array_rc = np.concatenate([positions for positions, _ in parts])
    labels = np.concatenate([np.full(len(at), label) for at, label in parts])
    return pd.DataFrame(
        {keys.ARRAY_ROW: array_rc[:, 0], keys.ARRAY_COL: array_rc[:, 1], LABEL: labels}
    )
