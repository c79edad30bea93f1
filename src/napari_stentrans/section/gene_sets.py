"""Named sets of genes, such as pathways, as far as a section has their genes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from scipy import sparse

from napari_stentrans.errors import InvalidRequestError
from napari_stentrans.portions import portions
from napari_stentrans.section.depth import evened
from napari_stentrans.section.gene_names import as_names
from napari_stentrans.section.lattice import FloatArray, IntArray
from napari_stentrans.section.section import Section
from napari_stentrans.section.signature import one_over_sd

FEWEST = 2
"""One gene alone is no set: look at the gene."""
_VALUES_AT_ONCE = 2**22
"""Signatures of so many spots and sets are in memory at a time, 30 MB of each kind."""


@dataclass(frozen=True, eq=False)
class GeneSets:
    """Sets of genes, matched to a section.

    Attributes
    ----------
    section
        Whose genes they are.
    table : DataFrame, one row a set
        By name: ``n_genes`` that were named, ``n_found`` that the section has.
    columns : ndarray, shape (gene,)
        Columns of the section that are in any set, in their order.
    members : csc_matrix of bool, shape (gene, set)
        Which of these are in which set.
    """

    section: Section
    table: pd.DataFrame
    columns: IntArray
    members: sparse.csc_matrix

    @classmethod
    def of(cls, section: Section, sets: Mapping[str, Iterable[str]]) -> GeneSets:
        """Match sets to the genes of a section.

        By their names as they are written, or else whatever the case of the letters:
        mouse genes are written Cd37, human ones CD37, and collections know one of them.
        Sets of which the section has fewer than two genes are left out.

        Raises
        ------
        InvalidRequestError
            If no set is left.
        """
        named = {str(name): as_names(genes) for name, genes in sets.items()}
        known = _Names(section)
        found = {name: known.columns(genes) for name, genes in named.items()}
        kept = [name for name, columns in found.items() if len(columns) >= FEWEST]
        if not kept:
            raise InvalidRequestError(_nothing_found(section, named))
        sizes = [len(found[name]) for name in kept]
        columns, gene = np.unique(
            np.concatenate([found[name] for name in kept]), return_inverse=True
        )
        which = np.repeat(np.arange(len(kept)), sizes)
        shape = (len(columns), len(kept))
        members = sparse.csc_matrix((np.ones(len(gene), bool), (gene, which)), shape)
        n_genes = [len(dict.fromkeys(named[name])) for name in kept]
        table = pd.DataFrame({"n_genes": n_genes, "n_found": sizes}, index=kept)
        return cls(section, table, columns, members)

    def __len__(self) -> int:
        return len(self.table)

    def parts(self) -> Iterator[GeneSets]:
        """Cut them, in order, into as many at a time as fit into memory."""
        at_once = max(1, _VALUES_AT_ONCE // self.section.n_spots)
        for part in portions(len(self), at_once):
            members = self.members[:, part]
            used = np.flatnonzero(members.sum(axis=1))
            columns = self.columns[used]
            yield GeneSets(self.section, self.table[part], columns, members[used])

    @property
    def names(self) -> list[str]:
        """What they are called."""
        return [str(name) for name in self.table.index]

    def genes(self, name: str) -> list[str]:
        """Genes of a set that the section has."""
        members = self.members[:, [self.names.index(name)]].indices
        return [str(gene) for gene in self.section.genes[self.columns[members]]]

    def holding(self, gene: str) -> list[str]:
        """Names of the sets that have a gene, whatever the case of its letters."""
        called = [str(each).casefold() for each in self.section.genes[self.columns]]
        if gene.casefold() not in called:
            return []
        row = self.members.tocsr()[called.index(gene.casefold())]
        names = self.names
        return [names[number] for number in row.indices]

    @cached_property
    def weights(self) -> sparse.csr_matrix:
        """Factor of each gene's counts in each signature, shape (gene, set).

        As of `signature.signature_weights`; zero in a set of which no gene varies.
        """
        factor = one_over_sd(self.section, self.columns)
        varies = (factor > 0).astype(np.float64)
        n_varying = np.maximum(self.members.T @ varies, 1.0)
        weighed = sparse.diags(factor) @ self.members @ sparse.diags(1 / n_varying)
        return sparse.csr_matrix(weighed)

    @cached_property
    def measured(self) -> FloatArray:
        """Signatures of the counts, shape (spot, set)."""
        counts = self.section.by_gene[:, self.columns]
        return np.asarray((counts @ self.weights).toarray())

    @cached_property
    def measured_evenly(self) -> FloatArray:
        """The same at one sequencing depth: large sets follow that before all else."""
        return evened(self.measured, self.section.depth).astype(np.float64)


class _Names:
    """Columns of genes by their names, in letters of any case."""

    def __init__(self, section: Section) -> None:
        names = [str(gene) for gene in section.genes]
        self._exact = {name: column for column, name in enumerate(names)}
        folded: dict[str, int | None] = {}
        for column, name in enumerate(names):
            key = name.casefold()
            folded[key] = None if key in folded else column  # None: which is meant?
        self._folded = folded

    def columns(self, genes: Iterable[str]) -> IntArray:
        """Columns of the genes that are there, each once, in their order."""
        found = (
            self._exact.get(gene, self._folded.get(gene.casefold())) for gene in genes
        )
        return np.unique([column for column in found if column is not None]).astype(int)


def _nothing_found(section: Section, sets: Mapping[str, list[str]]) -> str:
    asked = [gene for genes in sets.values() for gene in genes][:3]
    return (
        f"{section.name} has not two genes of any of the {len(sets):,} gene sets. "
        f"Its genes are called {', '.join(map(str, section.genes[:3]))}; those of the "
        f"sets {', '.join(asked) or '(none)'}. Take sets of the same species and kind "
        "of names."
    )
