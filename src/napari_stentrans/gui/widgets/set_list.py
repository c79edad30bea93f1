"""The gene sets of a file: searched, looked at one by one, their genes listed."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from qtpy.QtCore import Qt, Signal  # type: ignore[attr-defined] # renamed by qtpy
from qtpy.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QHeaderView,
    QLineEdit,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)
from superqt.utils import signals_blocked

from napari_stentrans.gui.state.set_facts import SetFacts
from napari_stentrans.gui.widgets.bits import allow, button, note, table, tip

_FILES = "Gene sets (*.gmt *.json *.gz *.txt)"
_FILE_HELP = (
    "Gene sets, such as pathways: a .gmt of MSigDB, Enrichr or your own (a set a line, "
    "tabs between its name, a description and its genes), or the .json of MSigDB"
)
_COLUMNS = {
    "Set": "A click shows the mean of its genes, each in units of its spread",
    "Genes": "How many of its genes the section has",
    "Moran": "Moran's I of what was measured, at one depth: how alike neighbours are",
    "Score": "r with what was measured at spots that were left out, at one depth; "
    "after a run",
}
_HEIGHT, _WIDTH = 150, 50
"""Of the table, and of its columns of numbers."""
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class SetList(QWidget):
    """Lists gene sets; without a file it is a button alone.

    Attributes
    ----------
    last
        Tells the file that was loaded last, where the next one is looked for.
    """

    loaded = Signal(str)
    looked_at = Signal(str)
    genes_asked = Signal(list)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._facts: SetFacts | None = None
        self.last: Callable[[], str] = str
        self.load = button("From a file…", _FILE_HELP, self._ask)
        self.genes = button(
            "List its genes", "List the genes of the set in the table above", self._list
        )
        self.told = note()
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search sets and their genes")
        self.search.setClearButtonEnabled(True)
        self.search.setToolTip("Part of the name of a set, or a gene that it has")
        self.sets = table(_COLUMNS)
        self.sets.setMinimumHeight(_HEIGHT)
        self.sets.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        _stretch_first(self.sets)
        self.sets.setSortingEnabled(True)
        self.sets.setUniformRowHeights(True)
        self.search.textChanged.connect(self._filter)
        self.sets.currentItemChanged.connect(self._look)
        self.sets.itemClicked.connect(self._look)  # again, though it is current
        self._lay_out()
        self.show_sets(None)

    def _lay_out(self) -> None:
        column, row = QVBoxLayout(self), QHBoxLayout()
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        row.addWidget(self.load)
        row.addWidget(self.genes)
        column.addLayout(row)
        for each in (self.told, self.search, self.sets):
            column.addWidget(each)

    def show_sets(self, facts: SetFacts | None) -> None:
        """List what is known; the set that is looked at stays so."""
        before = self._current()
        self._facts = facts
        for each in (self.search, self.sets):
            each.setVisible(facts is not None)
        self.told.setVisible(facts is not None)
        with signals_blocked(self.sets):
            self.sets.clear()
            if facts is not None:
                self._fill(facts, before)
        self._filter(self.search.text())
        self._offer()

    def _fill(self, facts: SetFacts, before: str) -> None:
        here = f"{len(facts.sets):,} of {facts.n_in_file:,} sets"
        self.told.setText(f"{facts.source}: {here} have genes here")
        numbers = zip(
            facts.sets.table.itertuples(), facts.moran, facts.score, strict=True
        )
        items = [_Item(each, moran, score) for each, moran, score in numbers]
        self.sets.setSortingEnabled(False)
        self.sets.addTopLevelItems([items[number] for number in facts.order])
        header = self.sets.header()
        if header is not None:
            header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        self.sets.setSortingEnabled(True)
        for item in items:
            if item.name == before:
                self.sets.setCurrentItem(item)

    def _current(self) -> str:
        item = self.sets.currentItem()
        return item.name if isinstance(item, _Item) else ""

    def _offer(self) -> None:
        allow(self.genes, "" if self._current() else "Click a set first")

    def _look(self) -> None:
        self._offer()
        if self._current():
            self.looked_at.emit(self._current())

    def _list(self) -> None:
        if self._facts is not None and self._current():
            self.genes_asked.emit(self._facts.sets.genes(self._current()))

    def _filter(self, text: str) -> None:
        """Show the sets that are searched, by name or by a gene."""
        wanted = text.strip().casefold()
        holding = set(self._facts.sets.holding(wanted)) if self._facts else set()
        for number in range(self.sets.topLevelItemCount()):
            item = self.sets.topLevelItem(number)
            if isinstance(item, _Item):
                named = wanted in item.name.casefold()
                item.setHidden(not named and item.name not in holding)

    def _ask(self) -> None:
        path, _ = QFileDialog.getOpenFileName(
            self, "Load gene sets", self.last(), filter=_FILES
        )
        if path:
            self.loaded.emit(path)


def _stretch_first(sets: QTreeWidget) -> None:
    """Let names give way to the numbers."""
    header, modes = sets.header(), QHeaderView.ResizeMode
    if header is not None:
        header.setSectionResizeMode(modes.Fixed)
        header.setSectionResizeMode(0, modes.Stretch)
        for column in range(1, len(_COLUMNS)):
            sets.setColumnWidth(column, _WIDTH)


class _Item(QTreeWidgetItem):
    """A set; numbers are sorted as such, what is not known comes last."""

    def __init__(self, row: tuple[object, ...], moran: float, score: float) -> None:
        self.name, n_genes, n_found = str(row[0]), row[1], row[2]
        self.numbers = (float(str(n_found)), float(moran), float(score))
        shown = (f"{each:.2f}" if np.isfinite(each) else "" for each in (moran, score))
        super().__init__([self.name, f"{n_found}/{n_genes}", *shown])
        self.setToolTip(0, tip(self.name))
        for column in range(1, len(_COLUMNS)):
            self.setTextAlignment(column, _RIGHT)

    def __lt__(self, other: object) -> bool:
        """Whether it comes before another one, by the column that is sorted by."""
        tree = self.treeWidget()
        column = 0 if tree is None else tree.sortColumn()
        if not isinstance(other, _Item):
            return NotImplemented
        if column < 1:
            return self.name.casefold() < other.name.casefold()
        mine, theirs = self.numbers[column - 1], other.numbers[column - 1]
        return bool(np.nan_to_num(mine, nan=-2) < np.nan_to_num(theirs, nan=-2))
