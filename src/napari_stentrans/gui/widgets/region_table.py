"""The list of regions: on or off, colour, name, kind and size of each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from qtpy.QtCore import Qt
from qtpy.QtGui import QColor, QIcon, QPixmap
from qtpy.QtWidgets import QHeaderView, QTreeWidget, QTreeWidgetItem, QWidget
from superqt.utils import signals_blocked

from napari_stentrans.gui.state.regions import RegionRow
from napari_stentrans.gui.widgets.bits import tip
from napari_stentrans.section.regions import NAMES, RegionKind

_HEADINGS = ("Region", "Kind", "Spots", "Empty sites")
_HELP = (
    "Tick: taken into account. Double-click to rename; click to paint it",
    "What it is; hold the mouse there for what is done",
    "Spots that it covers",
    "Positions without a spot that it covers",
)
KIND_WORDS = {kind: name.lower() for kind, name in NAMES.items()}
_KIND_HELP = {
    RegionKind.PREDICT: "Spots here are predicted anew, and gaps are filled",
    RegionKind.OUTSIDE: "No tissue: left out altogether",
    RegionKind.TISSUE: "All that no tissue region covers is left out",
}
_NAME = 0
_SWATCH = 12
_HEIGHT = 130
_UNTICKED = (
    "QTreeView::indicator:unchecked {border: 1px solid gray; width: 9px; height: 9px}"
)
"""Dark themes draw no frame around a box without a tick."""


@dataclass(frozen=True)
class RegionActs:
    """What the user can ask of a region in the list."""

    choose: Callable[[int], object]
    rename: Callable[[int, str], object]
    switch: Callable[[int, bool], object]


class RegionTable(QTreeWidget):
    """Lists regions."""

    def __init__(self, acts: RegionActs, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._acts = acts
        self._rows: tuple[RegionRow, ...] = ()
        self.setRootIsDecorated(False)
        self.setUniformRowHeights(True)
        self.setHeaderLabels(list(_HEADINGS))
        self.setStyleSheet(_UNTICKED)
        self.setMinimumHeight(_HEIGHT)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        heading = self.headerItem()
        for column, help_text in enumerate(_HELP):
            if heading is not None:
                heading.setToolTip(column, help_text)
        header = self.header()
        if header is not None:
            header.setStretchLastSection(False)
            fit = QHeaderView.ResizeMode.ResizeToContents
            for column in range(1, len(_HEADINGS)):
                header.setSectionResizeMode(column, fit)
            header.setSectionResizeMode(_NAME, QHeaderView.ResizeMode.Stretch)
        self.itemChanged.connect(self._changed)
        self.currentItemChanged.connect(self._chosen)

    @property
    def current(self) -> int | None:
        """Label of the region that is selected."""
        number = self.indexOfTopLevelItem(self.currentItem())
        return self._rows[number].region.label if number >= 0 else None

    def show_rows(self, rows: Sequence[RegionRow], current: int | None) -> None:
        """Show regions, the one that the mouse paints selected."""
        labels = [row.region.label for row in rows]
        with signals_blocked(self):
            if labels != [row.region.label for row in self._rows]:
                self.clear()
                self.addTopLevelItems([QTreeWidgetItem() for _ in rows])
            self._rows = tuple(rows)
            for number, row in enumerate(rows):
                item = self.topLevelItem(number)
                if item is not None:
                    _fill(item, row)
                    if row.region.label == current:
                        self.setCurrentItem(item)
            if current is None:
                self.setCurrentItem(None)

    def _changed(self, item: QTreeWidgetItem, column: int) -> None:
        number = self.indexOfTopLevelItem(item)
        if column != _NAME or not 0 <= number < len(self._rows):
            return
        region = self._rows[number].region
        enabled = item.checkState(_NAME) == Qt.CheckState.Checked
        if enabled != region.enabled:
            self._acts.switch(region.label, enabled)
        elif item.text(_NAME) != region.name:
            self._acts.rename(region.label, item.text(_NAME))
            self.show_rows(self._rows, self.current)  # the name may have been refused

    def _chosen(self, item: QTreeWidgetItem | None, _before: object = None) -> None:
        if item is not None:
            self._acts.choose(self._rows[self.indexOfTopLevelItem(item)].region.label)


def _fill(item: QTreeWidgetItem, row: RegionRow) -> None:
    region = row.region
    item.setFlags(
        Qt.ItemFlag.ItemIsEnabled
        | Qt.ItemFlag.ItemIsSelectable
        | Qt.ItemFlag.ItemIsEditable
        | Qt.ItemFlag.ItemIsUserCheckable
    )
    state = Qt.CheckState.Checked if region.enabled else Qt.CheckState.Unchecked
    item.setCheckState(_NAME, state)
    item.setIcon(_NAME, _swatch(row.colour))
    told = (region.name, KIND_WORDS[region.kind], f"{row.n_spots:,}", f"{row.n_new:,}")
    meaning = tip(f"{region.name}: {_KIND_HELP[region.kind].lower()}")
    for column, text in enumerate(told):
        item.setText(column, text)
        item.setToolTip(column, meaning)
        if column > 1:
            item.setTextAlignment(column, Qt.AlignmentFlag.AlignRight)


def _swatch(colour: str) -> QIcon:
    pixels = QPixmap(_SWATCH, _SWATCH)
    pixels.fill(QColor(colour))
    return QIcon(pixels)
