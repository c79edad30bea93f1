"""Which measured spots are hidden from a method, and the section that is left.

A method is handed `HoldOut.reduced`, a section without the hidden spots: whatever it
does, it cannot see what it will be scored on. Knows nothing about methods or scores.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy import sparse

from napari_stentrans.errors import InvalidRequestError
from napari_stentrans.evaluation.tasks import Task, Trial
from napari_stentrans.methods.base import ExpressionField, Fitted
from napari_stentrans.progress import Steps
from napari_stentrans.section.lattice import FloatArray, IntArray
from napari_stentrans.section.section import Section
from napari_stentrans.section.tissue import BoolArray

DROPOUT_SHARE = 0.3
"""Share of the spots that `Task.DROPOUT` hides."""
REGION_SHARE = 0.15
"""Share of the spots at which `Task.REGION` stops hiding discs."""
REGION_RADIUS = 3.0
"""Radius of those discs, in pitches."""


@dataclass(frozen=True, eq=False)
class HoldOut(Trial):
    """A section divided into visible and hidden spots.

    Attributes
    ----------
    section
        The whole section.
    hidden : ndarray, shape (hidden spot,)
        Indices of the hidden spots with counts, ascending: without any, there is
        nothing to compare a prediction with.
    task
        How they were chosen.
    seed
        Of that choice.
    """

    section: Section
    hidden: IntArray
    task: Task
    seed: int

    @property
    def scored(self) -> IntArray:
        """The hidden spots."""
        return self.hidden

    @cached_property
    def visible(self) -> IntArray:
        """Indices of the other spots, ascending; of those with counts, as `enhance`."""
        measured = np.flatnonzero(self.section.library_size)
        return np.setdiff1d(measured, self.hidden)

    @cached_property
    def reduced(self) -> Section:
        """The visible spots alone, on the same lattice: all that a method may see."""
        return self.section.subset(self.visible)

    @cached_property
    def counts(self) -> sparse.csr_matrix:
        """Measured counts of the hidden spots, shape (hidden spot, gene)."""
        return self.section.counts[self.hidden]

    @property
    def hidden_rc(self) -> FloatArray:
        """Array coordinates of the hidden spots, shape (hidden spot, 2)."""
        return self.section.array_rc[self.hidden]

    def field_steps(self, fitted: Fitted) -> Steps[ExpressionField]:
        """Predict where nothing was measured."""
        return (yield from fitted.field_steps(self.hidden_rc))


def hold_out(section: Section, task: Task | str, seed: int = 0) -> HoldOut:
    """Hide spots of a section.

    Parameters
    ----------
    section
        The whole section; it is not changed.
    task
        How to hide.
    seed
        The same seed hides the same spots. For ``UPSAMPLE`` it is the offset of the
        visible lattice (0: the first row and column, as in the paper), modulo 4.

    Raises
    ------
    InvalidRequestError
        If there is no such task, the section is too small to be divided, or no spot
        that would be visible, or none that would be hidden, has counts.
    """
    if task not in _HIDE:
        msg = f"no task {task!r} hides spots; choose from {', '.join(_HIDE)}"
        raise InvalidRequestError(msg)
    chosen = Task(task)
    is_hidden = _HIDE[chosen](section, seed)
    _check_division(section, is_hidden, f"the task '{chosen}' with seed {seed}")
    hidden = np.flatnonzero(is_hidden & (section.library_size > 0))
    return HoldOut(section, hidden, chosen, seed)


def _check_division(section: Section, is_hidden: BoolArray, by: str) -> None:
    """Refuse a division of the spots that leaves nothing to see or to score."""
    if is_hidden.all() or not is_hidden.any():
        msg = (
            f"{section.name} has {section.n_spots} spots, too few for {by}: "
            f"{is_hidden.sum()} would be hidden. Choose another seed, or a larger "
            "section"
        )
        raise InvalidRequestError(msg)
    for spots, done, missing in (
        (~is_hidden, "leaves visible", "learn from"),
        (is_hidden, "hides", "compare predictions with"),
    ):
        if not section.library_size[spots].any():
            msg = (
                f"none of the {spots.sum()} spots of {section.name} that {by} {done} "
                f"has counts: there would be nothing to {missing}. Choose another "
                "seed, or another task"
            )
            raise InvalidRequestError(msg)


def _hide_between(section: Section, seed: int) -> BoolArray:
    """Hide all but a sublattice of twice the pitch."""
    if not section.lattice.is_regular:
        return _hide_between_irregular(section, seed)
    down, across = divmod(seed % 4, 2)
    row, col = section.lattice.step_rc
    # a site of a checkerboard moves to the next along (1, 1) and (0, 2)
    shift = (
        (down, down + 2 * across) if section.lattice.is_checkerboard else (down, across)
    )
    first_rc = section.lattice.to_array([shift])[0]
    sublattice = replace(
        section.lattice,
        origin_rc=(float(first_rc[0]), float(first_rc[1])),
        step_rc=(2 * row, 2 * col),
    )
    return ~sublattice.is_site(section.array_rc)


def _hide_between_irregular(section: Section, seed: int) -> BoolArray:
    """Hide all but the most central spot of each square, a quarter of them all."""
    down, across = divmod(seed % 4, 2)
    wanted = max(1, section.n_spots // 4)
    sides = np.geomspace(1.0, 10.0, 40)  # pitches
    scaled = [section.pitch_rc / side + (down / 2, across / 2) for side in sides]
    occupied = [len(np.unique(np.floor(place), axis=0)) for place in scaled]
    place = scaled[int(np.argmin(np.abs(np.array(occupied) - wanted)))]
    square = np.floor(place)
    off_centre = ((place - square - 0.5) ** 2).sum(axis=1)
    by_square = np.lexsort((off_centre, square[:, 1], square[:, 0]))
    is_first = np.ones(section.n_spots, dtype=bool)
    is_first[1:] = (np.diff(square[by_square], axis=0) != 0).any(axis=1)
    hidden = np.ones(section.n_spots, dtype=bool)
    hidden[by_square[is_first]] = False
    return hidden


def _hide_at_random(section: Section, seed: int) -> BoolArray:
    order = np.random.default_rng(seed).permutation(section.n_spots)
    hidden = np.zeros(section.n_spots, dtype=bool)
    hidden[order[: round(DROPOUT_SHARE * section.n_spots)]] = True
    return hidden


def _hide_discs(section: Section, seed: int) -> BoolArray:
    rng = np.random.default_rng(seed)
    hidden = np.zeros(section.n_spots, dtype=bool)
    while hidden.mean() < REGION_SHARE:
        centre = section.pitch_rc[rng.choice(np.flatnonzero(~hidden))]
        distance = np.linalg.norm(section.pitch_rc - centre, axis=1)
        hidden |= distance <= REGION_RADIUS
    return hidden


_HIDE: dict[Task, Callable[[Section, int], BoolArray]] = {
    Task.UPSAMPLE: _hide_between,
    Task.DROPOUT: _hide_at_random,
    Task.REGION: _hide_discs,
}
