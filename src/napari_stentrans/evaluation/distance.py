"""Error by distance to the nearest spot that the method has seen."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from napari_stentrans.evaluation.metrics.values import Values, centred, double
from napari_stentrans.section.lattice import FloatArray, IntArray

EDGES = np.array([0.05, 1.05, 1.5, 2.05, 3.05])
"""Pitches; hidden spots of a lattice lie at 1, 1.41 or 1.73, 2, 2.2 ... from others."""
LABELS = ("0", "up to 1", "up to 1.5", "up to 2", "up to 3", "beyond 3")
"""Names of the classes that the edges divide, in pitches."""


@dataclass(frozen=True, eq=False)
class ErrorByDistance:
    """Collects errors of genes, block by block.

    Attributes
    ----------
    group : ndarray, shape (scored spot,)
        Class of distance of each spot.
    """

    group: IntArray
    _sums: dict[str, FloatArray] = field(default_factory=dict)
    _n_genes: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, distance: FloatArray) -> ErrorByDistance:
        """For spots at these distances, in pitches."""
        return cls(np.searchsorted(EDGES, distance))

    def add(self, name: str, truth: Values, predicted: Values) -> None:
        """Add genes to an error; those that do not vary are left out."""
        variance = (centred(truth) ** 2).mean(axis=0)
        vary = variance > 0
        squared = (double(truth)[:, vary] - predicted[:, vary]) ** 2 / variance[vary]
        self._sums[name] = self._sums.get(name, 0.0) + squared.sum(axis=1)
        self._n_genes[name] = self._n_genes.get(name, 0) + int(vary.sum())

    def table(self) -> pd.DataFrame:
        """A row a class of distance: its name, how many spots, and each error.

        An error is the squared difference in units of the gene's measured variance,
        averaged over genes and spots: 1 is no better than knowing the gene's mean. NaN
        where no gene varies.
        """
        rows = []
        for group in np.unique(self.group):
            inside = self.group == group
            errors = {
                name: float(total[inside].mean() / (self._n_genes[name] or np.nan))
                for name, total in self._sums.items()
            }
            rows.append({"distance": LABELS[group], "spots": int(inside.sum())})
            rows[-1].update(errors)
        return pd.DataFrame(rows)
