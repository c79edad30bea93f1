"""The colour of a region, the same on the canvas, in the list and in files."""

from __future__ import annotations

from napari_stentrans.section.regions import Region, RegionKind

_COLOURS = {
    RegionKind.PREDICT: (
        "#ff5db1",
        "#ff9f43",
        "#4cc9f0",
        "#b892ff",
        "#ffd60a",
        "#70e000",
        "#ff6b6b",
        "#00d1b2",
    ),
    RegionKind.OUTSIDE: ("#9aa0a8", "#6c757d", "#c5cad1"),
    RegionKind.TISSUE: ("#2ec4b6", "#3a86ff", "#8ac926"),
}
"""Regions to predict stand out from viridis and magma; what is left out is grey."""


def colour_of(region: Region) -> str:
    """Return the colour of a region, as '#rrggbb'."""
    colours = _COLOURS[region.kind]
    return colours[(region.label - 1) % len(colours)]


def rgb_of(region: Region) -> tuple[int, int, int]:
    """Return the colour of a region: red, green and blue, 0 to 255."""
    red, green, blue = bytes.fromhex(colour_of(region)[1:])
    return red, green, blue
