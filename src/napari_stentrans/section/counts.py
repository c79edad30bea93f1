"""Counts as every section keeps them: by rows, in single precision, each value once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from scipy import sparse

_PIECE: Final = 1_000_000


def in_rows(counts: Any) -> sparse.csr_matrix:
    """Return counts of any kind of matrix by rows, in single precision."""
    if isinstance(counts, sparse.csr_matrix) and counts.dtype == np.float32:
        return counts
    return sparse.csr_matrix(counts, dtype=np.float32)


def canonical(counts: sparse.csr_matrix) -> sparse.csr_matrix:
    """Return the counts with each value stored once, in order, and no zeros stored."""
    if counts.has_canonical_format and counts.data.all():
        return counts
    counts = counts.copy()
    counts.sum_duplicates()
    counts.eliminate_zeros()
    return counts


def pieces(whole: Any) -> Iterator[Any]:
    """Cut into pieces what may be long, so that copies of it stay small."""
    return (whole[at : at + _PIECE] for at in range(0, len(whole), _PIECE))
