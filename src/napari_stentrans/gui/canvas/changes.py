"""Changing many layers without the long pauses that come with it.

napari draws the scene anew after each layer that comes, goes, moves or is hidden, and
collects garbage after each that goes, which takes hundreds of milliseconds in a process
with torch and pandas. What is frozen is not looked through; thawed again at once, it is
collected when Python does so by itself.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from typing import TYPE_CHECKING

from napari.layers import Image, Layer

if TYPE_CHECKING:
    from napari.components import LayerList, ViewerModel

_FLAT = 2


@contextmanager
def no_collecting() -> Iterator[None]:
    """Let explicit collections find nothing to look through.

    Except on Windows: what napari collects there keeps drivers from crashing.
    """
    if sys.platform == "win32" or gc.get_freeze_count():  # or frozen by others
        yield
        return
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


_open: set[int] = set()
"""Layer lists, by their id, whose scene waits to be drawn."""


@contextmanager
def drawn_once(layers: LayerList) -> Iterator[None]:
    """Let the scene be drawn anew once for all that is done to the layers."""
    if id(layers) in _open:
        yield
        return
    _open.add(id(layers))
    try:
        with no_collecting(), layers.batched_update():
            yield
    finally:
        _open.discard(id(layers))


def insert(viewer: ViewerModel, place: int, layer: Layer) -> None:
    """Put a layer into a viewer, or nothing of it.

    A picture in colours that is hidden as it comes cannot be drawn by napari 0.9 in 3D,
    so there it is hidden as soon as it is in.
    """
    is_coloured = isinstance(layer, Image) and layer.rgb
    is_late = is_coloured and not layer.visible and viewer.dims.ndisplay != _FLAT
    set_visible(layer, visible=layer.visible or is_late)
    try:
        viewer.layers.insert(place, layer)
    except Exception:
        with suppress(KeyError):  # of what napari did not get to
            viewer.layers.remove(layer)
        raise
    set_visible(layer, visible=layer.visible and not is_late)


def remove(layers: LayerList, gone: Iterable[Layer]) -> None:
    """Remove layers; those that are gone already do not matter.

    Some may go along with another: comparisons end with the layers they are made of.
    """
    there = [layer for layer in gone if layer in layers]
    if not there:
        return
    with drawn_once(layers):
        for layer in there:
            if layer in layers:
                layers.remove(layer)


def set_visible(layer: Layer, *, visible: bool) -> None:
    """Show or hide a layer, if it is not so already.

    Setting it at all draws the whole scene anew, and would drop an armed brush.
    """
    if layer.visible != visible:
        layer.visible = visible


def show_as(layers: LayerList, wanted: Mapping[Layer, bool]) -> None:
    """Show the layers that are to be seen, and hide the others."""
    changed = {layer: seen for layer, seen in wanted.items() if layer.visible != seen}
    with drawn_once(layers) if len(changed) > 1 else nullcontext():
        for layer, seen in changed.items():
            layer.visible = seen
