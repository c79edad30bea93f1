"""Which genes are shown, each with a link to pin it or to remove it."""

from __future__ import annotations

from html import escape

from qtpy.QtCore import Qt, Signal  # type: ignore[attr-defined] # renamed by qtpy
from qtpy.QtWidgets import QLabel, QSizePolicy, QWidget

from napari_stentrans.gui.state.genes import GeneState
from napari_stentrans.gui.widgets import colours

_PIN, _REMOVE = "pin ", "remove "
_LONGEST = 26
_LINKS = (
    Qt.TextInteractionFlag.LinksAccessibleByMouse
    | Qt.TextInteractionFlag.LinksAccessibleByKeyboard
)
_HELP = (
    "The gene in italics gives its layers to the next gene you look at, unless you pin "
    "it. A cross removes layers. By keyboard, Tab goes from link to link and Enter "
    "follows it."
)
_STYLE = f"color: {colours.LINK}; text-decoration: none"


class ShownGenes(QLabel):
    """Names what is shown."""

    pinned = Signal(str)
    removed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWordWrap(True)
        self.setTextFormat(Qt.TextFormat.RichText)
        self.setTextInteractionFlags(_LINKS)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setToolTip(_HELP)
        self.setAccessibleDescription(_HELP)
        policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.linkActivated.connect(self._follow)

    def show_genes(self, genes: GeneState) -> None:
        """Name the genes, and the sets of genes, that have layers."""
        told = []
        for name in (*genes.shown, *genes.sets):
            shown = escape(_shortened(name))
            cross = _link(_REMOVE, name, "✕")
            if name == genes.unpinned:
                pin = _link(_PIN, name, "pin")
                told.append(f"<i>{shown}</i>&nbsp;{pin}&nbsp;{cross}")
            else:
                told.append(f"{shown}&nbsp;{cross}")
        self.setText("Shown: " + " · ".join(told) if told else "None shown yet")
        names = ", ".join((*genes.shown, *genes.sets)) or "none yet"
        self.setAccessibleName(f"Genes that are shown: {names}")

    def _follow(self, link: str) -> None:
        for kind, signal in ((_PIN, self.pinned), (_REMOVE, self.removed)):
            if link.startswith(kind):
                signal.emit(link.removeprefix(kind))


def _shortened(name: str) -> str:
    """Leave out the middle of a name that has no room in a line."""
    return name if len(name) <= _LONGEST else f"{name[:12]}…{name[-12:]}"


def _link(kind: str, name: str, text: str) -> str:
    return f'<a href="{kind}{escape(name)}" style="{_STYLE}">{text}</a>'
