"""What a method is tried on: the tasks, and one trial of a task on a section.

A trial says what the method sees, at which spots it is scored, and with which counts.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from enum import StrEnum
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.spatial import KDTree

from napari_stentrans.methods.base import ExpressionField, Fitted
from napari_stentrans.progress import Steps
from napari_stentrans.section.lattice import FloatArray, IntArray
from napari_stentrans.section.section import Section


class Task(StrEnum):
    """What a method has to do.

    ``UPSAMPLE`` leaves every second row and column of the lattice visible, as the
    paper does (off a lattice: an evenly spread quarter). ``DROPOUT`` hides 30 % of the
    spots at random. ``REGION`` hides discs of radius 3 pitches until 15 % of the spots
    are hidden. ``DENOISE`` hides no spot: each count of a molecule goes to one of two
    halves by chance, the method sees one and is scored against the other.
    """

    UPSAMPLE = "upsample"
    DROPOUT = "dropout"
    REGION = "region"
    DENOISE = "denoise"


class Protocol(StrEnum):
    """Which spots are scored.

    ``HELD_OUT``: only what the method has not seen. ``PAPER``: all spots, those given
    to the method included, as the stEnTrans paper does; partly in-sample. Spots without
    any count are as good as not measured: neither shows them, neither scores them.
    """

    HELD_OUT = "held-out"
    PAPER = "paper"

    @property
    def meaning(self) -> str:
        """What it is, in words."""
        if self is Protocol.PAPER:
            return "paper protocol: all spots scored, in-sample"
        return "held out: only what the method has not seen is scored"


class Trial(ABC):
    """One task on one section.

    Attributes
    ----------
    section
        The whole section.
    task, seed
        What was done to it.
    """

    section: Section
    task: Task
    seed: int

    @property
    @abstractmethod
    def reduced(self) -> Section:
        """All that a method may see."""

    @property
    @abstractmethod
    def scored(self) -> IntArray:
        """Spots of the section that are scored, ascending, shape (scored spot,)."""

    @property
    @abstractmethod
    def counts(self) -> sparse.csr_matrix:
        """Counts they are scored against, shape (scored spot, gene)."""

    @abstractmethod
    def field_steps(self, fitted: Fitted) -> Steps[ExpressionField]:
        """Predict at the scored spots, in their order."""

    @cached_property
    def library(self) -> FloatArray:
        """Library size of `counts`, shape (scored spot,)."""
        return np.asarray(self.counts.sum(axis=1), dtype=np.float64).ravel()

    @cached_property
    def distance(self) -> FloatArray:
        """Pitches from each scored spot to the nearest that the method sees."""
        to_pitch = self.section.lattice.to_pitch
        seen = KDTree(to_pitch(self.reduced.array_rc))
        scored = to_pitch(self.section.array_rc[self.scored])
        return np.asarray(seen.query(scored)[0])

    def truth(self, genes: IntArray) -> NDArray[np.float32]:
        """`counts` of some genes, dense, shape (scored spot, gene)."""
        dense: NDArray[np.float32] = self._by_gene[:, genes].toarray()
        return dense

    @cached_property
    def _by_gene(self) -> sparse.csc_matrix:
        return self.counts.tocsc()
