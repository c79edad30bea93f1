"""What can be done with the genes that are selected; what cannot be says why."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from qtpy.QtCore import Signal  # type: ignore[attr-defined] # qtpy renames Signal
from qtpy.QtWidgets import (
    QGridLayout,
    QLineEdit,
    QWidget,
)

from napari_stentrans.gui.widgets.bits import allow, button

_SELECT = "Select genes in the table first"
_SELECT_TWO = (
    "Select two genes or more first: hold Ctrl or Shift; Ctrl+A takes all listed"
)
_PAIR = 2
_PIN_HELP = "Keep the layers of the selected genes when you look at others"
_SLIDER_HELP = "Flip through the selected genes with a slider below the picture"
_SIGNATURE_HELP = (
    "Show the mean of the selected genes as a layer. Each gene is divided by its "
    "standard deviation over the spots first, so that no high gene rules"
)
_ON_MY_LIST = "Put the selected genes on your list, which is remembered"
_OFF_MY_LIST = "Take the selected genes off your list"


class GeneActions(QWidget):
    """Buttons below the table.

    Parameters
    ----------
    most
        Genes that may be pinned at once.
    """

    pin_asked = Signal()
    slider_asked = Signal()
    signature_asked = Signal(str)
    remember_asked = Signal(bool)

    def __init__(self, most: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._most = most
        self._forgets = False
        self.pin = button("Pin", _PIN_HELP, self.pin_asked.emit)
        self.slider = button("As slider", _SLIDER_HELP, self.slider_asked.emit)
        self.mine = button("Add to my list", _ON_MY_LIST, self._remember)
        self.name = QLineEdit()
        self.name.setPlaceholderText("Name of a signature")
        self.name.setToolTip("What to call the signature, such as 'T cells'")
        self.signature = button("Signature", _SIGNATURE_HELP, self._make_signature)
        self.name.returnPressed.connect(self._make_signature)
        layout = QGridLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.pin, 0, 0)
        layout.addWidget(self.slider, 0, 1)
        layout.addWidget(self.mine, 0, 2)
        layout.addWidget(self.name, 1, 0, 1, 2)
        layout.addWidget(self.signature, 1, 2)

    def show_for(self, selected: Sequence[str], mine: Collection[str]) -> None:
        """Offer what makes sense for the selected genes."""
        n = len(selected)
        few = "" if n else _SELECT
        many = f"At most {self._most} at once: each adds layers; a slider takes any"
        allow(self.pin, few or (many if n > self._most else ""))
        one = "" if n >= _PAIR else _SELECT_TWO
        for each in (self.slider, self.signature, self.name):
            allow(each, one)
        self._forgets = bool(n) and set(selected) <= set(mine)
        self.mine.setText("Remove from my list" if self._forgets else "Add to my list")
        allow(self.mine, few, _OFF_MY_LIST if self._forgets else _ON_MY_LIST)

    def _remember(self) -> None:
        self.remember_asked.emit(not self._forgets)

    def _make_signature(self) -> None:
        if self.signature.isEnabled():
            self.signature_asked.emit(self.name.text())
            self.name.clear()
