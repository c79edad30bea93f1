"""Which genes are scored, and the noise ceiling of each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from napari_stentrans.errors import InvalidRequestError
from napari_stentrans.evaluation.metrics import noise_ceiling
from napari_stentrans.evaluation.tasks import Trial
from napari_stentrans.section.lattice import IntArray
from napari_stentrans.section.section import Section

TOP_GENES = 500
"""How many of the highest genes make up the second median of each score."""
_DETECTED_SHARE = 0.1
"""Genes are scored if detected in more than this share of the spots with counts."""
_STREAM = 2


@dataclass(frozen=True, eq=False)
class ScoredGenes:
    """Genes that scores are computed for.

    Attributes
    ----------
    columns : ndarray, shape (gene,)
        Columns of the section, ascending.
    top : ndarray of bool, shape (gene,)
        Which of them are among the highest.
    names : Index, shape (gene,)
    """

    columns: IntArray
    top: NDArray[np.bool_]
    names: pd.Index


def scored_genes(section: Section) -> ScoredGenes:
    """Genes in more than 10 % of spots with counts, the 500 of highest mean marked.

    The choice looks at the whole section, hidden spots included, and is therefore
    never shown to a method.
    """
    n_measured = np.count_nonzero(section.library_size)
    columns = np.flatnonzero(section.detected_in > _DETECTED_SHARE * n_measured)
    if len(columns) == 0:
        msg = (
            f"no gene of {section.name} is detected in more than "
            f"{_DETECTED_SHARE:.0%} of its {n_measured} spots with counts: it is too "
            "sparse to be evaluated spot by spot"
        )
        raise InvalidRequestError(msg)
    totals = section.gene_totals[columns]
    top = np.zeros(len(columns), dtype=bool)
    top[np.argsort(-totals, kind="stable")[:TOP_GENES]] = True
    return ScoredGenes(columns, top, section.genes[columns])


def ceilings(trial: Trial, genes: ScoredGenes) -> pd.DataFrame:
    """Noise ceilings of a trial: a row a gene, columns top, ceiling and ceiling_log.

    NaN where the values are no counts, which alone can be split.
    """
    found = np.full((2, len(genes.columns)), np.nan)
    if trial.section.is_counted:
        rng = np.random.default_rng([trial.seed, _STREAM])
        found = np.stack(noise_ceiling(trial.counts, genes.columns, rng))
    return pd.DataFrame(
        {
            "gene": genes.names,
            "top": genes.top,
            "ceiling": found[0],
            "ceiling_log": found[1],
        }
    )
