"""Puts a see-through copy in the place of an enhanced layer.

The enhanced layer stays as it is, with its colour bar and its controls, only at opacity
zero; what is done to it is passed on to the copy.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from weakref import WeakKeyDictionary

from napari.layers import Layer

from napari_stentrans.gui.canvas.changes import set_visible

_PASSED_ON = ("contrast_limits", "colormap", "gamma", "visible")


class Fading:
    """Enhanced layers that a see-through copy stands in for.

    Parameters
    ----------
    changed
        Called when the user changes such a layer.
    """

    def __init__(self, changed: Callable[[], None]) -> None:
        self._changed = changed
        self._opacity: WeakKeyDictionary[Layer, float] = WeakKeyDictionary()
        self._copy: WeakKeyDictionary[Layer, Layer] = WeakKeyDictionary()

    def show(self, copies: Mapping[Layer, Layer]) -> None:
        """Let these copies (values) stand in for these layers (keys), and no others."""
        for layer in set(self._copy) - set(copies):
            self._release(layer)
        for layer, copy in copies.items():
            if layer not in self._copy:
                self._opacity[layer] = layer.opacity
                layer.opacity = 0.0
                self._connect(layer, "connect")
            if self._copy.get(layer) is not copy:
                copy.opacity = self._opacity[layer]
            self._copy[layer] = copy

    def match(self) -> None:
        """Show each copy where its layer is shown."""
        for layer, copy in self._copy.items():
            set_visible(copy, visible=layer.visible)

    def _release(self, layer: Layer) -> None:
        self._connect(layer, "disconnect")
        del self._copy[layer]
        layer.opacity = self._opacity.pop(layer)

    def _connect(self, layer: Layer, action: str) -> None:
        for name in _PASSED_ON:
            getattr(getattr(layer.events, name), action)(self._on_change)
        getattr(layer.events.opacity, action)(self._pass_opacity)

    def _pass_opacity(self, event: Any) -> None:
        """Let the copy be as opaque as its layer was made, which stays unseen."""
        layer: Layer = event.source
        self._opacity[layer] = self._copy[layer].opacity = layer.opacity
        with layer.events.opacity.blocker(self._pass_opacity):
            layer.opacity = 0.0

    def _on_change(self, _event: object = None) -> None:
        self._changed()
