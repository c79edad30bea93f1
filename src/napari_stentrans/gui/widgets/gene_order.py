"""In which order genes are listed, as one choice; what is not known yet is off."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from qtpy.QtCore import Qt, Signal  # type: ignore[attr-defined] # renamed by qtpy
from qtpy.QtGui import QStandardItem, QStandardItemModel
from qtpy.QtWidgets import QComboBox, QWidget

from napari_stentrans.gui.state.gene_facts import Column


@dataclass(frozen=True)
class Preset:
    """A choice: what it is called, what it means, and why it may be off."""

    title: str
    by: Column
    help_text: str
    why_off: str = ""
    descending: bool = True
    is_mine: bool = False


PRESETS = (
    Preset("In most spots", Column.SPOTS, "Genes found in most spots first"),
    Preset("Highest", Column.MEAN, "Genes with the highest mean count first"),
    Preset(
        "Most spatial",
        Column.MORAN,
        "Genes with the clearest spatial pattern first, by Moran's I",
        "Patterns are still being looked for, in the background",
    ),
    Preset(
        "Best predicted",
        Column.SCORE,
        "Genes that are predicted best at left-out spots first",
        "Comes after a run with a method that tests itself on left-out spots",
    ),
    Preset("By name", Column.GENE, "From A to Z", descending=False),
    Preset(
        "My list",
        Column.SPOTS,
        "Your own list only; it is remembered",
        "Your list is empty: select genes and press 'Add to my list'",
        is_mine=True,
    ),
)


class OrderBox(QComboBox):
    """Chooses a preset."""

    preset_chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._items = [QStandardItem(preset.title) for preset in PRESETS]
        model = QStandardItemModel(self)
        for item in self._items:
            model.appendRow(item)
        self.setModel(model)
        self.setPlaceholderText("Custom order")
        self.setToolTip("Which genes come first. A click on a column does it, too.")
        self.activated.connect(lambda at: self.preset_chosen.emit(PRESETS[at]))

    def offer(self, is_on: Mapping[Preset, bool]) -> None:
        """Switch presets on and off."""
        for preset, item in zip(PRESETS, self._items, strict=True):
            item.setEnabled(is_on[preset])
            told = preset.help_text if is_on[preset] else preset.why_off
            item.setData(told, Qt.ItemDataRole.ToolTipRole)

    def show_order(self, by: Column, *, descending: bool, is_mine: bool) -> None:
        """Show the preset that genes are listed by now, if it is one."""
        for at, preset in enumerate(PRESETS):
            same_order = (preset.by, preset.descending) == (by, descending)
            if preset.is_mine if is_mine else same_order and not preset.is_mine:
                self.setCurrentIndex(at)
                return
        self.setCurrentIndex(-1)
