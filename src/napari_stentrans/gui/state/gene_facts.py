"""What is known of every gene of a section, and which genes a person wants to see.

A table of numpy columns: searching and sorting tens of thousands of genes takes
milliseconds. Knows nothing of Qt or napari.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property

import numpy as np
import pandas as pd

from napari_stentrans import keys
from napari_stentrans.section.lattice import FloatArray, IntArray
from napari_stentrans.section.section import Section

_WRAPPING = "\"'`[]\u2018\u2019\u201c\u201d"


class Column(StrEnum):
    """Columns of the gene browser."""

    GENE = "gene"
    MEAN = "mean"
    SPOTS = "spots"
    MORAN = "moran"
    SCORE = "score"


@dataclass(frozen=True)
class Wish:
    """Which genes to list, and in which order.

    Attributes
    ----------
    text
        What is searched: a part of a name, or several names of which the last may be
        a part.
    by, descending
        Column that they are ordered by; genes that have no value come last.
    among
        If given, only these genes are listed.
    """

    text: str = ""
    by: Column = Column.SPOTS
    descending: bool = True
    among: frozenset[str] | None = None


@dataclass(frozen=True, eq=False)
class GeneFacts:
    """What is known of the genes of a section; NaN is what is not known (yet).

    Attributes
    ----------
    genes
        Their names.
    mean : ndarray, shape (gene,)
        Mean counts a spot.
    spots : ndarray, shape (gene,)
        Share of the spots in which they are found, 0 to 1.
    moran : ndarray, shape (gene,)
        Moran's I.
    score : ndarray, shape (gene,)
        Pearson's r at spots that were left out, of the result that is shown.
    """

    genes: pd.Index
    mean: FloatArray
    spots: FloatArray
    moran: FloatArray
    score: FloatArray

    @classmethod
    def named(cls, section: Section) -> GeneFacts:
        """Return the names alone."""
        unknown = np.full(section.n_genes, np.nan)
        return cls(section.genes, unknown, unknown, unknown, unknown)

    def with_scores(self, scores: pd.DataFrame | None) -> GeneFacts:
        """Return them with the scores of a result, or of none."""
        score = np.full(len(self.genes), np.nan)
        if scores is not None and keys.HELDOUT_PCC in scores:
            score[self.genes.get_indexer(scores.index)] = scores[keys.HELDOUT_PCC]
        return replace(self, score=score)

    def knows(self, column: Column) -> bool:
        """Whether a column has any value."""
        return column is Column.GENE or bool(np.isfinite(self.values(column)).any())

    def values(self, column: Column) -> FloatArray:
        """Numbers of a column other than the names, shape (gene,)."""
        numbers: FloatArray = getattr(self, column)
        return numbers

    def rows(self, wish: Wish) -> IntArray:
        """Numbers of the genes that are wanted, in the order that is wanted."""
        found = np.flatnonzero(self._matches(wish.text))
        if wish.among is not None:
            found = found[self.genes[found].isin(list(wish.among))]
        return found[self._order(found, wish)]

    def spelt(self, names: Iterable[str]) -> list[str]:
        """Return names as the section spells them, each once; unknown ones as given."""
        spelt = (
            str(self.genes[self._place[name.casefold()]])
            if name.casefold() in self._place and name not in self.genes
            else name
            for name in names
        )
        return list(dict.fromkeys(spelt))

    def asked_for(self, text: str) -> list[str]:
        """Return the names in a text; one alone, if a gene is called all of it."""
        whole = text.strip()
        return [whole] if whole.casefold() in self._place else names_in(text)

    def _matches(self, text: str) -> np.ndarray:
        names = [name.casefold() for name in self.asked_for(text)]
        if len(names) < 2:
            part = names[0] if names else ""
            return np.array([part in name for name in self._folded], dtype=bool)
        wanted = set(names)  # of any case: a section may hold genes of two species
        matches = np.array([name in wanted for name in self._folded], dtype=bool)
        if names[-1] not in self._place and not text[-1].isspace():
            matches |= np.array([names[-1] in name for name in self._folded])
        return matches

    def _order(self, found: IntArray, wish: Wish) -> IntArray:
        if wish.by is Column.GENE:
            order = np.argsort(self._by_name[found], kind="stable")
            return order[::-1] if wish.descending else order
        values = self.values(wish.by)[found]
        values = -values if wish.descending else values
        return np.lexsort((-np.nan_to_num(self.spots[found]), values))

    @cached_property
    def _folded(self) -> list[str]:
        return [str(gene).casefold() for gene in self.genes]

    @cached_property
    def _place(self) -> dict[str, int]:
        return {name: place for place, name in enumerate(self._folded)}

    @cached_property
    def _by_name(self) -> IntArray:
        """Place of each gene in the order of names, numbers in them by their value."""
        natural = sorted(range(len(self._folded)), key=lambda at: _natural(self, at))
        places = np.empty(len(natural), dtype=np.int64)
        places[natural] = np.arange(len(natural))
        return places


def names_in(text: str) -> list[str]:
    """Split a list as people paste it: by commas, semicolons, spaces or lines.

    Quotes around names, and brackets around lists of them, come from scripts.
    """
    parts = (part.strip(_WRAPPING) for part in re.split(r"[\s,;]+", text))
    return [name for name in parts if name]


def _natural(facts: GeneFacts, at: int) -> list[tuple[int, int, str]]:
    """Key by which CD9 comes before CD19."""
    parts = re.split(r"(\d+)", facts._folded[at])
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts]
