"""Colour bars and names of layers that take a tenth of napari's time to make.

napari builds a bar of five visuals and a name of one, each with shaders of its own:
the window waits 150 ms for a bar, and two seconds for the bars and names of a grid.
Ours are one small picture each, painted by Qt. They stand in the place of napari's in
layers of ours, with the same settings, so that its menus and scripts work on them.
"""

from __future__ import annotations

import math

from napari.components.overlays import ColorBarOverlay, LayerNameOverlay, Overlay
from napari.layers import Layer

_MOST_TICKS = 5


class PaintedColorBar(ColorBarOverlay):  # type: ignore[misc]
    """A colour bar that is painted as one picture."""


class PaintedName(LayerNameOverlay):  # type: ignore[misc]
    """The name of a layer, painted as one picture."""


_PAINTED: dict[str, type[Overlay]] = {
    "colorbar": PaintedColorBar,
    "layer_name": PaintedName,
}


def let_be_painted(layer: Layer) -> None:
    """Put what is painted in the place of what napari draws, settings kept."""
    overlays = layer._overlays
    for name, kind in _PAINTED.items():
        if name in overlays and not isinstance(overlays[name], kind):
            before = overlays.pop(name)  # one of the same settings would be kept
            kept = {each: getattr(before, each) for each in kind.model_fields}
            overlays[name] = kind(**kept)


def ticks(low: float, high: float) -> list[float]:
    """Round numbers from ``low`` to ``high``, at most five and as many as can be."""
    span = high - low
    if not (math.isfinite(span) and span > 0):
        return [low] if math.isfinite(low) else []
    size = 10.0 ** (math.floor(math.log10(span)) - 1)
    for step in (size * each for each in (1, 2, 5, 10, 20, 50, 100)):
        first = math.ceil(low / step - 1e-9)
        last = math.floor(high / step + 1e-9)
        if last - first < _MOST_TICKS:
            return [each * step for each in range(first, last + 1)]
    return [low]
