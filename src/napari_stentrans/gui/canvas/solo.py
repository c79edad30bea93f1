"""Shows some expression layers of a section alone, and puts the others back later."""

from __future__ import annotations

from collections.abc import Sequence
from weakref import WeakKeyDictionary

from napari.layers import Layer

from napari_stentrans.gui.canvas.captions import Captions
from napari_stentrans.gui.canvas.changes import show_as
from napari_stentrans.gui.canvas.layers import BACKGROUND
from napari_stentrans.gui.canvas.stage import Stage
from napari_stentrans.section.section import Section

_NAMES_AT = ("top_left", "top_right")


class Solo:
    """Layers that are shown alone. Pictures, painting and foreign layers stay."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._before: WeakKeyDictionary[Layer, bool] | None = None
        self._captions = Captions()

    @property
    def is_on(self) -> bool:
        """Whether something is shown alone."""
        return self._before is not None

    def show(self, section: Section, shown: Sequence[Layer]) -> None:
        """Hide the expression of a section except for one or two layers."""
        if self._before is None:
            self._before = WeakKeyDictionary()
        wanted = {}
        for layer, tag in self._stage.tagged():
            if tag.section is section and tag.role not in BACKGROUND:
                self._before.setdefault(layer, layer.visible)
                wanted[layer] = layer in shown
        show_as(self._stage.viewer.layers, wanted)
        for layer, corner in zip(shown, _NAMES_AT, strict=False):
            self._captions.show(layer, corner)

    def hide(self) -> None:
        """Show again what was shown before."""
        if self._before is None:
            return
        before, self._before = self._before, None
        layers = self._stage.viewer.layers
        wanted = {layer: seen for layer, seen in before.items() if layer in layers}
        show_as(layers, wanted)
        self._captions.hide()
