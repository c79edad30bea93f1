"""Hide, walk the same path with every method, score what was hidden.

The path is that of `enhance`: `fit` on the reduced section, a field at the scored
positions, genes read in blocks. Knows no method by name.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from napari_stentrans.config import RunConfig
from napari_stentrans.errors import ComputeError, InvalidRequestError
from napari_stentrans.evaluation.bootstrap import TissueBlocks
from napari_stentrans.evaluation.genes import ceilings, scored_genes
from napari_stentrans.evaluation.plan import Plan, find_method, plan_evaluation
from napari_stentrans.evaluation.report import EvaluationReport
from napari_stentrans.evaluation.resources import Meter
from napari_stentrans.evaluation.results import Results
from napari_stentrans.evaluation.scoring import score_steps
from napari_stentrans.evaluation.tasks import Protocol, Task, Trial
from napari_stentrans.io.given import as_section
from napari_stentrans.methods.base import ExpressionField, Prediction
from napari_stentrans.progress import Progress, Steps, changed, run_to_end
from napari_stentrans.section.lattice import IntArray
from napari_stentrans.section.section import Section
from napari_stentrans.settings import ConfigLike, resolve_config

if TYPE_CHECKING:
    from anndata import AnnData

T = TypeVar("T")


def evaluate(  # noqa: PLR0913 - all but the first have defaults and are given by name
    section: Section | AnnData,
    methods: str | Sequence[str] | None = None,
    task: Task | str | Sequence[Task | str] = Task.DROPOUT,
    seed: int | Sequence[int] = 0,
    config: ConfigLike = None,
    on_progress: Callable[[Progress], bool | None] | None = None,
    *,
    protocol: Protocol | str = Protocol.HELD_OUT,
    pictured: Sequence[str] = (),
) -> EvaluationReport:
    """Score methods on what they have not seen.

    Parameters
    ----------
    section
        A measured section, or an AnnData with counts; it is not changed. What was
        noted while reading an AnnData is told as warnings, and so are the notes of
        the report.
    methods
        Names of methods. If not given: all that can handle this section, and for
        "denoise" the baselines "raw" and "pca20" as well.
    task
        "upsample", "dropout", "region" or "denoise", or several of them.
    seed
        Of the choice of what is hidden, or several. Each is added to the seed of the
        configuration for the method's own use.
    config
        Given to every method (its own field ``method`` is ignored); settings or a
        mapping of them.
    on_progress
        Called with every `Progress`; returning True ends the fit that runs, early.
    protocol
        "held-out", or "paper": all spots scored, in-sample.
    pictured
        Genes whose predictions are kept for `EvaluationReport.pictures`, of the first
        seed of each task.

    Returns
    -------
    EvaluationReport
        Scores of every gene, their medians, and paired differences of methods.

    Raises
    ------
    InvalidRequestError
        If there is no such method, task or gene, the section is too small or sparse, or
        what a method is given (``config.model``) was made of it.
    """
    whole = as_section(section, "evaluate")
    plan = plan_evaluation(whole, methods, task, seed, protocol, pictured)
    report = run_to_end(evaluation_steps(plan, resolve_config(config)), on_progress)
    for note in report.notes:
        warnings.warn(note, stacklevel=2)
    return report


def evaluation_steps(plan: Plan, config: RunConfig) -> Steps[EvaluationReport]:
    """`evaluate` as a job, of what `plan_evaluation` found possible."""
    _refuse_what_has_seen(plan, config)
    genes, blocks = scored_genes(plan.section), TissueBlocks.of(plan.section)
    results = Results(plan)
    for task, seed in plan.pairs:
        trial = plan.trial(task, seed)
        results.add_trial(trial, ceilings(trial, genes))
        for name in plan.methods[task]:
            meter = Meter()
            steps = _method_steps(name, trial, config, meter)
            job = _labelled(f"{task}, seed {seed}, {name}", steps)
            try:
                field = yield from job
                metered = _Metered(field, meter)
                scoring = score_steps(metered, trial, genes, blocks, plan.pictured)
                scores = yield from _labelled(f"Scoring {name}", scoring)
            except (InvalidRequestError, ComputeError) as error:
                if plan.named:
                    raise
                results.add_failure(trial, name, error)
                continue
            results.add(trial, name, scores, meter)
            del field, metered, scoring  # their memory is no longer the next's
    return results.report()


def _refuse_what_has_seen(plan: Plan, config: RunConfig) -> None:
    """Nothing that is scored may have been seen."""
    for name in sorted({name for names in plan.methods.values() for name in names}):
        seen = find_method(name).has_seen(plan.section, config)
        if seen:
            msg = (
                f"{name} cannot be evaluated on {plan.section.name}: {seen}, and would "
                "be asked for what it has seen. Leave the model out, or evaluate on "
                "another section"
            )
            raise InvalidRequestError(msg)


def _method_steps(
    name: str, trial: Trial, config: RunConfig, meter: Meter
) -> Steps[ExpressionField]:
    """Fit a method and predict at the scored spots, its time and memory measured."""
    seed = config.seed + trial.seed
    chosen = config.model_copy(update={"method": name, "seed": seed})
    enhancer, seen = find_method(name), trial.reduced
    with meter:
        fitted = yield from enhancer.fit_steps(seen, chosen)
        return (yield from trial.field_steps(fitted))


def _labelled(label: str, steps: Steps[T]) -> Steps[T]:
    """Tell which part of the evaluation each sign of life belongs to."""

    def labelled(progress: Progress) -> Progress:
        return replace(progress, phase=f"{label}: {progress.phase}", partial=None)

    return changed(steps, labelled)


@dataclass(frozen=True, eq=False)
class _Metered(ExpressionField):
    """A field whose reading is measured: methods are charged for it, scores are not."""

    field: ExpressionField
    meter: Meter

    @property
    def n_positions(self) -> int:
        return self.field.n_positions

    def read(self, genes: IntArray) -> Prediction:
        with self.meter:
            return self.field.read(genes)
