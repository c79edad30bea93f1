"""Which methods are tried on which trials: what was asked for, made definite."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import product
from typing import TypeVar

import numpy as np

from napari_stentrans.errors import InvalidRequestError
from napari_stentrans.evaluation.all_spots import AllSpots
from napari_stentrans.evaluation.baselines import BASELINES
from napari_stentrans.evaluation.genes import scored_genes
from napari_stentrans.evaluation.holdout import hold_out
from napari_stentrans.evaluation.tasks import Protocol, Task, Trial
from napari_stentrans.evaluation.thinning import split_counts
from napari_stentrans.methods.base import Enhancer, get_method, method_names
from napari_stentrans.section.gene_names import as_names
from napari_stentrans.section.lattice import IntArray
from napari_stentrans.section.section import Section

E = TypeVar("E", bound=StrEnum)


@dataclass(frozen=True, eq=False)
class Plan:
    """An evaluation, completely described but for the configuration.

    Attributes
    ----------
    section
        The whole section.
    methods
        Names of the methods of each task, in the order of reports.
    seeds
        Of what is hidden.
    protocol
        Which spots are scored.
    pictured : ndarray, shape (gene,)
        Columns of the section whose predictions are kept.
    named
        Whether the methods were asked for by name: then none may fail.
    """

    section: Section
    methods: dict[Task, list[str]]
    seeds: list[int]
    protocol: Protocol
    pictured: IntArray
    named: bool

    @property
    def pairs(self) -> list[tuple[Task, int]]:
        """Every task with every seed."""
        return list(product(self.methods, self.seeds))

    def trial(self, task: Task, seed: int) -> Trial:
        """What a method sees and is scored against."""
        if task is Task.DENOISE:
            return split_counts(self.section, seed)
        held_out = hold_out(self.section, task, seed)
        return AllSpots(held_out) if self.protocol is Protocol.PAPER else held_out


def plan_evaluation(
    section: Section,
    methods: str | Sequence[str] | None,
    task: Task | str | Sequence[Task | str],
    seed: int | Sequence[int],
    protocol: Protocol | str = Protocol.HELD_OUT,
    genes: Sequence[str] = (),
) -> Plan:
    """Check a request before anything is computed.

    Raises
    ------
    InvalidRequestError
        Saying what there is to choose from, or why the section does not do.
    """
    if methods is not None:
        methods = as_names(methods, "methods")
    asked = [task] if isinstance(task, str) else list(task)
    tasks = [_one_of(Task, name, "task") for name in asked]
    seeds = _seeds(seed)
    chosen = _one_of(Protocol, protocol, "protocol")
    if not tasks or not seeds or seeds[0] < 0 or (methods is not None and not methods):
        msg = "name at least one task, one method, and one seed of 0 or more"
        raise InvalidRequestError(msg)
    if chosen is Protocol.PAPER and Task.DENOISE in tasks:
        msg = "the paper's protocol hides spots: it has no task 'denoise'; leave it out"
        raise InvalidRequestError(msg)
    by_task = {task: _methods_of(task, methods) for task in dict.fromkeys(tasks)}
    for name in methods or ():
        find_method(name)
        if not any(name in names for names in by_task.values()):
            msg = f"{name!r} is a baseline of the task 'denoise' alone; add that task"
            raise InvalidRequestError(msg)
    by_task = {task: names for task, names in by_task.items() if names}
    pictured = section.gene_index(genes)
    plan = Plan(section, by_task, seeds, chosen, pictured, methods is not None)
    scored_genes(section)  # refuses a section that is too sparse for any trial
    # one that cannot be made would end the evaluation after the work on those before it
    for pair in plan.pairs:
        plan.trial(*pair)
    return plan


def _seeds(given: int | Sequence[int]) -> list[int]:
    each = np.ravel(np.asarray(given, dtype=object)).tolist()
    if any(isinstance(n, bool) or not isinstance(n, int | np.integer) for n in each):
        msg = f"seeds are whole numbers of 0 or more, not {given!r}"
        raise InvalidRequestError(msg)
    return sorted({int(number) for number in each})


def find_method(name: str) -> Enhancer:
    """Return a method of the registry, or a baseline of `Task.DENOISE`.

    Raises
    ------
    InvalidRequestError
        Naming the methods and baselines there are.
    """
    if name in BASELINES:
        return BASELINES[name]()
    if name not in method_names():
        methods, baselines = ", ".join(method_names()), ", ".join(BASELINES)
        msg = (
            f"there is no method {name!r}; choose from {methods}; {baselines} "
            f"(task '{Task.DENOISE}' alone)"
        )
        raise InvalidRequestError(msg)
    return get_method(name)


def _methods_of(task: Task, methods: Sequence[str] | None) -> list[str]:
    if methods is None:
        return [*method_names(), *(BASELINES if task is Task.DENOISE else ())]
    wanted = dict.fromkeys(methods)
    return [name for name in wanted if task is Task.DENOISE or name not in BASELINES]


def _one_of(kind: type[E], name: str, what: str) -> E:
    if name not in list(kind):
        msg = f"there is no {what} {name!r}; choose from {', '.join(kind)}"
        raise InvalidRequestError(msg)
    return kind(name)
