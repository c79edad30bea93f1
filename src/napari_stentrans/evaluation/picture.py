"""Some genes as every method predicted them, for the figure of an evaluation."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from napari_stentrans.evaluation.tasks import Trial
from napari_stentrans.section.lattice import IntArray


@dataclass(frozen=True, eq=False)
class Picture:
    """Some genes of one trial, as every method predicted them.

    Attributes
    ----------
    task, seed
        Of the trial.
    genes
        Their names.
    seen, scored : ndarray, shape (seen spot,), (scored spot,)
        Spots of the section.
    given : ndarray of float32, shape (seen spot, gene)
        What methods saw.
    measured : ndarray of float32, shape (scored spot, gene)
        What they are scored against.
    predicted : dict of ndarray of float32, shape (scored spot, gene)
        By method.
    """

    task: str
    seed: int
    genes: list[str]
    seen: IntArray
    scored: IntArray
    given: NDArray[np.float32]
    measured: NDArray[np.float32]
    predicted: dict[str, NDArray[np.float32]] = field(default_factory=dict)

    @classmethod
    def of(cls, trial: Trial, genes: IntArray) -> Picture:
        """Take some genes (columns of the section) out of a trial."""
        reduced = trial.reduced
        given = reduced.counts[:, genes].toarray()
        return cls(
            task=str(trial.task),
            seed=trial.seed,
            genes=[str(name) for name in trial.section.genes[genes]],
            seen=trial.section.barcodes.get_indexer(reduced.barcodes),
            scored=trial.scored,
            given=given,
            measured=trial.counts[:, genes].toarray(),
        )
