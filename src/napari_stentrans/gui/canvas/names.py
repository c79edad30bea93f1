"""Names of layers, which say of which section they are where several are open.

A layer that the user has named keeps that name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from weakref import WeakKeyDictionary

from napari.layers import Layer

from napari_stentrans.gui.canvas.layers import LayerTag
from napari_stentrans.gui.state.sections import told_apart
from napari_stentrans.section.section import Section

OF_SECTION = " · "
"""Stands before the section in a name."""
_LONGEST, _END = 9, 5
"""Letters of a section that are told, and how many of them are its last ones."""
_COUNTED = re.compile(r" \[\d+\]$")
"""What napari adds to a name that is taken."""


class Names:
    """Gives layers their names, and knows which it has given."""

    def __init__(self) -> None:
        self._sections: dict[Section, tuple[str, str]] = {}
        """Name of each section and what is added to names of its layers."""
        self._given: WeakKeyDictionary[Layer, tuple[str, str]] = WeakKeyDictionary()
        """Name of each layer where one section is open, and what became of it."""

    def give(self, layer: Layer, name: str, section: Section) -> None:
        """Name a layer of a section, with what it is called where no other is open."""
        told = f"{name}{self._suffix(name, section)}"
        if told != layer.name:
            layer.name = told
        self._given[layer] = name, layer.name  # napari may have made it another

    def plain(self, layer: Layer) -> str:
        """Return what a layer is called where one section is open."""
        name, told = self._given.get(layer, (layer.name, layer.name))
        return name if told == layer.name else str(layer.name)

    def follow(
        self, tagged: Iterable[tuple[Layer, LayerTag]], sections: Sequence[Section]
    ) -> None:
        """Let layers say what they have to, since layers or sections came or went."""
        names = told_apart(sections)
        added = [f"{OF_SECTION}{short}" for short in _shortened(names)]
        self._sections = dict(
            zip(sections, zip(names, added, strict=True), strict=True)
        )
        for layer, tag in tagged:
            if layer not in self._given:
                plain = _COUNTED.sub("", layer.name)
                plain = plain.removesuffix(self._sections.get(tag.section, ("", ""))[1])
                self._given[layer] = plain, layer.name
            name, told = self._given[layer]
            if told == layer.name:  # else the user has named it
                self.give(layer, name, tag.section)

    def _suffix(self, name: str, section: Section) -> str:
        told, added = self._sections.get(section, ("", ""))
        is_told = name.startswith(f"{told} ") or added in name
        return "" if is_told or len(self._sections) < 2 else added


def _shortened(names: Sequence[str]) -> Sequence[str]:
    """Cut names of sections in their middle, if they can still be told apart.

    What a layer shows stands before: it would not be seen in napari's layer list.
    """
    start = _LONGEST - _END - 1
    short = [
        name if len(name) <= _LONGEST else f"{name[:start]}…{name[-_END:]}"
        for name in names
    ]
    return short if len(set(short)) == len(short) else names
