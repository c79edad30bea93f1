"""Tables of marked sites: array positions or barcodes, with labels.

Labels: 1 predict here, 2 outside the tissue, 0 nothing.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd

from napari_stentrans import keys
from napari_stentrans.errors import InvalidRequestError
from napari_stentrans.io.files.text import first_lines, is_number, read_table
from napari_stentrans.io.regions.columns import LABEL, as_known, columns_of
from napari_stentrans.section.lattice import FloatArray, IntArray
from napari_stentrans.section.missing import (
    OUTSIDE,
    PREDICT,
    MissingRegions,
)
from napari_stentrans.section.raster import SpotRaster
from napari_stentrans.section.section import Section
from napari_stentrans.section.tissue import BoolArray

_TITLE = re.compile(
    r"(.*[ ._])?(barcode|spot|cell|bead|bin|position|name|id|index|x|v1)s?|unnamed: 0"
)
"""What a column of barcodes is called; R writes x or V1 where it has no name."""


def table_of(path: Path, names: str | int | None = None) -> pd.DataFrame:
    """Read a table; the column of names stays as it is written.

    Raises
    ------
    InvalidRequestError
        If there is none.
    """
    if not path.exists():
        msg = f"{path} cannot be read: there is no such file"
        raise InvalidRequestError(msg)
    if not first_lines(path, 1):
        msg = f"{path} is empty, or neither a table nor a picture"
        raise InvalidRequestError(msg)
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
    wanted = [keys.ARRAY_ROW, keys.ARRAY_COL]
    missing = [column for column in wanted if column not in table]
    if missing:
        msg = (
            f"{path.name} has no column {' and no column '.join(missing)}, only "
            f"{', '.join(table.columns[:6])}. Its first line must name the columns."
        )
        raise InvalidRequestError(msg)
    if not len(table):
        msg = f"{path.name} lists no position"
        raise InvalidRequestError(msg)
    numbers = table[wanted].apply(pd.to_numeric, errors="coerce")
    array_rc: FloatArray = numbers.to_numpy(dtype=np.float64)
    bad = np.flatnonzero(~np.isfinite(array_rc).all(axis=1))
    if len(bad):
        msg = (
            f"{path.name}: {len(bad)} positions are no numbers (first: line "
            f"{bad[0] + 2}, {', '.join(map(str, table[wanted].iloc[bad[0]]))})"
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
    header = columns_of(path)
    if keys.ARRAY_ROW in header or keys.ARRAY_COL in header:
        table = table_of(path)
        array_rc = positions_of(table, path)
        return _regions(section, array_rc, _labels(table, path), path)
    barcodes, labels = _barcodes(path, section)
    return _regions(section, section.array_rc[barcodes], labels, path)


def _barcodes(path: Path, section: Section) -> tuple[IntArray, IntArray]:
    """Spots of a list of barcodes, with or without a header, and their labels."""
    table, first_line = table_of(path, names=0), 2
    if not _is_header(list(table.columns), section):
        table, first_line = read_table(path, header=False, names=0), 1
        table.columns = pd.Index(
            ["barcode", LABEL, *table.columns[2:]][: table.shape[1]]
        )
    if not len(table):
        msg = f"{path.name} lists no spot"
        raise InvalidRequestError(msg)
    names = table[table.columns[0]].str.strip()
    spots = section.barcodes.get_indexer(pd.Index(names))
    if (spots < 0).any():
        unknown = names[spots < 0]
        msg = (
            f"{path.name}: {len(unknown)} of {len(names)} barcodes are not in the "
            f"section (first: {unknown.iloc[0]!r}). Give barcodes of this section, or "
            "columns array_row and array_col."
        )
        raise InvalidRequestError(msg)
    return spots.astype(np.int64), _labels(table, path, first_line)


def _is_header(cells: list[str], section: Section) -> bool:
    """Whether the first line of a list of barcodes names its columns."""
    if cells[0] in section.barcodes:
        return False
    titled = len(cells) > 1 and not is_number(cells[1])
    return titled or bool(_TITLE.fullmatch(cells[0].casefold()))


def _labels(table: pd.DataFrame, path: Path, first_line: int = 2) -> IntArray:
    if LABEL not in table:
        return np.full(len(table), PREDICT, dtype=np.int64)
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
