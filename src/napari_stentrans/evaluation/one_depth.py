"""Scored counts thinned to one sequencing depth: patterns without that of depth.

The logarithm bends, so that a spot with few counts has lower log-normalised values of
every sparse gene, and whoever predicts depth scores (docs/model.md, "What the log score
rewards"). Where all spots are equally deep, nothing is to be had that way.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from napari_stentrans.evaluation.metrics import log_normalised, pearson
from napari_stentrans.evaluation.tasks import Trial
from napari_stentrans.section.lattice import FloatArray, IntArray

_QUANTILE = 0.1
"""Of library size: spots above it are thinned to it, spots below are left out."""
_STREAM = 3
"""Apart from the other draws of the same seed."""


@dataclass(frozen=True, eq=False)
class OneDepth:
    """What a trial is scored against, had all of its spots been as deep.

    Attributes
    ----------
    depth
        Expected library size of every spot.
    kept : ndarray of bool, shape (scored spot,)
        Spots that are as deep as that.
    counts : csc_matrix, shape (kept spot, gene)
    library : ndarray, shape (kept spot,)
        Their totals over all genes.
    """

    depth: float
    kept: NDArray[np.bool_]
    counts: sparse.csc_matrix
    library: FloatArray

    @classmethod
    def of(cls, trial: Trial) -> OneDepth | None:
        """Thin the counts of a trial; None if its values are no counts, or too few."""
        depth = float(np.quantile(trial.library, _QUANTILE))
        if depth < 1 or not trial.section.is_counted:
            return None
        kept = trial.library >= depth
        counts = trial.counts[kept]
        share = np.repeat(depth / trial.library[kept], np.diff(counts.indptr))
        rng = np.random.default_rng([trial.seed, _STREAM])
        thinned = rng.binomial(np.rint(counts.data).astype(np.int64), share)
        counts = sparse.csr_matrix(
            (thinned.astype(np.float32), counts.indices, counts.indptr), counts.shape
        )
        library = np.asarray(counts.sum(axis=1), dtype=np.float64).ravel()
        return cls(depth, kept, counts.tocsc(), library)

    def pearson_log(
        self, genes: IntArray, mean: NDArray[np.float32], library: FloatArray
    ) -> FloatArray:
        """Correlate log-normalised values, each side divided by its own library.

        Parameters
        ----------
        genes : ndarray, shape (gene,)
            Columns of the section.
        mean : ndarray, shape (scored spot, gene)
            What was predicted for them.
        library : ndarray, shape (scored spot,)
            What was predicted over all genes.

        Returns
        -------
        ndarray, shape (gene,)
            NaN where a gene does not vary once it is thinned.
        """
        truth = self.counts[:, genes].toarray()
        return pearson(
            log_normalised(truth, self.library, self.depth),
            log_normalised(mean[self.kept], library[self.kept], self.depth),
        )
