"""Every score of one method on one trial. Knows no method and no other trial."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from napari_stentrans.errors import ComputeError
from napari_stentrans.evaluation import metrics
from napari_stentrans.evaluation.bootstrap import TissueBlocks
from napari_stentrans.evaluation.distance import ErrorByDistance
from napari_stentrans.evaluation.genes import ScoredGenes
from napari_stentrans.evaluation.one_depth import OneDepth
from napari_stentrans.evaluation.tasks import Trial
from napari_stentrans.methods.base import ExpressionField
from napari_stentrans.portions import portions
from napari_stentrans.progress import Progress, Steps
from napari_stentrans.section.lattice import FloatArray, IntArray

_GENES_AT_ONCE = 512

METRICS = (
    "pearson",
    "pearson_log",
    "pearson_one_depth",
    "spearman",
    "ssim",
    "rmse",
    "js",
    "moran_ratio",
    "variance_ratio",
    "gene_correlation_error",
    "coverage",
    "interval_width",
)
"""Names of all scores, in the order of reports."""

STATISTICS = ("pearson", "pearson_top", "pearson_log", "pearson_log_top")
"""Medians that get confidence intervals."""


@dataclass(frozen=True, eq=False)
class Scores:
    """What one method scored on one trial.

    Attributes
    ----------
    by_gene : DataFrame
        A row a gene: columns gene, top, and every one of `METRICS`.
    by_distance : DataFrame
        A row a distance to the nearest visible spot: see `ErrorByDistance`.
    replicates : dict of ndarray, shape (replicate,)
        Bootstrap replicates of each of `STATISTICS`.
    pictured : ndarray of float32, shape (scored spot, gene)
        What was predicted, for the genes that are to be shown.
    """

    by_gene: pd.DataFrame
    by_distance: pd.DataFrame
    replicates: dict[str, FloatArray]
    pictured: NDArray[np.float32]


def score_steps(
    field: ExpressionField,
    trial: Trial,
    genes: ScoredGenes,
    blocks: TissueBlocks,
    pictured: IntArray,
) -> Steps[Scores]:
    """Read all genes of a field and score those that are to be scored.

    Parameters
    ----------
    field
        At the scored spots of the trial.
    trial, genes, blocks
        What it is compared with, where, and in which squares of tissue.
    pictured : ndarray, shape (gene,)
        Columns of the section whose prediction is kept.
    """
    found = {metric: np.full(len(genes.columns), np.nan) for metric in METRICS}
    mean, library = yield from _read_steps(field, trial, genes, found)
    scorer = _Scorer(trial, genes, mean, library)
    replicates = {
        name: np.empty((len(blocks.weights), len(genes.columns)), np.float32)
        for name in ("pearson", "pearson_log")
    }
    distances = ErrorByDistance.of(trial.distance)
    one_depth = OneDepth.of(trial)
    for block in portions(len(genes.columns), _GENES_AT_ONCE):
        truth, logs = scorer.truth(block), scorer.logs(block)
        for metric, score in metrics.COUNT_METRICS.items():
            found[metric][block] = score(truth, mean[:, block])
        found["pearson_log"][block] = metrics.pearson(*logs)
        if one_depth:
            found["pearson_one_depth"][block] = one_depth.pearson_log(
                genes.columns[block], mean[:, block], library
            )
        found["moran_ratio"][block] = metrics.moran_ratio(
            truth, mean[:, block], scorer.neighbours
        )
        distances.add("error", truth, mean[:, block])
        top = genes.top[block]
        distances.add("error_log_top", *(side[:, top] for side in logs))
        for name, pair in (("pearson", (truth, mean[:, block])), ("pearson_log", logs)):
            truth_side, predicted_side = pair
            replicates[name][:, block] = blocks.pearson(
                truth_side, predicted_side, trial.scored
            )
        yield Progress("Scoring", block.stop, len(genes.columns))
    top_genes = np.flatnonzero(genes.top)
    found["gene_correlation_error"][top_genes] = metrics.gene_correlation_error(
        *scorer.logs(top_genes)
    )
    by_gene = pd.DataFrame({"gene": genes.names, "top": genes.top, **found})
    medians = _medians(replicates, genes.top)
    shown = field.read(pictured).mean if len(pictured) else mean[:, :0]
    return Scores(by_gene, distances.table(), medians, shown)


def _read_steps(
    field: ExpressionField,
    trial: Trial,
    genes: ScoredGenes,
    found: dict[str, FloatArray],
) -> Steps[tuple[NDArray[np.float32], FloatArray]]:
    """Read the prediction of the scored genes, and the library predicted over all.

    What needs the uncertainty is scored here: it is not kept.
    """
    n_genes, n_scored = trial.section.n_genes, len(genes.columns)
    library = np.zeros(len(trial.scored))
    mean = np.empty((len(trial.scored), n_scored), dtype=np.float32)
    for block in portions(len(genes.columns), _GENES_AT_ONCE):
        read = field.read(genes.columns[block])
        _check(read.mean)
        truth = trial.truth(genes.columns[block])
        mean[:, block] = read.mean
        library += read.mean.sum(axis=1, dtype=np.float64)
        found["coverage"][block] = metrics.coverage(truth, read.mean, read.sd)
        found["interval_width"][block] = metrics.interval_width(truth, read.sd)
        yield Progress("Reading", block.stop, n_genes)
    rest = np.setdiff1d(np.arange(n_genes), genes.columns)
    for block in portions(len(rest), _GENES_AT_ONCE):
        read = field.read(rest[block])
        _check(read.mean)
        library += read.mean.sum(axis=1, dtype=np.float64)
        yield Progress("Reading", n_scored + block.stop, n_genes)
    return mean, library


@dataclass(frozen=True, eq=False)
class _Scorer:
    """Truth and prediction of a trial, on counts and log-normalised."""

    trial: Trial
    genes: ScoredGenes
    mean: NDArray[np.float32]
    library: FloatArray

    @property
    def neighbours(self) -> IntArray:
        """Pairs of scored spots that are neighbours."""
        section = self.trial.section
        return section.lattice.neighbours(section.array_rc[self.trial.scored])

    def truth(self, block: slice | IntArray) -> NDArray[np.float32]:
        """Measured counts of some of the scored genes, shape (scored spot, gene)."""
        return self.trial.truth(self.genes.columns[block])

    def logs(self, block: slice | IntArray) -> tuple[FloatArray, FloatArray]:
        """Truth and prediction, each log-normalised by its own library size."""
        target = float(np.median(self.trial.library))
        return (
            metrics.log_normalised(self.truth(block), self.trial.library, target),
            metrics.log_normalised(self.mean[:, block], self.library, target),
        )


def _check(mean: NDArray[np.float32]) -> None:
    """Refuse what would drop out of medians unseen."""
    n_bad = int((~np.isfinite(mean)).sum())
    if n_bad:
        msg = (
            f"{n_bad} predicted values are no finite numbers, so that this method "
            "cannot be scored; this is a fault of the method"
        )
        raise ComputeError(msg)


def _medians(
    replicates: dict[str, NDArray[np.float32]], top: NDArray[np.bool_]
) -> dict[str, FloatArray]:
    """Medians over genes, and over the highest, in each replicate."""
    found = {}
    for name, by_gene in replicates.items():
        for suffix, chosen in (("", by_gene), ("_top", by_gene[:, top])):
            # genes that do not vary leave the median; all-NaN rows stay NaN
            kept = chosen[:, ~np.isnan(chosen).all(axis=0)]
            empty = np.full(len(kept), np.nan)
            median = np.nanmedian(kept, axis=1) if kept.size else empty
            found[f"{name}{suffix}"] = median.astype(np.float64)
    return found
