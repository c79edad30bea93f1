"""How comparisons look as napari layers. Pure: knows neither napari nor Qt.

These layers are made from others and exist only while a comparison asks for them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_stentrans import keys
from napari_stentrans.enhanced import EnhancedSection
from napari_stentrans.gui.canvas.layers import (
    EVEN_NAME,
    LayerData,
    LayerTag,
    Limits,
    Role,
    opacity_over,
)
from napari_stentrans.readings import (
    difference,
    difference_limits,
    reading_of,
    shown_reading,
)
from napari_stentrans.section.lattice import FloatArray
from napari_stentrans.section.raster import SpotRaster
from napari_stentrans.section.section import Section
from napari_stentrans.section.targets import Origin

ORIGIN_COLOURS = {
    Origin.MEASURED: "#5aa9e6",
    Origin.MIDPOINT: "#f4d35e",
    Origin.PAINTED: "#ff5db1",
}
"""Painted positions have the colour of the brush."""
_ORIGIN_OPACITY = 0.55
_LEAST_OPACITY = 0.12
"""Of the least certain position: that it was predicted at all stays visible."""
_DIVERGING = {
    "name": "blue less, red more",
    "colors": ["#2166ac", "#67a9cf", "#e8e8e8", "#ef8a62", "#b2182b"],
}


@dataclass(frozen=True, eq=False)
class Shade:
    """How values become colours.

    Attributes
    ----------
    limits, gamma
        As of the layer that it is taken from.
    colours
        Maps numbers of 0 to 1, shape (n,), to RGBA, shape (n, 4).
    """

    limits: Limits
    gamma: float
    colours: Callable[[FloatArray], NDArray[np.floating[Any]]]

    def __call__(self, values: NDArray[np.floating[Any]]) -> FloatArray:
        """Colour values, shape (n,): RGBA of 0 to 1, shape (n, 4)."""
        low, high = self.limits
        share = np.clip((values - low) / max(high - low, 1e-12), 0, 1) ** self.gamma
        return np.array(self.colours(share), dtype=np.float64)


def certainty(
    mean: NDArray[np.floating[Any]], sd: NDArray[np.floating[Any]]
) -> FloatArray:
    """Opacity of values, from nearly 0 to 1: one less their relative uncertainty.

    Counting noise is not held against a value: it is what is left of the sd beyond the
    square root of the mean, divided by the mean. A mean that is known to 50 % is half
    see-through, whatever the gene.
    """
    mean, variance = np.asarray(mean, dtype=np.float64), np.square(sd, dtype=np.float64)
    beyond = np.sqrt(np.maximum(variance - np.maximum(mean, 0), 0))
    with np.errstate(invalid="ignore", divide="ignore"):
        relative = np.where(beyond > 0, beyond / np.maximum(mean, 0), 0.0)
    opacity: FloatArray = np.clip(1 - relative, _LEAST_OPACITY, 1.0)
    return opacity


def faded_layer(
    result: EnhancedSection, gene: str, shade: Shade, *, even: bool = False
) -> LayerData:
    """Enhanced expression in colour, see-through where it is uncertain."""
    reading, raster = reading_of(result, gene), result.raster
    colours = shade(shown_reading(result, gene, even=even).mean[:, 0])
    colours[:, 3] = certainty(reading.mean[:, 0], reading.sd[:, 0])  # of counts
    colours = np.vstack([np.rint(colours * 255), np.zeros(4)]).astype(np.uint8)
    options = _options(result.section, Role.FADED, raster, f"{gene} by certainty")
    options |= {"rgb": True, "opacity": opacity_over(result.section)}
    return colours[raster.index], options, "image"


def reference_layer(
    reference: EnhancedSection,
    gene: str,
    limits: Limits,
    name: str,
    *,
    even: bool = False,
) -> LayerData:
    """Enhanced expression by the result that another is compared with."""
    raster = reference.raster
    data = raster.image(shown_reading(reference, gene, even=even).mean[:, 0])
    name = name_of_gene(gene, name, even=even)
    options = _options(reference.section, Role.REFERENCE, raster, name)
    options |= {"contrast_limits": limits, "colormap": "viridis"}
    return data, options | {"opacity": opacity_over(reference.section)}, "image"


def origin_layer(result: EnhancedSection) -> LayerData:
    """How each position came to be, in three colours."""
    kinds = list(ORIGIN_COLOURS)
    number = np.array([kinds.index(Origin(kind)) for kind in result.targets.origin])
    options = _options(result.section, Role.ORIGIN, result.raster, "Origin")
    options |= {
        "contrast_limits": (-0.5, len(kinds) - 0.5),
        "colormap": {
            "name": "origin of positions",
            "colors": list(ORIGIN_COLOURS.values()),
            "controls": list(np.linspace(0, 1, len(kinds) + 1)),
            "interpolation": "zero",
        },
        "opacity": _ORIGIN_OPACITY,
    }
    return result.raster.image(number), options, "image"


def difference_layer(
    result: EnhancedSection,
    gene: str,
    reference: EnhancedSection | None,
    name: str,
    *,
    even: bool = False,
) -> LayerData:
    """Result less the measured counts, or less another result; zero is grey."""
    raster, values = difference(result, gene, reference, even=even)
    name = name_of_gene(gene, name, even=even)
    options = _options(result.section, Role.DIFFERENCE, raster, name)
    limits = difference_limits(values)
    options |= {"contrast_limits": limits, "colormap": _DIVERGING}
    return raster.image(values), options, "image"


def name_of_gene(gene: str, shown: str, *, even: bool) -> str:
    """Name of a layer: the gene, what is shown of it, and whether depth-normalised."""
    return f"{gene} {shown}{EVEN_NAME if even else ''}"


def _options(
    section: Section, role: Role, raster: SpotRaster, name: str
) -> dict[str, Any]:
    """Return what all these layers have. They belong to no gene for the layer list."""
    return {
        "name": name,
        "affine": raster.affine,
        "interpolation2d": "nearest",
        "metadata": {keys.LAYER_TAG: LayerTag(section, role)},
    }
