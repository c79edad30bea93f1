"""Tens of thousands of genes for Qt, which asks about the few on screen only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from qtpy.QtCore import (  # type: ignore[attr-defined] # qtpy renames Signal
    QAbstractTableModel,
    QModelIndex,
    QObject,
    Qt,
    Signal,
)
from qtpy.QtGui import QFont

from napari_stentrans.gui.state.gene_facts import Column, GeneFacts
from napari_stentrans.section.lattice import IntArray

COLUMNS = tuple(Column)
"""In their order on the screen."""
_TITLES = {
    Column.GENE: (
        "Gene",
        "Click a gene to look at it; tick it to keep its layers, untick it to remove "
        "them",
    ),
    Column.MEAN: ("Mean", "Mean counts a spot"),
    Column.SPOTS: ("Spots", "Share of the spots in which the gene is found"),
    Column.MORAN: (
        "Moran",
        "Moran's I of neighbouring spots, of log-normalised counts: near 1 for large "
        "patches, near 0 for no spatial pattern. Found out in the background.",
    ),
    Column.SCORE: (
        "Score",
        "How well the shown result predicts the gene: correlation with counts of spots "
        "that were left out. Comes after a run.",
    ),
}
_NO_INDEX = QModelIndex()


class GeneTableModel(QAbstractTableModel):
    """Genes in the order that was asked for; a tick says that a gene is kept."""

    ticked = Signal(str, bool)
    sorted_by = Signal(str, bool)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._facts: GeneFacts | None = None
        self._rows: IntArray = np.empty(0, dtype=np.int64)
        self._kept: frozenset[str] = frozenset()
        self._current: str | None = None

    def show(self, facts: GeneFacts | None, rows: IntArray) -> None:
        """List other genes, or the same in another order."""
        self.beginResetModel()
        self._facts, self._rows = facts, rows
        self.endResetModel()

    def take_numbers(self, facts: GeneFacts | None, rows: IntArray) -> bool:
        """Show other numbers of the genes in the same rows; False if there are others.

        Whoever looks at the table keeps what is selected, and where it is scrolled to.
        """
        if not self.learns(facts) or not np.array_equal(rows, self._rows):
            return False
        self._facts = facts
        if len(rows):
            last = self.index(len(rows) - 1, len(COLUMNS) - 1)
            self.dataChanged.emit(self.index(0, 0), last)
        return True

    def learns(self, facts: GeneFacts | None) -> bool:
        """Whether these are other facts, but of the same genes."""
        known = self._facts
        if facts is None or known is None or facts is known:
            return False
        return bool(facts.genes.equals(known.genes))

    def mark(self, kept: frozenset[str], current: str | None) -> None:
        """Tick the genes that are kept, and set off the one that is looked at."""
        changed = (self._kept ^ kept) | ({self._current} ^ {current})
        self._kept, self._current = kept, current
        for row in self.rows_of([gene for gene in changed if gene is not None]):
            self.dataChanged.emit(self.index(row, 0), self.index(row, len(COLUMNS) - 1))

    def gene(self, row: int) -> str:
        """Gene in a row."""
        return "" if self._facts is None else str(self._facts.genes[self._rows[row]])

    def is_kept(self, row: int) -> bool:
        """Whether the gene in a row is ticked."""
        return self.gene(row) in self._kept

    def is_current(self, gene: str) -> bool:
        """Whether a gene is the one that is looked at."""
        return gene == self._current

    def rows_of(self, genes: Sequence[str]) -> list[int]:
        """Rows in which genes are listed."""
        if self._facts is None or not genes:
            return []
        numbers = self._facts.genes.get_indexer(pd.Index(list(genes), dtype=object))
        return [int(row) for row in np.flatnonzero(np.isin(self._rows, numbers))]

    def rowCount(self, parent: QModelIndex = _NO_INDEX) -> int:
        """Return the number of genes that are listed."""
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: QModelIndex = _NO_INDEX) -> int:
        """Return the number of columns."""
        return 0 if parent.isValid() else len(COLUMNS)

    def flags(self, index: QModelIndex) -> Qt.ItemFlag:
        """Return Qt's flags: genes can be ticked, nothing can be edited."""
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        if index.column() == 0:
            flags |= Qt.ItemFlag.ItemIsUserCheckable
        return flags

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return what Qt asks about a cell."""
        if self._facts is None or not index.isValid():
            return None
        gene, column = self.gene(index.row()), COLUMNS[index.column()]
        is_kept = gene in self._kept
        if role == Qt.ItemDataRole.DisplayRole:
            if column is Column.GENE:
                return gene
            return text_of(column, self._facts.values(column)[self._rows[index.row()]])
        if role == Qt.ItemDataRole.CheckStateRole and column is Column.GENE:
            return Qt.CheckState.Checked if is_kept else Qt.CheckState.Unchecked
        if role == Qt.ItemDataRole.TextAlignmentRole and column is not Column.GENE:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if role == Qt.ItemDataRole.FontRole and self.is_current(gene):
            bold = QFont()
            bold.setBold(True)
            return bold
        if role == Qt.ItemDataRole.ToolTipRole:
            tick = "untick to remove its layers" if is_kept else "tick to keep it"
            return f"{gene}: click to look at it, {tick}"
        return None

    def setData(
        self, index: QModelIndex, value: Any, role: int = Qt.ItemDataRole.EditRole
    ) -> bool:
        """Tell that a gene was ticked or unticked; the session has the last word."""
        if role != Qt.ItemDataRole.CheckStateRole:
            return False
        is_kept = Qt.CheckState(value) == Qt.CheckState.Checked
        self.ticked.emit(self.gene(index.row()), is_kept)
        return True

    def headerData(
        self,
        section: int,
        orientation: Qt.Orientation,
        role: int = Qt.ItemDataRole.DisplayRole,
    ) -> Any:
        """Return what Qt asks about a column."""
        if orientation != Qt.Orientation.Horizontal:
            return None
        title, help_text = _TITLES[COLUMNS[section]]
        is_name = COLUMNS[section] is Column.GENE
        order = Qt.SortOrder.AscendingOrder if is_name else Qt.SortOrder.DescendingOrder
        answers: dict[int, Any] = {
            Qt.ItemDataRole.DisplayRole: title,
            Qt.ItemDataRole.ToolTipRole: help_text,
            Qt.ItemDataRole.InitialSortOrderRole: order,
        }
        return answers.get(role)

    def sort(
        self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder
    ) -> None:
        """Ask for another order; who owns the table brings it about."""
        if column >= 0:
            is_down = order == Qt.SortOrder.DescendingOrder
            self.sorted_by.emit(str(COLUMNS[column]), is_down)


def text_of(column: Column, value: float) -> str:
    """Write a number of a column in few letters; nothing, if it is not known."""
    if not np.isfinite(value):
        return ""
    if column is Column.SPOTS:
        return f"{value:.0%}" if value >= 0.01 or value == 0 else "<1%"
    if column is Column.MEAN:
        return f"{value:.3g}" if value < 1000 else f"{value:,.0f}"
    return f"{value:.2f}"
