"""The layer to paint missing regions on, its brush, and the outlines of suggestions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_stentrans.gui.canvas import layers as looks
from napari_stentrans.gui.canvas.changes import remove, set_visible
from napari_stentrans.gui.canvas.layers import LayerData, Role
from napari_stentrans.gui.canvas.tagged_layers import TaggedLayers
from napari_stentrans.section.section import Section

if TYPE_CHECKING:
    from napari.layers import Labels

_BRUSH_PIXELS = 3


class Painting:
    """Where the mouse paints; what is painted there is no matter of this class."""

    def __init__(self, layers: TaggedLayers) -> None:
        self._layers = layers

    def add_canvas(self, section: Section) -> Labels:
        """Return the layer to paint on, visible, adding it if need be."""
        canvas = self._layers.canvas(section)
        if canvas is None:
            canvas = self._layers.add(looks.missing_layer(section))
            canvas.brush_size = _BRUSH_PIXELS
        set_visible(canvas, visible=True)
        return canvas

    def arm_brush(self, section: Section, label: int, mode: str) -> None:
        """Let the mouse paint a label on the canvas, in one of napari's modes."""
        canvas = self.add_canvas(section)
        _forget_unfinished(canvas)
        canvas.selected_label = label
        self._layers.viewer.layers.selection.active = canvas
        canvas.mode = mode

    def put_brush_away(self, section: Section) -> None:
        """Let the mouse move the view again."""
        canvas = self._layers.canvas(section)
        if canvas is not None:
            _forget_unfinished(canvas)
            canvas.mode = "pan_zoom"

    def drop_corners(self, section: Section) -> bool:
        """Forget a polygon that is not closed; says whether there was one."""
        canvas = self._layers.canvas(section)
        return canvas is not None and _forget_unfinished(canvas)

    def show_suggestions(self, section: Section, data: LayerData | None) -> None:
        """Show outlines of suggestions instead of those before; None for none."""
        layers = self._layers.viewer.layers
        shown, active = self._layers.find(section, Role.SUGGESTED), None
        if shown is not None:
            active = layers.selection.active
            remove(layers, [shown])
        if data is not None:
            active = layers.selection.active if shown is None else active
            self._layers.add(data)
        if active in layers:  # a new layer would take the mouse
            layers.selection.active = active


def _forget_unfinished(canvas: Labels) -> bool:
    """Drop the corners of a polygon that was not closed: napari would go on with it.

    Not whenever the mode changes: it does so, too, while the space bar is held to pan.
    """
    polygon = canvas._overlays["polygon"]
    is_begun = bool(polygon.points)
    if is_begun:
        polygon.points = []
    return is_begun
