"""Advice as lines: what is the matter, and below it what to do."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from qtpy.QtWidgets import QVBoxLayout, QWidget

from napari_stentrans.gui.widgets import colours
from napari_stentrans.gui.widgets.bits import empty, note
from napari_stentrans.section.advice import Advice, Level

_SIGN = {Level.WARNING: "▲", Level.NOTE: "●"}
_COLOR = {Level.WARNING: colours.WARNING, Level.NOTE: colours.NOTE}


class AdviceList(QWidget):
    """Shows pieces of advice, one below the other."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(6)
        self._shown: tuple[Advice, ...] = ()

    def show_advice(self, found: Sequence[Advice]) -> None:
        """Show these pieces instead of those before."""
        if tuple(found) == self._shown:
            return
        self._shown = tuple(found)
        empty(self._column)
        for each in found:
            self._column.addWidget(note(_as_html(each), is_html=True))
        self.setVisible(bool(found))

    def text(self) -> str:
        """Return all that is shown, as plain text."""
        return "\n".join(f"{each.text} {each.what_to_do}" for each in self._shown)


def _as_html(advice: Advice) -> str:
    sign = f'<span style="color:{_COLOR[advice.level]}">{_SIGN[advice.level]}</span>'
    told = f"{sign} {escape(advice.text)}"
    if advice.what_to_do:
        told += f"<br><i>{escape(advice.what_to_do)}</i>"
    return told
