"""What the spots of a section are known again by. Knows nothing of models and files.

The counts of a few telling genes are kept for every spot, gene by gene: they are found
by name, so that genes may be left out, added or in another order. Spots of another
section can have the same few counts by chance; how often, spots of one section tell.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from napari_stentrans.portions import portions
from napari_stentrans.section.lattice import IntArray
from napari_stentrans.section.section import Section

_MOST_GENES, _MOST_SPOTS = 64, 4096
"""A quarter of a MiB at most. Of more spots so many are drawn at random."""
_AT_ONCE = 20_000
"""Spots whose values are in memory at a time."""
_CLEARLY = 5.0
"""So many standard deviations more than by chance must be alike."""
_LEAST_SHARE = 0.05
"""A smaller share of a section's spots is not told from chance."""


@dataclass(frozen=True, eq=False)
class SpotMarks:
    """Some genes at the spots of one section.

    Attributes
    ----------
    genes
        Names.
    values : ndarray of uint8, shape (spot, gene)
        See `_bytes_of`.
    drawn
        Share of the section's spots that these are.
    """

    genes: list[str]
    values: NDArray[np.uint8]
    drawn: float

    @classmethod
    def of(cls, section: Section, telling: NDArray[np.floating[Any]]) -> SpotMarks:
        """Mark the spots of a section.

        Parameters
        ----------
        section
            What a model was made of.
        telling : ndarray, shape (gene,)
            How much genes tell; those that tell most are kept.
        """
        columns = np.argsort(-telling, kind="stable")[:_MOST_GENES]
        order = np.random.default_rng(0).permutation(section.n_spots)
        spots = np.sort(order[:_MOST_SPOTS])
        names = [str(gene) for gene in section.genes[columns]]
        values = _bytes_of(section.counts[spots], columns)
        return cls(names, values, len(spots) / section.n_spots)

    def share_known(self, section: Section) -> float:
        """Share of a section's spots that are marked; 0 where chance may explain it.

        Only what occurs once in either is compared: what several spots of a section
        have in common, those of another may have too.
        """
        at = section.genes.get_indexer(pd.Index(self.genes))
        shared = at >= 0
        if not shared.any():
            return 0.0
        values = _bytes_of(section.counts, at[shared])
        here, there = _occurrences(values, self.values[:, shared])
        alike = int(((here == 1) & (there == 1)).sum())
        chance = _by_chance(here, there)
        if alike < chance + _CLEARLY * np.sqrt(chance):
            return 0.0
        possible = self.drawn * ((here == 1) & (there < 2)).sum()
        share = min((alike - chance) / max(possible - chance, 1.0), 1.0)
        return share if share >= _LEAST_SHARE else 0.0


def _by_chance(here: IntArray, there: IntArray) -> float:
    """How many spots two sections without a common one can be expected to share.

    No more than twice the geometric mean of the pairs within either, however different
    they are (Cauchy-Schwarz); one pair more in each, as none may be there by luck.
    """
    pairs = [1 + int((occurrences == 2).sum()) for occurrences in (here, there)]
    return 2 * float(np.sqrt(pairs[0] * pairs[1]))


def _bytes_of(counts: sparse.csr_matrix, columns: IntArray) -> NDArray[np.uint8]:
    """Reduce the values of some genes to a byte each, shape (spot, gene).

    Whole numbers keep their last eight bits, others are mixed: the same value has the
    same byte, and others seldom have.
    """
    n_spots = counts.shape[0]
    found = np.empty((n_spots, len(columns)), dtype=np.uint8)
    for part in portions(n_spots, _AT_ONCE):
        values = counts[part][:, columns].toarray()
        mixed = (values.view(np.uint32) * np.uint32(2654435769)) >> np.uint32(24)
        found[part] = np.where(values % 1 == 0, values % 256, mixed)
    return found


def _occurrences(
    one: NDArray[np.uint8], other: NDArray[np.uint8]
) -> tuple[IntArray, IntArray]:
    """How often each row that there is occurs in either, shape (row,)."""
    rows = np.ascontiguousarray(np.concatenate([one, other]))
    _, which = np.unique(rows.view(f"V{rows.shape[1]}").ravel(), return_inverse=True)
    n_rows = int(which.max()) + 1
    first, second = which[: len(one)], which[len(one) :]
    return np.bincount(first, minlength=n_rows), np.bincount(second, minlength=n_rows)
