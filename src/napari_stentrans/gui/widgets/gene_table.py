"""The table of genes: chosen by mouse or keyboard, the same genes after each search."""

from __future__ import annotations

from collections.abc import Sequence

from qtpy.QtCore import (  # type: ignore[attr-defined] # qtpy renames Signal
    QItemSelection,
    QItemSelectionModel,
    QSize,
    Qt,
    Signal,
)
from qtpy.QtGui import QKeyEvent, QMouseEvent
from qtpy.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget
from superqt.utils import signals_blocked

from napari_stentrans.gui.state.gene_facts import Column, GeneFacts
from napari_stentrans.gui.widgets.gene_model import COLUMNS, GeneTableModel
from napari_stentrans.section.lattice import IntArray

_WIDTHS = {Column.MEAN: 50, Column.SPOTS: 46, Column.MORAN: 50, Column.SCORE: 46}
_HEIGHT = 170


class GeneTable(QTableView):
    """Shows genes; one that is chosen alone is looked at."""

    looked_at = Signal(str)
    chosen = Signal()
    """Other genes are selected than before."""
    confirmed = Signal()
    """Enter was pressed on what is selected."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.genes = GeneTableModel(self)
        self._selection = QItemSelectionModel(self.genes, self)
        self._is_restoring = False
        self.header = QHeaderView(Qt.Orientation.Horizontal, self)
        self.setModel(self.genes)
        self.setHorizontalHeader(self.header)
        self.setSelectionModel(self._selection)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTextElideMode(Qt.TextElideMode.ElideLeft)  # ids differ at their end
        self.setTabKeyNavigation(False)
        self.setMinimumHeight(_HEIGHT)
        rows, header = QHeaderView(Qt.Orientation.Vertical, self), self.header
        self.setVerticalHeader(rows)
        rows.hide()
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        rows.setDefaultSectionSize(self.fontMetrics().height() + 6)
        header.setMinimumSectionSize(30)
        header.setHighlightSections(False)
        left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        header.setDefaultAlignment(left)  # the arrow of the order is at the right
        header.setSectionsClickable(True)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        for place, column in enumerate(COLUMNS[1:], start=1):
            header.setSectionResizeMode(place, QHeaderView.ResizeMode.Fixed)
            self.setColumnWidth(place, _WIDTHS[column])
        self.indicate(Column.SPOTS, descending=True)
        self.setSortingEnabled(True)

    def sizeHint(self) -> QSize:
        """Return the least size that is still useful."""
        return QSize(280, _HEIGHT)

    def indicate(self, column: Column, *, descending: bool) -> None:
        """Show by an arrow how genes are ordered."""
        order = (
            Qt.SortOrder.DescendingOrder if descending else Qt.SortOrder.AscendingOrder
        )
        with signals_blocked(self.header):
            self.header.setSortIndicator(COLUMNS.index(column), order)

    def show_genes(self, facts: GeneFacts | None, rows: IntArray) -> None:
        """List genes; those that were selected stay so, without being looked at.

        Where no more than numbers of the same genes are new, nobody asked for it: what
        is scrolled to stays, too.
        """
        if self.genes.take_numbers(facts, rows):
            return
        before, is_reordered = self.selected(), self.genes.learns(facts)
        bar = self.verticalScrollBar()
        at = 0 if bar is None else bar.value()
        self._is_restoring = True
        self.genes.show(facts, rows)
        self.select(before)
        self._is_restoring = False
        if bar is not None and is_reordered:
            bar.setValue(at)
        if self.selected() != before:
            self.chosen.emit()

    def selected(self) -> list[str]:
        """Genes that are selected, from top to bottom."""
        rows: set[int] = set()
        parts = self._selection.selection()
        for part in (parts[number] for number in range(len(parts))):
            rows.update(range(part.top(), part.bottom() + 1))
        return [self.genes.gene(row) for row in sorted(rows)]

    def beside(self, gene: str) -> tuple[str, ...]:
        """Genes in the rows below and above that of a gene."""
        rows = (row + step for row in self.genes.rows_of([gene]) for step in (1, -1))
        there = range(self.genes.rowCount())
        return tuple(self.genes.gene(row) for row in rows if row in there)

    def select(self, genes: Sequence[str]) -> None:
        """Select genes, as far as they are listed."""
        rows = self.genes.rows_of(genes)
        picked = QItemSelection()
        for row in rows:
            index = self.genes.index(row, 0)
            picked.select(index, index)
        flags = QItemSelectionModel.SelectionFlag
        how = flags.ClearAndSelect | flags.Rows
        self._selection.select(picked, how)
        if rows:
            first = self.genes.index(rows[0], 0)
            self._selection.setCurrentIndex(first, flags.NoUpdate)

    def select_quietly(self, genes: Sequence[str]) -> None:
        """Select genes without looking at one of them."""
        self._is_restoring = True
        self.select(genes)
        self._is_restoring = False
        self.chosen.emit()

    def selectionChanged(self, now: QItemSelection, before: QItemSelection) -> None:
        """Tell what is selected, and look at a gene that is selected alone."""
        super().selectionChanged(now, before)
        if self._is_restoring:
            return
        self.chosen.emit()
        selected = self.selected()
        if len(selected) == 1:
            self.looked_at.emit(selected[0])

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        """Look again at a gene that stayed selected when its layers went."""
        before = self.selected()
        super().mousePressEvent(event)
        is_same = len(before) == 1 and self.selected() == before
        if is_same and not self.genes.is_current(before[0]):
            self.looked_at.emit(before[0])

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Let Enter confirm, and the space bar tick, wherever in the row one is."""
        current = self.currentIndex()
        if event is None:
            return
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.confirmed.emit()
        elif event.key() == Qt.Key.Key_Space and current.isValid():
            row = current.row()
            self.genes.ticked.emit(self.genes.gene(row), not self.genes.is_kept(row))
        else:
            super().keyPressEvent(event)
