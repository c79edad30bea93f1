"""Layers that exist only while a comparison asks for them.

What is wanted is said anew each time; what exists is brought into line with it. These
layers belong to no gene for the rest of the window, so nobody else counts or removes
them, and none of them outlives the wish for it.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from napari.layers import Layer

from napari_stentrans.gui.canvas.layers import LayerData, Role
from napari_stentrans.gui.canvas.stage import Stage

Key: TypeAlias = tuple[Role, str | None]
"""What a derived layer shows, of which gene."""


@dataclass(frozen=True, eq=False)
class Wanted:
    """A layer that is asked for.

    Attributes
    ----------
    make
        How it is made.
    stamp
        What it is made of: with the same stamp it is left alone. None: always remade.
    above
        The layer that a new one is laid on; None for the top.
    """

    make: Callable[[], LayerData]
    stamp: Hashable = None
    above: Layer | None = None


@dataclass(eq=False)
class _Made:
    layer: Layer
    stamp: Hashable


class Derived:
    """The derived layers of one viewer."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._made: dict[Key, _Made] = {}

    def find(self, role: Role, gene: str | None = None) -> Layer | None:
        """Return the layer that shows this, or None."""
        made = self._made.get((role, gene))
        return made.layer if made is not None and self._is_there(made) else None

    def take_lost(self) -> set[Role]:
        """Return the roles whose layers the user removed, once."""
        lost = {key for key, made in self._made.items() if not self._is_there(made)}
        for key in lost:
            del self._made[key]
        return {role for role, _ in lost}

    def put(self, wanted: Mapping[Key, Wanted], *, removing: bool = False) -> None:
        """Make exactly these layers exist.

        Parameters
        ----------
        wanted
            The layers.
        removing
            Whether the user is just removing layers: those that are selected may be
            next, so they are hidden and left for the list to remove.
        """
        layers = self._stage.viewer.layers
        selected = set(layers.selection)
        spare = {key: self._made.pop(key) for key in set(self._made) - set(wanted)}
        for key, wish in wanted.items():
            made = self._made.pop(key, None) or self._take(spare, key[0])
            self._made[key] = self._fulfilled(wish, made)
        for key, made in spare.items():
            if removing and made.layer in selected:
                made.layer.visible = False
                self._made[key] = made
            elif self._is_there(made):
                layers.remove(made.layer)
        if not removing:
            layers.selection = {layer for layer in selected if layer in layers}

    def _fulfilled(self, wish: Wanted, made: _Made | None) -> _Made:
        is_there = made is not None and self._is_there(made)
        if made is not None and is_there:
            if wish.stamp is not None and wish.stamp == made.stamp:
                return made
            data = wish.make()
            if _fits(made.layer, data):
                _update(made.layer, data)
                return _Made(made.layer, wish.stamp)
            self._stage.viewer.layers.remove(made.layer)
        else:
            data = wish.make()
        return _Made(self._stage.add(data, wish.above), wish.stamp)

    def _take(self, spare: dict[Key, _Made], role: Role) -> _Made | None:
        """Take a layer of another gene: it is used again rather than made anew."""
        key = next((key for key in spare if key[0] is role), None)
        if key is None:
            return None
        made = spare.pop(key)
        self._stage.viewer.layers.unlink_layers([made.layer])
        return made

    def _is_there(self, made: _Made) -> bool:
        return made.layer in self._stage.viewer.layers


def _fits(layer: Layer, data: LayerData) -> bool:
    return bool(layer.data.shape == data[0].shape)


def _update(layer: Layer, data: LayerData) -> None:
    """Show other data in a layer, and leave alone what the user may have changed."""
    picture, options, _ = data
    layer.data = picture
    layer.metadata = options["metadata"]
    layer.affine = options["affine"]
    if layer.name != options["name"]:
        layer.name = options["name"]
    if "contrast_limits" in options:
        layer.contrast_limits = options["contrast_limits"]
