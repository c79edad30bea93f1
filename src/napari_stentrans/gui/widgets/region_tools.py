"""What the mouse does on the canvas: brush, polygon, fill or erase, and how widely."""

from __future__ import annotations

from collections.abc import Callable

from qtpy.QtWidgets import (
    QGridLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QSpinBox,
    QWidget,
)
from superqt.utils import signals_blocked

from napari_stentrans.gui.state.regions import Tool
from napari_stentrans.gui.widgets.bits import allow

_TOOLS = {
    Tool.BRUSH: ("Brush", "Drag over spots and gaps; Space moves the view meanwhile"),
    Tool.POLYGON: (
        "Polygon",
        "Click corner after corner around an area; double-click to close it, right "
        "click to take a corner back, Escape to give it up",
    ),
    Tool.FILL: (
        "Fill",
        "Click inside a closed outline to fill it, or on something painted to repaint "
        "it whole; with a tissue region, on tissue to take all that is connected",
    ),
    Tool.ERASE: (
        "Erase",
        "Drag over what is painted to take it away; tissue beneath it stays",
    ),
}
_WIDEST = 40


class RegionTools(QWidget):
    """Buttons of the tools, of which one at most is down, and the width of the brush.

    Parameters
    ----------
    use
        Called with the tool that the user wants; None puts it away.
    set_brush
        Called with the width of the brush, in pixels of the canvas.
    """

    def __init__(
        self,
        use: Callable[[Tool | None], object],
        set_brush: Callable[[int], object],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._use = use
        self.buttons = {tool: self._button(tool) for tool in Tool}
        self.width_label = QLabel("Brush width")
        self.width_box = QSpinBox()
        self.width_box.setRange(1, _WIDEST)
        for each in (self.width_label, self.width_box):
            each.setToolTip("In pixels of the canvas: a spot is one or two wide")
        self.width_box.valueChanged.connect(lambda width: set_brush(width))
        layout = QGridLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        for place, made in enumerate(self.buttons.values()):
            layout.addWidget(made, 0, place)
        layout.addWidget(self.width_label, 1, 0, 1, 2)
        layout.addWidget(self.width_box, 1, 2, 1, 2)

    def show_tool(self, tool: Tool | None, brush: int) -> None:
        """Show which tool the mouse has, and how wide the brush is."""
        for each, made in self.buttons.items():
            made.setChecked(each is tool)
        with signals_blocked(self.width_box):
            self.width_box.setValue(brush)

    def allow(self, reason: str, *, canvas: bool, erasing: bool) -> None:
        """Enable what can be used; ``reason`` says why nothing can, if so."""
        for tool, made in self.buttons.items():
            why = reason
            if not why and tool is Tool.ERASE and not erasing:
                why = "Nothing is painted yet"
            allow(made, why)
        why = reason or ("" if canvas else "Choose the brush first")
        for each in (self.width_label, self.width_box):
            allow(each, why)

    def _button(self, tool: Tool) -> QPushButton:
        text, help_text = _TOOLS[tool]
        made = QPushButton(text)
        made.setToolTip(help_text)
        made.setCheckable(True)
        made.setMinimumWidth(0)
        made.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        made.clicked.connect(lambda checked: self._ask(tool, wanted=checked))
        return made

    def _ask(self, tool: Tool, *, wanted: bool) -> None:
        """Ask for a tool; its button is down once the mouse has it, not before."""
        self.buttons[tool].setChecked(not wanted)
        self._use(tool if wanted else None)
