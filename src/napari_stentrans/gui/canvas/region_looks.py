"""How regions and suggestions look on the canvas. Pure: knows neither napari nor Qt."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from napari_stentrans import keys
from napari_stentrans.gui.canvas.layers import LayerData, LayerTag, Role
from napari_stentrans.section.outlines import outlines
from napari_stentrans.section.region_colours import colour_of
from napari_stentrans.section.regions import Region, RegionKind
from napari_stentrans.section.sites import PaintSites
from napari_stentrans.section.suggestions import Suggestion

_CLEAR = "transparent"
_OFF = "40"
"""Opacity, as two hexadecimal digits, of a region that is switched off,"""
_TISSUE = "66"
"""and of tissue, which covers all that is to be seen."""
_SUGGESTED, _POINTED_AT = "#ffe45e", "#ffffff"
_EDGE, _EDGE_POINTED_AT = 0.2, 0.7
"""Widths of the outline of a suggestion, in pixels of the canvas."""


def region_colours(listed: Iterable[Region]) -> dict[int | None, str]:
    """Colour of each label: pale where a region is switched off."""
    colours: dict[int | None, str] = {0: _CLEAR, None: _CLEAR}
    for region in listed:
        pale = _TISSUE if region.kind is RegionKind.TISSUE else "ff"
        colours[region.label] = colour_of(region) + (pale if region.enabled else _OFF)
    return colours


def suggestion_layer(
    sites: PaintSites, suggestions: Sequence[Suggestion], pointed_at: int | None = None
) -> LayerData:
    """Outlines of suggestions, without filling: nothing is painted yet."""
    rings, colours, widths = [], [], []
    affine = sites.raster.affine
    pixel = np.sqrt(abs(np.linalg.det(affine[:2, :2])))
    for number, suggestion in enumerate(suggestions):
        at = np.zeros(len(sites), dtype=np.uint8)
        at[suggestion.at] = 1
        for polygon in outlines(sites.draw(at) > 0):
            for ring in polygon:
                closed = np.concatenate([ring, ring[:1]])
                rings.append(closed @ affine[:2, :2].T + affine[:2, 2])
                is_pointed_at = number == pointed_at
                colours.append(_POINTED_AT if is_pointed_at else _SUGGESTED)
                width = _EDGE_POINTED_AT if is_pointed_at else _EDGE
                widths.append(max(width * pixel, 1e-6))
    options = {
        "name": "Suggestions",
        "shape_type": "path",
        "edge_color": colours,
        "edge_width": widths,
        "face_color": _CLEAR,
        "metadata": {keys.LAYER_TAG: LayerTag(sites.section, Role.SUGGESTED)},
    }
    return rings, options, "shapes"
