"""Suggested regions: looked at one by one, accepted or rejected."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QAbstractItemView,
    QGridLayout,
    QListWidget,
    QVBoxLayout,
    QWidget,
)
from superqt.utils import signals_blocked

from napari_stentrans.gui.widgets.bits import allow, button, note
from napari_stentrans.section.suggestions import Suggestion

_ROWS_SHOWN = 6
_LINES = 2
"""Of a suggestion, in a narrow dock."""
_FRAME = 12


@dataclass(frozen=True)
class SuggestionActs:
    """What the user can do with suggestions; None means all of them."""

    accept: Callable[[list[int] | None], object]
    reject: Callable[[list[int] | None], object]
    point_at: Callable[[int | None], object]


class SuggestionList(QWidget):
    """Lists suggestions; hidden while there are none."""

    def __init__(self, acts: SuggestionActs, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._acts = acts
        self.heading = note("Suggested, outlined in yellow, not used yet:")
        self.items = QListWidget()
        mode = QAbstractItemView.SelectionMode.ExtendedSelection
        self.items.setSelectionMode(mode)
        self.items.setToolTip("Select one to see which it is")
        self.items.setWordWrap(True)
        self.items.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.accept = button(
            "Accept",
            "Make a region of each selected suggestion",
            lambda: acts.accept(self.selected()),
        )
        self.reject = button(
            "Reject", "Forget what is selected", lambda: acts.reject(self.selected())
        )
        self.accept_all = button(
            "Accept all",
            "Make a region of every suggestion",
            lambda: acts.accept(None),
        )
        self.reject_all = button(
            "Reject all", "Forget every suggestion", lambda: acts.reject(None)
        )
        self.items.itemSelectionChanged.connect(self._selected)
        self._lay_out()
        self.show_suggestions(())

    def selected(self) -> list[int]:
        """Numbers of the selected suggestions, in their order."""
        return sorted(index.row() for index in self.items.selectedIndexes())

    def show_suggestions(self, suggestions: Sequence[Suggestion]) -> None:
        """Show suggestions instead of those before."""
        with signals_blocked(self.items):
            self.items.clear()
            for suggestion in suggestions:
                self.items.addItem(f"{suggestion.name}: {suggestion.reason}")
        shown = min(max(len(suggestions), 2), _ROWS_SHOWN)
        line = self.items.fontMetrics().lineSpacing()
        self.items.setFixedHeight(_LINES * shown * line + _FRAME)
        self.setVisible(bool(suggestions))
        self._enable()

    def _lay_out(self) -> None:
        column, rows = QVBoxLayout(self), QGridLayout()
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.heading)
        column.addWidget(self.items)
        column.addLayout(rows)
        for place, each in enumerate(
            (self.accept, self.reject, self.accept_all, self.reject_all)
        ):
            rows.addWidget(each, place // 2, place % 2)

    def _selected(self) -> None:
        self._enable()
        chosen = self.selected()
        self._acts.point_at(chosen[0] if len(chosen) == 1 else None)

    def _enable(self) -> None:
        for each in (self.accept, self.reject):
            allow(each, "" if self.selected() else "Select suggestions in the list")
