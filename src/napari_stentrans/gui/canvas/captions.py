"""Names of layers on the canvas, put up for a time."""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

from napari.layers import Layer

_CHANGED = ("position", "font_size", "visible")


class Captions:
    """Shows names of layers, and puts back what the user had there."""

    def __init__(self) -> None:
        self._before: WeakKeyDictionary[Layer, dict[str, Any]] = WeakKeyDictionary()

    def show(self, layer: Layer, corner: str, font_size: float | None = None) -> None:
        """Show the name of a layer in a corner, in its own size if none is given."""
        overlay = layer.name_overlay
        before = {name: getattr(overlay, name) for name in _CHANGED}
        self._before.setdefault(layer, before)
        overlay.position = corner
        overlay.visible = True
        if font_size is not None:
            overlay.font_size = font_size

    def hide(self) -> None:
        """Leave every name as it was before."""
        for layer, before in self._before.items():
            for name, value in before.items():
                setattr(layer.name_overlay, name, value)
        self._before.clear()
