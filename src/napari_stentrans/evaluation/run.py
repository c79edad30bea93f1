"""Hide spots, walk the same path with every method, score what was hidden.

The path is that of `enhance`: `fit` on the reduced section, `field` at the hidden
positions, genes read in blocks. Knows no method by name.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from napari_stentrans.config import RunConfig
from napari_stentrans.errors import InvalidRequestError
from napari_stentrans.evaluation import metrics
from napari_stentrans.evaluation.holdout import HoldOut, Task, hold_out
from napari_stentrans.evaluation.report import TOP_GENES, EvaluationReport
from napari_stentrans.methods.base import (
    ExpressionField,
    Prediction,
    get_method,
    method_names,
)
from napari_stentrans.progress import Progress, Steps, run_to_end
from napari_stentrans.section.lattice import FloatArray, IntArray
from napari_stentrans.section.section import Section

_DETECTED_SHARE = 0.1
"""Genes are scored if they are detected in more than this share of the spots."""
_GENES_PER_BLOCK = 512

METRICS = ("pearson", "pearson_log", *list(metrics.COUNT_METRICS)[1:], "coverage")
"""Names of all scores, in the order of reports."""


def evaluate(
    section: Section,
    methods: Sequence[str] | None = None,
    task: Task | str = Task.DROPOUT,
    seed: int = 0,
    config: RunConfig | None = None,
    on_progress: Callable[[Progress], bool | None] | None = None,
) -> EvaluationReport:
    """Score methods on spots that they have not seen.

    Parameters
    ----------
    section
        A measured section; it is not changed.
    methods
        Names of methods; all, if not given.
    task
        How spots are hidden: "upsample", "dropout" or "region".
    seed
        Of the choice of hidden spots.
    config
        Given to every method (its own field ``method`` is ignored).
    on_progress
        Called with every `Progress`; returning True ends the fit that runs, early.

    Raises
    ------
    InvalidRequestError
        If there is no such method or task, or the section is too small or too sparse.
    """
    steps = evaluation_steps(
        hold_out(section, task, seed), methods or method_names(), config or RunConfig()
    )
    return run_to_end(steps, on_progress)


def evaluation_steps(
    held_out: HoldOut, methods: Sequence[str], config: RunConfig
) -> Steps[EvaluationReport]:
    """`evaluate` as a job, on given hidden spots."""
    enhancers = {name: get_method(name) for name in methods}
    genes = scored_genes(held_out.section)
    tables, seconds = [], {}
    for name, enhancer in enhancers.items():
        clock = _Stopwatch()
        chosen = config.model_copy(update={"method": name})
        with clock:
            fitted = yield from enhancer.fit_steps(held_out.reduced, chosen)
            field = yield from fitted.field_steps(held_out.hidden_rc)
        reader = _TimedField(field, clock)
        tables.append((yield from _score_steps(name, reader, held_out, genes)))
        seconds[name] = clock.seconds
    return EvaluationReport(
        scores=pd.concat(tables, ignore_index=True),
        seconds=pd.Series(seconds, name="seconds"),
        hold_out=held_out,
    )


class _Stopwatch:
    """Adds up the seconds spent inside its ``with`` blocks."""

    seconds = 0.0

    def __enter__(self) -> None:
        self._started = time.perf_counter()

    def __exit__(self, *failure: object) -> None:
        self.seconds += time.perf_counter() - self._started


@dataclass(frozen=True, eq=False)
class _TimedField(ExpressionField):
    """A field whose reading is timed: methods are charged for it, scores are not."""

    field: ExpressionField
    clock: _Stopwatch

    @property
    def n_positions(self) -> int:
        return self.field.n_positions

    def read(self, genes: IntArray) -> Prediction:
        with self.clock:
            return self.field.read(genes)


@dataclass(frozen=True, eq=False)
class ScoredGenes:
    """Genes that scores are computed for.

    Attributes
    ----------
    columns : ndarray, shape (gene,)
        Columns of the section, ascending.
    top : ndarray of bool, shape (gene,)
        Which of them are among the highest.
    """

    columns: IntArray
    top: NDArray[np.bool_]


def scored_genes(section: Section) -> ScoredGenes:
    """Genes in more than 10 % of the spots, with the 500 highest of them marked.

    The choice looks at the whole section, hidden spots included, and is therefore
    never shown to a method.
    """
    columns = np.flatnonzero(section.detected_in > _DETECTED_SHARE * section.n_spots)
    if len(columns) == 0:
        msg = (
            f"no gene of {section.name} is detected in more than "
            f"{_DETECTED_SHARE:.0%} of its {section.n_spots} spots: it is too "
            "sparse to be evaluated spot by spot"
        )
        raise InvalidRequestError(msg)
    totals = np.asarray(section.counts.sum(axis=0)).ravel()[columns]
    top = np.zeros(len(columns), dtype=bool)
    top[np.argsort(-totals, kind="stable")[:TOP_GENES]] = True
    return ScoredGenes(columns, top)


def _score_steps(
    method: str, field: ExpressionField, held_out: HoldOut, genes: ScoredGenes
) -> Steps[pd.DataFrame]:
    """Every score of one method."""
    n_genes = held_out.section.n_genes
    library = np.zeros(len(held_out.hidden))
    mean = np.empty((len(held_out.hidden), len(genes.columns)), dtype=np.float32)
    found: dict[str, FloatArray] = {
        metric: np.empty(len(genes.columns)) for metric in METRICS
    }
    for block in _blocks(genes.columns):
        read = field.read(genes.columns[block])
        truth = held_out.truth(genes.columns[block])
        mean[:, block] = read.mean
        library += read.mean.sum(axis=1, dtype=np.float64)
        for metric, score in metrics.COUNT_METRICS.items():
            found[metric][block] = score(truth, read.mean)
        found["coverage"][block] = metrics.coverage(truth, read.mean, read.sd)
        yield Progress(f"Scoring {method}", block.stop, n_genes)
    rest = np.setdiff1d(np.arange(n_genes), genes.columns)
    for block in _blocks(rest):  # the predicted library is over all genes
        library += field.read(rest[block]).mean.sum(axis=1, dtype=np.float64)
        yield Progress(f"Scoring {method}", len(genes.columns) + block.stop, n_genes)
    found["pearson_log"] = _log_pearson(mean, library, held_out, genes)
    return _tidy(method, found, held_out.section.genes[genes.columns], genes.top)


def _log_pearson(
    mean: NDArray[np.float32],
    library: FloatArray,
    held_out: HoldOut,
    genes: ScoredGenes,
) -> FloatArray:
    """Pearson's r once library size is taken out, of each side by its own."""
    target = float(np.median(held_out.hidden_library))
    score = np.empty(len(genes.columns))
    for block in _blocks(genes.columns):
        truth = held_out.truth(genes.columns[block])
        score[block] = metrics.pearson(
            metrics.log_normalised(truth, held_out.hidden_library, target),
            metrics.log_normalised(mean[:, block], library, target),
        )
    return score


def _blocks(columns: IntArray) -> Iterator[slice]:
    for start in range(0, len(columns), _GENES_PER_BLOCK):
        yield slice(start, min(start + _GENES_PER_BLOCK, len(columns)))


def _tidy(
    method: str, found: dict[str, FloatArray], names: pd.Index, top: NDArray[np.bool_]
) -> pd.DataFrame:
    return pd.concat(
        [
            pd.DataFrame(
                {
                    "gene": names,
                    "top": top,
                    "method": method,
                    "metric": metric,
                    "value": found[metric],
                }
            )
            for metric in METRICS
        ],
        ignore_index=True,
    )
