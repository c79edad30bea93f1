"""Molecules added up in square bins, piece by piece. Knows no file format."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from napari_stentrans.errors import ReadError
from napari_stentrans.io.files.limits import Budget
from napari_stentrans.section.lattice import FloatArray, IntArray

_BITS = 21
"""Of each of row, column and gene in one whole number of 63 bits."""
_FARTHEST = 1 << (_BITS - 1)
_PENDING = 4_000_000
_ENTRY_BYTES = 16


class Binner:
    """Counts of genes in square bins, of which only the filled ones take memory.

    Parameters
    ----------
    bin_size
        Side of a bin, in the units of the positions.
    what
        What is binned, for the message if it becomes too large.
    """

    def __init__(self, bin_size: float, what: str) -> None:
        self.bin_size = bin_size
        self._budget = Budget(what)
        self._keys: list[IntArray] = []
        self._sums: list[FloatArray] = []
        self._n_pending = 0

    def add(
        self, x: ArrayLike, y: ArrayLike, gene: NDArray[np.integer], counts: ArrayLike
    ) -> None:
        """Add molecules at (x, y) of genes given by number, shape (entry,) each.

        Raises
        ------
        ReadError
            If positions are too far apart, or there are too many filled bins.
        """
        col = np.floor(np.asarray(x, dtype=np.float64) / self.bin_size)
        row = np.floor(np.asarray(y, dtype=np.float64) / self.bin_size)
        if not len(col):
            return
        if max(np.abs(col).max(), np.abs(row).max()) >= _FARTHEST:
            msg = (
                f"positions lie more than {_FARTHEST * self.bin_size:,.0f} from the "
                "origin: the file is damaged, or its columns are exchanged"
            )
            raise ReadError(msg)
        position = (row.astype(np.int64) + _FARTHEST) << _BITS
        position += col.astype(np.int64) + _FARTHEST
        self._keys.append((position << _BITS) | gene.astype(np.int64))
        self._sums.append(np.asarray(counts, dtype=np.float64))
        self._n_pending += len(col)
        if self._n_pending > max(_PENDING, len(self._keys[0])):
            self._merge()

    def result(self, n_genes: int) -> tuple[sparse.csr_matrix, FloatArray]:
        """Counts of the filled bins, shape (bin, gene), and their (row, col)."""
        self._merge()
        keys, sums = self._keys[0], self._sums[0]
        position, bin_of = np.unique(keys >> _BITS, return_inverse=True)
        gene = keys & ((1 << _BITS) - 1)
        counts = sparse.csr_matrix(
            (sums.astype(np.float32), (bin_of, gene)), shape=(len(position), n_genes)
        )
        row = (position >> _BITS) - _FARTHEST
        col = (position & ((1 << _BITS) - 1)) - _FARTHEST
        return counts, np.column_stack([row, col]).astype(np.float64)

    def _merge(self) -> None:
        """Add up what falls together, so that repeats take no memory."""
        keys = np.concatenate([np.empty(0, np.int64), *self._keys])
        sums = np.concatenate([np.empty(0, np.float64), *self._sums])
        order = np.argsort(keys, kind="stable")
        keys, sums = keys[order], sums[order]
        first = np.flatnonzero(np.r_[True, keys[1:] != keys[:-1]][: len(keys)])
        merged = np.add.reduceat(sums, first) if len(first) else sums
        self._budget.used = 0.0
        self._budget.take(
            len(first) * _ENTRY_BYTES * 3.0
        )  # sorting takes as much again
        self._keys, self._sums, self._n_pending = [keys[first]], [merged], 0


def bin_centres_xy(bin_rc: FloatArray, bin_size: float) -> FloatArray:
    """Middles (x, y) of bins, shape (bin, 2)."""
    centres: FloatArray = (bin_rc[:, ::-1] + 0.5) * bin_size
    return centres


def bin_names(bin_rc: FloatArray) -> list[str]:
    """Names of bins, ROWxCOL."""
    return [f"{int(row)}x{int(col)}" for row, col in bin_rc]
