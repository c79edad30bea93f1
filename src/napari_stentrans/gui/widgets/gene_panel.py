"""Find genes among tens of thousands, and show or hide them by their check boxes.

Names live in a string list and are filtered in C++; Python is asked only about the few
rows on screen.
"""

from __future__ import annotations

import re
from html import escape
from typing import Any

import numpy as np
from qtpy.QtCore import (  # type: ignore[attr-defined] # qtpy renames Signal
    QModelIndex,
    QObject,
    QSize,
    QSortFilterProxyModel,
    QStringListModel,
    Qt,
    Signal,
)
from qtpy.QtWidgets import QAbstractItemView, QLineEdit, QListView

from napari_stentrans.gui.widgets.bits import note
from napari_stentrans.gui.widgets.panel import Panel
from napari_stentrans.section.section import Section

_LIST_HEIGHT = 90


class CheckableGenes(QSortFilterProxyModel):
    """Genes that match the search; a tick says that a gene is shown."""

    toggled = Signal(str, bool)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._names = QStringListModel(self)
        self._shown: frozenset[str] = frozenset()
        self.setSourceModel(self._names)
        self.setFilterCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)

    def set_names(self, names: list[str]) -> None:
        """Offer other genes."""
        self._names.setStringList(names)

    def set_shown(self, shown: frozenset[str]) -> None:
        """Tick these genes."""
        self._shown = shown
        if self.rowCount():
            last = self.index(self.rowCount() - 1, 0)
            self.dataChanged.emit(
                self.index(0, 0), last, [Qt.ItemDataRole.CheckStateRole]
            )

    def flags(self, _index: QModelIndex) -> Qt.ItemFlag:
        """Return Qt's flags of a row: it can be ticked, not edited."""
        return (
            Qt.ItemFlag.ItemIsEnabled
            | Qt.ItemFlag.ItemIsSelectable
            | Qt.ItemFlag.ItemIsUserCheckable
        )

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return what Qt asks about a row."""
        if role == Qt.ItemDataRole.CheckStateRole:
            shown = super().data(index, Qt.ItemDataRole.DisplayRole) in self._shown
            return Qt.CheckState.Checked if shown else Qt.CheckState.Unchecked
        return super().data(index, role)

    def setData(
        self, index: QModelIndex, value: Any, role: int = Qt.ItemDataRole.EditRole
    ) -> bool:
        """Tell that a row was ticked or unticked; the session has the last word."""
        if role != Qt.ItemDataRole.CheckStateRole:
            return False
        wanted = Qt.CheckState(value) == Qt.CheckState.Checked
        self.toggled.emit(index.data(), wanted)
        return True


class ShrinkingList(QListView):
    """A list that gives way to the panels below it on a small screen."""

    def sizeHint(self) -> QSize:
        """Return the least height that is still useful."""
        return QSize(120, _LIST_HEIGHT)


class GenePanel(Panel):
    """Searches genes and shows them."""

    title = "Genes"
    help_text = "Find genes and show them"

    def build(self) -> None:
        """Make the controls."""
        session, controller = self.session, self.controller
        self._offered: Section | None = None
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search, or paste a list and press Enter")
        self.search.setClearButtonEnabled(True)
        self.search.setToolTip("Enter shows the named genes; commas or spaces between")
        self.genes = CheckableGenes(self)
        self.view = ShrinkingList()
        self.view.setModel(self.genes)
        self.view.setUniformItemSizes(True)
        self.view.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.view.setToolTip(
            "Genes found in most spots come first; tick one to show it"
        )
        self.view.setMinimumHeight(_LIST_HEIGHT)
        self.shown = note()
        self.shown.setTextFormat(Qt.TextFormat.RichText)
        self.shown.setToolTip("Click a gene to remove its layers")
        layout = self.column
        for widget in (self.search, self.view, self.shown):
            layout.addWidget(widget)

        self.search.textChanged.connect(self._filter)
        self.search.returnPressed.connect(self._add_named)
        self.view.doubleClicked.connect(self._toggle_row)
        self.shown.linkActivated.connect(controller.genes.remove)
        self.genes.toggled.connect(self._toggle)
        session.events.section.connect(self._offer)
        session.genes.events.shown.connect(self._tick)
        self._offer()

    def _filter(self, text: str) -> None:
        names = _named(text)
        self.genes.setFilterFixedString(names[-1] if names else "")

    def _add_named(self) -> None:
        names = _named(self.search.text())
        section = self.session.section
        if section is None or not names:
            return
        if len(names) == 1 and self.genes.rowCount() == 1:
            names = [str(self.genes.index(0, 0).data())]
        spelt = {str(gene).casefold(): str(gene) for gene in section.genes}
        self.controller.genes.add(spelt.get(name.casefold(), name) for name in names)
        if all(name.casefold() in spelt for name in names):
            self.search.clear()

    def _toggle_row(self, row: QModelIndex) -> None:
        name = str(row.data())
        self._toggle(name, name not in self.session.genes.shown)

    def _toggle(self, gene: str, wanted: bool) -> None:  # noqa: FBT001 - a Qt slot
        if wanted:
            self.controller.genes.add([gene])
        else:
            self.controller.genes.remove(gene)
        self._tick()

    def _offer(self) -> None:
        section = self.session.section
        if section is not self._offered or section is None:
            self._offered = section
            self.genes.set_names([] if section is None else _by_spots(section))
        self.setEnabled(section is not None)
        self._tick()

    def _tick(self) -> None:
        genes = self.session.genes.shown
        self.genes.set_shown(frozenset(genes))
        self.shown.setText(_as_links(genes) if genes else "None shown yet")


def _as_links(genes: tuple[str, ...]) -> str:
    style = "color: #8ab4f8; text-decoration: none"
    links = [
        f'<a href="{escape(gene)}" style="{style}">{escape(gene)}&nbsp;✕</a>'
        for gene in genes
    ]
    return "Shown: " + "&nbsp; ".join(links)


def _named(text: str) -> list[str]:
    return [name for name in re.split(r"[\s,;]+", text) if name]


def _by_spots(section: Section) -> list[str]:
    order = np.argsort(-section.detected_in, kind="stable")
    return [str(gene) for gene in section.genes[order]]
