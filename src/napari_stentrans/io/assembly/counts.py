"""Counts and gene names made ready for a section. Knows no file format."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from napari_stentrans.errors import ReadError

NORMALISED_NOTE = (
    "The values are normalised, not raw counts: results come in the same units, and "
    "how well a gene could be predicted at best (its ceiling) cannot be told."
)


def as_counts(matrix: Any, *, copy: bool = True) -> sparse.csr_matrix:
    """Return a new canonical csr matrix of float32, shape (spot, gene).

    Parameters
    ----------
    matrix
        May be dense, any sparse type, or lazy.
    copy
        Whether to share no memory with what was given; else that is changed in place,
        where it is of this type already.
    """
    for load in ("to_memory", "compute"):
        if hasattr(matrix, load):
            matrix = getattr(matrix, load)()
    if getattr(matrix, "format", "") in ("csr", "csc"):
        if (
            matrix.indices.dtype.kind not in "iu"
            or matrix.indptr.dtype.kind not in "iu"
        ):
            msg = "its sparse matrix is damaged: its indices are no whole numbers"
            raise ReadError(msg)
        matrix.check_format(full_check=True)  # a damaged file may point anywhere
    counts = sparse.csr_matrix(matrix, dtype=np.float32, copy=copy)
    counts.sum_duplicates()
    counts.eliminate_zeros()
    return counts


def are_counts(counts: sparse.csr_matrix) -> bool:
    """Whether all values are whole, finite and not negative."""
    values = counts.data
    return bool(
        np.isfinite(values).all() and (values >= 0).all() and (values % 1 == 0).all()
    )


def put_together(
    counts: sparse.csr_matrix, place: NDArray[np.integer], n_places: int
) -> tuple[sparse.csr_matrix, str]:
    """Add up counts of spots at one place, or average values that are no counts.

    Parameters
    ----------
    counts : csr_matrix, shape (spot, gene)
        Counts, or values.
    place : ndarray, shape (spot,)
        Number of the place of each spot.
    n_places
        How many places there are.

    Returns
    -------
    counts : csr_matrix, shape (place, gene)
    done
        What was done with them, for a note: "added up" or "averaged".
    """
    weights, done = np.ones(len(place), dtype=np.float32), "added up"
    if not are_counts(counts):
        weights, done = weights / np.bincount(place)[place], "averaged"
    parts = (weights.astype(np.float32), (place, np.arange(len(place))))
    gathers = sparse.csr_matrix(parts, shape=(n_places, len(place)))
    return sparse.csr_matrix(gathers @ counts), done


def normalised_notes(counts: sparse.csr_matrix, *, allowed: bool) -> list[str]:
    """Say that values are no counts, or refuse them. Counts: no note.

    Raises
    ------
    ReadError
        If they are not counts and that is not allowed. Broken values (NaN, negative)
        are left to the section, which lists them.
    """
    broken = not np.isfinite(counts.data).all() or (counts.data < 0).any()
    if broken or are_counts(counts):
        return []
    if allowed:
        return [NORMALISED_NOTE]
    fraction = counts.data[counts.data % 1 != 0][0]
    msg = (
        f"the values are not raw counts (one of them is {fraction:g}): they look "
        "normalised. Give the raw counts, or insist with allow_normalised=True "
        "(command line: --allow-normalised)."
    )
    raise ReadError(msg)


def unique_names(names: pd.Index) -> tuple[pd.Index, list[str]]:
    """Number repeated names (A, A-1, A-2 ...), and a note where there were any."""
    index = pd.Index(names.astype(str), dtype=object)
    if index.is_unique:
        return index, []
    taken = set(index)
    found: list[str] = []
    seen: dict[str, int] = {}
    for name in index:
        number = seen.get(name, -1) + 1
        fresh = name
        while number and (fresh := f"{name}-{number}") in taken:
            number += 1
        seen[name] = number
        taken.add(fresh)
        found.append(fresh)
    n_repeated = index[index.duplicated()].nunique()
    numbered = next(at for at, name in enumerate(index) if found[at] != name)
    note = (
        f"{n_repeated} gene names occur more than once and are numbered "
        f"(such as {index[numbered]}, {found[numbered]})."
    )
    return pd.Index(found, dtype=object), [note]


def plain(frame: pd.DataFrame) -> pd.DataFrame:
    """Copy a table with plain columns only: numbers, truth values and text.

    Categories, nullable types and mixed objects become what any file format can hold;
    an index that is called as one of the columns has no name.
    """
    columns = {str(name): _plain_column(frame[name]) for name in frame.columns}
    index = pd.Index(frame.index.astype(str), dtype=object)
    if str(index.name) in columns:
        index = index.rename(None)
    return pd.DataFrame({k: v for k, v in columns.items() if v.ndim == 1}, index=index)


def is_text(column: pd.Series) -> bool:
    """Whether a column holds text: as objects, or as pandas 3 and later have it."""
    return bool(pd.api.types.is_string_dtype(column.dtype))


def _plain_kind(dtype: Any) -> np.dtype[Any]:
    """NumPy type of a column type that may be nullable."""
    kind: np.dtype[Any] = np.dtype(getattr(dtype, "numpy_dtype", dtype))
    return kind


def _plain_column(column: pd.Series | pd.DataFrame) -> np.ndarray[Any, Any]:
    if isinstance(column, pd.DataFrame):  # a repeated column name
        column = column.iloc[:, 0]
    if isinstance(column.dtype, pd.SparseDtype):
        return _plain_column(pd.Series(np.asarray(column)))
    if pd.api.types.is_bool_dtype(column) and not column.hasnans:
        return column.to_numpy(dtype=bool)
    types = pd.api.types
    if types.is_numeric_dtype(column) and not types.is_complex_dtype(column):
        is_float = isinstance(column.dtype, np.dtype) and column.dtype.kind == "f"
        if column.hasnans and not is_float:
            return column.to_numpy(dtype=np.float64, na_value=np.nan)
        return np.asarray(column.to_numpy(), dtype=_plain_kind(column.dtype))
    text = [
        "" if types.is_scalar(value) and pd.isna(value) else str(value)
        for value in column.astype(object)
    ]
    return np.array(text, dtype=object)
