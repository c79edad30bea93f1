"""Colour bars of layers that are seen: hidden layers get theirs once they are shown.

To make a bar keeps the window waiting for as long as to make a layer, so each is made
in a turn of its own.
"""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary, WeakSet

from napari.layers import Layer

from napari_stentrans.gui.jobs.turns import Pieces, Turns

_users: WeakKeyDictionary[Layer, WeakSet[ColorBars]] = WeakKeyDictionary()
"""Of several panels in one viewer, those that want a bar for a layer."""
_SIZE = (12, 100)
_FONT_SIZE = 9


class ColorBars:
    """Shows colour bars, and follows layers that are shown or hidden by hand.

    Of several in one viewer, each keeps the bars that it wants.

    Parameters
    ----------
    turns
        In which bars are made.
    """

    def __init__(self, turns: Turns) -> None:
        self._turns = turns
        self._with_bar: WeakSet[Layer] = WeakSet()
        self._made: WeakSet[Layer] = WeakSet()
        """Their bars belong to the user, who may have switched them off."""

    def show(self, layer: Layer, *, has_one: bool) -> None:
        """Let a layer have a colour bar whenever it is visible, or none."""
        if has_one and layer not in self._with_bar:
            self._with_bar.add(layer)
            _users.setdefault(layer, WeakSet()).add(self)
            layer.events.visible.connect(self._follow)
        elif not has_one and layer in self._with_bar:
            self._with_bar.discard(layer)
            layer.events.visible.disconnect(self._follow)
            self._made.discard(layer)
            _users[layer].discard(self)
            if not _users[layer]:
                layer.colorbar.visible = False
        self._match(layer)

    def clear(self) -> None:
        """Take every bar away, and listen to no layer any more."""
        for layer in list(self._with_bar):
            self.show(layer, has_one=False)

    def _follow(self, event: Any) -> None:
        self._match(event.source)

    def _match(self, layer: Layer) -> None:
        if self._lacks_bar(layer):
            key = ("colour bar", id(layer))
            self._turns.take(self._making(layer), key, at_once=False, has_time=True)

    def _making(self, layer: Layer) -> Pieces:
        """Make the bar of a layer that is still to have one by then."""
        yield from ()
        if self._lacks_bar(layer):
            self._made.add(layer)
            bar = layer.colorbar
            bar.size, bar.font_size = _SIZE, _FONT_SIZE
            bar.visible = True

    def _lacks_bar(self, layer: Layer) -> bool:
        return layer.visible and layer in self._with_bar and layer not in self._made
