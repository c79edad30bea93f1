"""What of ours is shown in one viewer: the sections, and all that is shown of them.

Works with ``napari.components.ViewerModel``, so with no window at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from napari.layers import Layer

from napari_stentrans.gui.canvas.changes import set_visible
from napari_stentrans.gui.canvas.expression import Expression
from napari_stentrans.gui.canvas.framing import look_at
from napari_stentrans.gui.canvas.layers import LayerData, Role, section_to_layers
from napari_stentrans.gui.canvas.painting import Painting
from napari_stentrans.gui.canvas.placing import Placing
from napari_stentrans.gui.canvas.tagged_layers import TaggedLayers, is_on_top
from napari_stentrans.section.section import Section

if TYPE_CHECKING:
    from napari.components import ViewerModel


class Stage(TaggedLayers):
    """Our layers in one viewer, with those who look after each kind of them.

    Attributes
    ----------
    expression
        The layers of genes, measured and enhanced.
    painting
        The layer to paint missing regions on.
    placing
        Where the pictures of tissue lie.
    """

    def __init__(self, viewer: ViewerModel) -> None:
        super().__init__(viewer)
        if hasattr(viewer, "window"):
            from napari_stentrans.gui.canvas.painted_drawn import draw_painted

            draw_painted()
        self.expression = Expression(self)
        self.painting = Painting(self)
        self.placing = Placing(self)
        self._put_aside: WeakKeyDictionary[Layer, bool] = WeakKeyDictionary()
        for layer in viewer.layers:  # copied while there was nobody to see it
            self.disown(layer)

    def add(self, data: LayerData, above: Layer | None = None) -> Layer:
        """Add a layer above another one, else on top of all but the painting."""
        return super().add(self.placing.noted(data), above)

    def open(self, section: Section) -> None:
        """Add the layers of a section that was opened, and look at it."""
        mine = [self.add(data) for data in section_to_layers(section)]
        look_at(self.viewer, mine[-1:])  # the spots: pictures may be wider

    def focus(self, section: Section) -> None:
        """Show the layers of one section, as they were when it was last looked at.

        Sections lie at the same place in the world, so only one makes sense at a time:
        what a person showed of another one, over this one, is hidden again.
        """
        mine, spots = [], []
        for layer, tag in self.tagged():
            if tag.section is section:
                set_visible(layer, visible=self._put_aside.pop(layer, layer.visible))
                mine.append(layer)
                spots += [layer] if tag.role is not Role.IMAGE else []
            else:
                self._put_aside.setdefault(layer, layer.visible)
                set_visible(layer, visible=False)
        self._select(mine)
        if self._put_aside:
            look_at(self.viewer, spots or mine)  # pictures may be wider

    def _select(self, mine: Sequence[Layer]) -> None:
        """Take what napari's controls and keys work on from other sections of ours."""
        selection = self.viewer.layers.selection
        others = [layer for layer, _ in self.tagged() if layer not in mine]
        if selection.isdisjoint(others) or not mine:
            return
        seen = [layer for layer in mine if layer.visible and not is_on_top(layer)]
        selection.active = (seen or mine)[-1]
