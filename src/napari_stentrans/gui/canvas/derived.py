"""Layers that exist only while a comparison asks for them.

What is wanted is said anew each time; what exists is brought into line with it. These
layers belong to no gene for the rest of the window, so nobody else counts or removes
them, and none of them outlives the wish for it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from napari.layers import Layer

from napari_stentrans.gui.canvas.changes import remove, set_visible
from napari_stentrans.gui.canvas.layers import LayerData, Role
from napari_stentrans.gui.canvas.stage import Stage
from napari_stentrans.gui.canvas.swipe import SIDES

Key: TypeAlias = tuple[Role, str | None]
"""What a derived layer shows, of which gene."""

_BELOW_ORIGIN = (*SIDES, Role.DIFFERENCE)
"""Pictures that are looked at alone, and that the origin is laid over."""


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
    is_coloured
        Whether it is made of colours, not of values.
    """

    make: Callable[[], LayerData]
    stamp: Hashable = None
    above: Layer | None = None
    is_coloured: bool = False


@dataclass(eq=False)
class _Made:
    layer: Layer
    stamp: Hashable
    is_to_come: bool = False
    """Whether it was added hidden, and waits for the others."""


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

    def add_one(self, wanted: Mapping[Key, Wanted]) -> bool:
        """Add the first of the layers that are lacking, hidden; says whether it did.

        Layers that are wanted no more serve in place of the last of those.
        """
        made = {k: each.layer for k, each in self._made.items() if self._is_there(each)}
        spare = Counter(bool(made[key].rgb) for key in set(made) - set(wanted))
        lacking = [key for key in wanted if key not in made]
        needed = Counter(wanted[key].is_coloured for key in lacking)
        if not lacking:
            return False
        wish = wanted[lacking[0]]
        if needed[wish.is_coloured] <= spare[wish.is_coloured]:
            return False
        self._made[lacking[0]] = self._added(wish, is_to_come=True)
        return True

    def put(self, wanted: Mapping[Key, Wanted]) -> None:
        """Make exactly these layers exist."""
        layers = self._stage.viewer.layers
        selected = set(layers.selection)
        spare = {key: self._made.pop(key) for key in set(self._made) - set(wanted)}
        spare = {key: made for key, made in spare.items() if made.layer in layers}
        for key, wish in wanted.items():
            made = self._made.pop(key, None)
            if made is None or not self._is_there(made):
                self._made[key] = self._new(key[0], wish, spare)
            elif wish.stamp is None or wish.stamp != made.stamp:
                self._made[key] = self._renewed(made, wish)
            else:
                self._made[key] = made
        remove(layers, [made.layer for made in spare.values()])
        for made in self._made.values():
            if made.is_to_come:
                made.is_to_come = False
                set_visible(made.layer, visible=True)
        self._raise_origin()
        # A layer that was added is selected alone: what was selected is remembered.
        layers.selection = {layer for layer in selected if layer in layers}

    def _raise_origin(self) -> None:
        """Lay the origin over the pictures, whichever of them came first."""
        layers, origin = self._stage.viewer.layers, self.find(Role.ORIGIN)
        pictures = [
            layers.index(made.layer)
            for (role, _), made in self._made.items()
            if role in _BELOW_ORIGIN
        ]
        top = max(pictures, default=-1)
        if origin is not None and layers.index(origin) < top:
            layers.move(layers.index(origin), top + 1)

    def _new(self, role: Role, wish: Wanted, spare: dict[Key, _Made]) -> _Made:
        """Make a layer out of one that is no longer needed, else add one."""
        data = wish.make()
        alike = [key for key, made in spare.items() if _is_like(made.layer, data)]
        if not alike:
            return self._added(wish)
        layer = spare.pop(min(alike, key=lambda key: key[0] is not role)).layer
        self._stage.viewer.layers.unlink_layers([layer])
        self._update(layer, data)
        _restyle(layer, data)
        return _Made(layer, wish.stamp)

    def _renewed(self, made: _Made, wish: Wanted) -> _Made:
        """Show what a layer is made of now, and leave its style alone."""
        data = wish.make()
        if not _is_like(made.layer, data):
            remove(self._stage.viewer.layers, [made.layer])
            return self._added(wish)
        self._update(made.layer, data)
        return _Made(made.layer, wish.stamp)

    def _added(self, wish: Wanted, *, is_to_come: bool = False) -> _Made:
        """Add a layer, and leave selected what was: a new one would be, alone."""
        layers = self._stage.viewer.layers
        selected = set(layers.selection)
        data, options, kind = wish.make()
        options = options | {"visible": not is_to_come}
        layer = self._stage.add((data, options, kind), wish.above)
        layers.selection = {each for each in selected if each in layers}
        return _Made(layer, wish.stamp, is_to_come)

    def _update(self, layer: Layer, data: LayerData) -> None:
        """Show other data in a layer; what the user may have changed is left alone."""
        picture, options, _ = data
        layer.data = picture
        layer.metadata = options["metadata"]
        layer.affine = options["affine"]
        self._stage.name(layer, options["name"])
        if "contrast_limits" in options:
            layer.contrast_limits = options["contrast_limits"]

    def _is_there(self, made: _Made) -> bool:
        return made.layer in self._stage.viewer.layers


def _is_like(layer: Layer, data: LayerData) -> bool:
    """Whether a layer can show other data: both scalar, or both in colour."""
    return bool(layer.rgb) is bool(data[1].get("rgb", False))


def _restyle(layer: Layer, data: LayerData) -> None:
    """Let a layer that showed something else look as a new one would."""
    options = data[1]
    if not layer.rgb:
        layer.colormap, layer.gamma = options["colormap"], 1.0
    layer.opacity = options.get("opacity", 1.0)
    set_visible(layer, visible=True)
