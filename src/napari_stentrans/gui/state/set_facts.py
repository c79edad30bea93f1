"""What is known of gene sets of a file in a section. Knows neither Qt nor napari."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from napari_stentrans.section.gene_sets import GeneSets
from napari_stentrans.section.lattice import FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class SetFacts:
    """Gene sets of a file, as far as a section has their genes; NaN is not known (yet).

    Attributes
    ----------
    source
        Name of the file.
    n_in_file
        Sets in the file; those with fewer than two genes of the section are left out.
    sets
        The others.
    moran : ndarray, shape (set,)
        Moran's I of each measured signature, at one sequencing depth.
    score : ndarray, shape (set,)
        Its Pearson's r at spots that were left out, of the result that is shown.
    """

    source: str
    n_in_file: int
    sets: GeneSets
    moran: FloatArray
    score: FloatArray

    @classmethod
    def named(cls, source: str, n_in_file: int, sets: GeneSets) -> SetFacts:
        """Return what is known at once."""
        unknown = np.full(len(sets), np.nan)
        return cls(source, n_in_file, sets, unknown, unknown)

    def with_moran(self, moran: FloatArray) -> SetFacts:
        """Return them with Moran's I."""
        return replace(self, moran=moran)

    def with_score(self, score: FloatArray | None) -> SetFacts:
        """Return them with the scores of a result, or of none."""
        unknown = np.full(len(self.sets), np.nan)
        return replace(self, score=unknown if score is None else score)

    @property
    def order(self) -> IntArray:
        """Numbers of the sets: best predicted first, or clearest, or as in the file."""
        known = self.score if np.isfinite(self.score).any() else self.moran
        return np.argsort(-np.nan_to_num(known, nan=-np.inf), kind="stable")
