"""The gene browser: find genes, look at them one by one, keep some, or join several."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from qtpy.QtCore import Qt, Signal  # type: ignore[attr-defined] # renamed by qtpy
from qtpy.QtGui import QKeyEvent, QShowEvent
from qtpy.QtWidgets import QHBoxLayout, QLabel, QLineEdit

from napari_stentrans.gui.control.genes import MOST_AT_ONCE
from napari_stentrans.gui.state.gene_facts import Column, Wish
from napari_stentrans.gui.widgets.bits import allow, note
from napari_stentrans.gui.widgets.fold import Fold
from napari_stentrans.gui.widgets.gene_actions import GeneActions
from napari_stentrans.gui.widgets.gene_order import PRESETS, OrderBox, Preset
from napari_stentrans.gui.widgets.gene_shown import ShownGenes
from napari_stentrans.gui.widgets.gene_table import GeneTable
from napari_stentrans.gui.widgets.panel import Panel
from napari_stentrans.gui.widgets.set_list import SetList

_SETS_HELP = "Look at pathways and other gene sets of a file"


class SearchLine(QLineEdit):
    """A line from which the arrow down leads to what was found."""

    left_downwards = Signal()

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Leave downwards."""
        if event is not None and event.key() == Qt.Key.Key_Down:
            self.left_downwards.emit()
        else:
            super().keyPressEvent(event)


class GenePanel(Panel):
    """Searches genes and shows them."""

    title = "Genes"
    help_text = "Find genes and show them"

    def build(self) -> None:
        """Make the controls."""
        self._wish = Wish()
        self._is_mine = False
        self.search = SearchLine()
        self.search.setPlaceholderText("Search, or paste a list of genes")
        self.search.setClearButtonEnabled(True)
        self.search.setToolTip(
            "Part of a name, or a list with commas, spaces or lines between. Enter "
            "shows the first gene found, or pins the genes of a list."
        )
        self.order = OrderBox()
        self.count = QLabel()
        self.table = GeneTable()
        self.learning = note()
        self.buttons = GeneActions(MOST_AT_ONCE)
        self.shown = ShownGenes()
        self.sets = SetList()
        self.collection = Fold("Gene sets", _SETS_HELP, self.sets)
        row = QHBoxLayout()
        row.addWidget(self.order, stretch=1)
        row.addWidget(self.count)
        self.column.addWidget(self.search)
        self.column.addLayout(row)
        self.column.addWidget(self.table, stretch=1)
        for widget in (self.learning, self.buttons, self.collection, self.shown):
            self.column.addWidget(widget)
        self._connect()
        self._list()
        self._list_sets()
        self._mark()

    def showEvent(self, event: QShowEvent | None) -> None:
        """Begin to find out about genes once somebody looks."""
        super().showEvent(event)
        self.controller.genes.learn()

    def _connect(self) -> None:
        genes, sets = self.controller.genes, self.controller.gene_sets
        state = self.session.genes.events
        self.search.textChanged.connect(self._list)
        self.search.returnPressed.connect(self._enter)
        self.search.left_downwards.connect(self._go_down)
        self.order.preset_chosen.connect(self._take_preset)
        self.table.genes.sorted_by.connect(self._sort)
        self.table.genes.ticked.connect(self._tick)
        self.table.looked_at.connect(self._look_at)
        self.table.confirmed.connect(self._pin)
        self.table.chosen.connect(self._offer)
        self.buttons.pin_asked.connect(self._pin)
        self.buttons.slider_asked.connect(
            lambda: sets.add_slider(self.table.selected())
        )
        self.buttons.signature_asked.connect(
            lambda name: sets.add_signature(self.table.selected(), name)
        )
        self.buttons.remember_asked.connect(
            lambda mine: genes.remember(self.table.selected(), mine=mine)
        )
        self.sets.last = lambda: self.controller.collection.last
        self.sets.loaded.connect(self.controller.collection.load)
        self.sets.looked_at.connect(sets.look_at_set)
        self.sets.genes_asked.connect(self._search_for)
        state.collection.connect(self._list_sets)
        self.shown.pinned.connect(genes.pin)
        self.shown.removed.connect(genes.remove)
        for event in (state.facts, state.mine):
            event.connect(self._list)
        for event in (state.shown, state.sets, state.current, state.unpinned):
            event.connect(self._mark)
        state.learning.connect(self._mark)

    # -- what the user does ------------------------------------------------------------

    def _enter(self) -> None:
        """Show the first gene that was found, or pin the genes of a list."""
        facts = self.session.genes.facts
        names = [] if facts is None else facts.asked_for(self.search.text())
        if facts is None or not names:
            return
        spelt = facts.spelt(names)
        self.search.selectAll()  # what is typed next replaces it
        if len(names) > 1:
            self.table.select_quietly(spelt)
            self.controller.genes.add(spelt)
            return
        is_found = spelt[0] in facts.genes or not self.table.genes.rowCount()
        gene = spelt[0] if is_found else self.table.genes.gene(0)
        self.table.select_quietly([gene])
        self.controller.genes.show(gene)

    def _search_for(self, genes: list[str]) -> None:
        self.search.setText(f"{', '.join(genes)} ")  # the last name is whole

    def _look_at(self, gene: str) -> None:
        self.session.genes.beside = self.table.beside(gene)
        self.controller.genes.show(gene)

    def _go_down(self) -> None:
        self.table.setFocus()
        if self.table.genes.rowCount() and not self.table.selected():
            self.table.select([self.table.genes.gene(0)])

    def _pin(self) -> None:
        self.controller.genes.add(self.table.selected())

    def _tick(self, gene: str, wanted: bool) -> None:  # noqa: FBT001 - a Qt slot
        if wanted:
            self.controller.genes.add([gene])
        else:
            self.controller.genes.remove(gene)
        self._mark()

    def _sort(self, by: str, descending: bool) -> None:  # noqa: FBT001 - a Qt slot
        self._wish = replace(self._wish, by=Column(by), descending=descending)
        self._list()

    def _take_preset(self, preset: Preset) -> None:
        self._is_mine = preset.is_mine
        self._wish = replace(self._wish, by=preset.by, descending=preset.descending)
        self._list()
        self.table.scrollToTop()

    # -- what changes ------------------------------------------------------------------

    def _list(self) -> None:
        """List the genes that are wanted, in the order that is wanted."""
        state = self.session.genes
        facts, mine = state.facts, frozenset(state.mine) if self._is_mine else None
        wish = replace(self._wish, text=self.search.text(), among=mine)
        rows = np.empty(0, dtype=np.int64) if facts is None else facts.rows(wish)
        self.table.show_genes(facts, rows)
        self.table.indicate(wish.by, descending=wish.descending)
        self.order.show_order(
            wish.by, descending=wish.descending, is_mine=self._is_mine
        )
        self.order.offer(
            {
                preset: bool(state.mine)
                if preset.is_mine
                else facts is not None and facts.knows(preset.by)
                for preset in PRESETS
            }
        )
        n_genes = 0 if facts is None else len(facts.genes)
        of_all = "" if len(rows) == n_genes else f" of {n_genes:,}"
        self.count.setText(f"{len(rows):,}{of_all} genes" if n_genes else "")
        self.setEnabled(facts is not None)
        for each in (self.search, self.order, self.collection.heading, self.sets.load):
            allow(each, "Open a section first" if facts is None else "")
        self._offer()

    def _list_sets(self) -> None:
        self.sets.show_sets(self.session.genes.collection)

    def _offer(self) -> None:
        self.buttons.show_for(self.table.selected(), self.session.genes.mine)

    def _mark(self) -> None:
        """Show which genes are kept, and which one is looked at."""
        state = self.session.genes
        self.table.genes.mark(frozenset(state.shown) - {state.unpinned}, state.current)
        self.learning.setText(state.learning)
        self.learning.setVisible(bool(state.learning))
        self.shown.show_genes(state)
        if state.facts is None:
            self.shown.setText("Open a section first: its genes are listed here.")
