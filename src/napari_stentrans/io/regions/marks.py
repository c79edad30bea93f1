"""What each line of a list of sites marks, where no column of labels says it.

Knows no format and no section.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from napari_stentrans import keys
from napari_stentrans.errors import InvalidRequestError
from napari_stentrans.io.assembly.columns import ROW_COL, X_Y, columns_among
from napari_stentrans.io.files.text import is_number
from napari_stentrans.io.regions.columns import LABEL, counts_lines, is_title
from napari_stentrans.io.regions.geojson import kind_of_class
from napari_stentrans.section.lattice import IntArray
from napari_stentrans.section.missing import OUTSIDE, PREDICT
from napari_stentrans.section.regions import RegionKind

_YES, _NO = "1", ""
_SPELLINGS: Final = {
    **dict.fromkeys(("1", "true", "yes", "y"), _YES),
    **dict.fromkeys(("0", "false", "no", "n", "none", "-"), _NO),
}
_NUMBERED: Final = {
    keys.IN_TISSUE,
    "cluster",
    "clusters",
    "leiden",
    "louvain",
    "seurat_clusters",
}
"""Columns of other programs whose numbers, though they be 0 and 1, mark nothing."""
_SOUND: Final = re.compile(
    "good|healthy|intact|keep|kept|measured|normal|ok|okay|pass|passed|passes|present|"
    "usable|valid"
)
"""What is called like this is not to be predicted, so it marks the other lines."""
_FILLING: Final = {"filter", "in", "is", "qc", "quality", "spot", "spots", "was"}
_LABEL_OF: Final = {RegionKind.PREDICT: PREDICT, RegionKind.OUTSIDE: OUTSIDE}
_SHOWN = 3


def marks_of(table: pd.DataFrame, used: Collection[str], path: Path) -> IntArray:
    """Label of each line: as one column marks it, or else predict, shape (line,).

    Parameters
    ----------
    table, used
        The list, and those of its columns that say which site a line is.
    path
        For messages.

    Raises
    ------
    InvalidRequestError
        If several columns mark different lines, or one does not tell which it marks.
    """
    everything = np.full(len(table), PREDICT, dtype=np.int64)
    found = {each: _labels(each, table[each]) for each in _free_columns(table, used)}
    doubtful = [column for column, labels in found.items() if labels is None]
    marks = {
        column: labels
        for column, labels in found.items()
        if labels is not None and (labels != PREDICT).any()
    }
    if len({labels.tobytes() for labels in marks.values()}) == 1:
        return next(iter(marks.values()))
    unclear = [*marks] or doubtful
    if unclear:
        told = " and ".join(_described(table[column]) for column in unclear)
        msg = (
            f"{path.name}: which lines are meant is not clear from column {told}. "
            f"Call the column that tells it {LABEL}, with 1 for what is to be "
            "predicted, 2 for what is outside the tissue and 0 for nothing; or list "
            "only what is to be predicted, without other columns."
        )
        raise InvalidRequestError(msg)
    return everything


def _free_columns(table: pd.DataFrame, used: Collection[str]) -> list[str]:
    """Columns that say neither where a line is nor its number."""
    placing = {
        column
        for group in (*ROW_COL, *X_Y)
        for column in columns_among(table.columns, [group]) or ()
    }
    return [
        column
        for place, column in enumerate(table.columns)
        if column not in placing.union(used)
        and not (place == 0 and counts_lines(column, table[column]))
    ]


def _labels(column: str, cells: pd.Series) -> IntArray | None:
    """Label of each line by one column; None if it may be a mark, nobody knows which.

    Predict in all lines is what a column means that marks nothing.
    """
    everything = np.full(len(cells), PREDICT, dtype=np.int64)
    words = _words(cells)
    is_marked = (words != _NO).to_numpy()
    told = set(words) - {_NO}
    of_numbers = all(map(is_number, told))
    if of_numbers and column.casefold() in _NUMBERED:
        return everything
    if not told:  # commas at the ends of lines make a column without name and cells
        return everything if is_title(column) and cells.isna().all() else None
    if len(told) > 1:
        if of_numbers:
            return None if told == {"1", "2"} else everything
        named = words[is_marked] if is_title(column) else words
        return everything if named.is_unique and _NO not in set(named) else None
    (word,) = told
    label = None
    if word == _YES or not of_numbers:
        label = _label_of(column if word == _YES else word)
    if label is not None:
        return np.where(is_marked, label, 0).astype(np.int64)
    return everything if is_marked.all() else None


def _label_of(name: str) -> int | None:
    """Label of what is called like this; None if it is sound tissue."""
    words = set(re.findall("[a-z]+", name.casefold())) - _FILLING
    if words and all(map(_SOUND.fullmatch, words)):
        return None
    return _LABEL_OF.get(kind_of_class(name))


def _words(cells: pd.Series) -> pd.Series:
    """Cells in one spelling each: `_YES`, `_NO`, numbers, or text in small letters."""
    known = {cell: _word(cell) for cell in cells.dropna().unique()}
    return cells.map(known).astype(object).fillna(_NO)


def _word(cell: object) -> str:
    text = str(cell).strip().casefold()
    if is_number(text):
        text = f"{float(text):.10g}"
    return _SPELLINGS.get(text, text)


def _described(cells: pd.Series) -> str:
    """Name of a column, and what it holds."""
    found = ["nothing" if pd.isna(cell) else str(cell) for cell in cells.unique()]
    more = " ..." if len(found) > _SHOWN else ""
    return f"{cells.name!r} ({', '.join(found[:_SHOWN])}{more})"
