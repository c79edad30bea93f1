"""How sections and results look as napari layers. Pure: knows neither napari nor Qt.

Reader, sample data, widget and tests use these same functions. Every layer carries one
`LayerTag`, from which the widget knows a section again that was opened by any route.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from napari_stentrans import keys
from napari_stentrans.enhanced import EnhancedSection
from napari_stentrans.gui.canvas.tiles import Tiles
from napari_stentrans.readings import counts_of, shown_reading
from napari_stentrans.section.missing import OUTSIDE, PREDICT, MissingRegions
from napari_stentrans.section.raster import SpotRaster, raster_of
from napari_stentrans.section.section import Section

if TYPE_CHECKING:
    from napari_stentrans.gui.canvas.gene_sets import GeneSet

LayerData: TypeAlias = tuple[Any, dict[str, Any], str]
Limits: TypeAlias = tuple[float, float]

_TOP_PERCENTILE = 99.5
_SHALLOW = 0.5
"""Depth of spots, over that of the median one, below which noise rules."""
_OVER_IMAGE = 0.75
"""Opacity of expression above a picture of the tissue."""
_BRUSH = {0: "transparent", PREDICT: "#ff5db1", OUTSIDE: "#9aa0a8", None: "transparent"}


class Role(StrEnum):
    """What a layer shows."""

    IMAGE = "image"
    COUNTS = "counts"
    GENE = "gene"
    ENHANCED = "enhanced"
    SD = "sd"
    MISSING = "missing"
    REFERENCE = "reference"
    FADED = "faded"
    ORIGIN = "origin"
    DIFFERENCE = "difference"
    SWIPE_LEFT = "left of the swipe"
    SWIPE_RIGHT = "right of the swipe"
    SUGGESTED = "suggested"


OF_GENES = (Role.GENE, Role.ENHANCED)
"""What shows genes, measured or enhanced."""
PICTURES = (Role.COUNTS, *OF_GENES)
"""What shows expression by itself, without any comparison."""
BACKGROUND = (Role.IMAGE, Role.ORIGIN, Role.MISSING, Role.SUGGESTED)
"""Pictures below expression and painting above; all else is expression."""
RESULT_ROLES = (Role.ENHANCED, Role.SD)
"""What shows a result."""
LASTING = (Role.IMAGE, *PICTURES, Role.SD, Role.MISSING)
"""What stays whatever is compared or suggested: without any, a section is closed."""
_COLORMAP = {
    Role.COUNTS: "magma",
    Role.GENE: "viridis",
    Role.ENHANCED: "viridis",
    Role.SD: "cividis",
}
"""None is black at zero where zeros are common: tissue must differ from no tissue."""
_NAME = {
    Role.GENE: "{gene} measured",
    Role.ENHANCED: "{gene} enhanced",
    Role.SD: "{gene} sd",
}
EVEN_NAME = " (norm.)"
"""Added to names of layers that show expression at one sequencing depth."""


@dataclass(frozen=True, eq=False)
class LayerTag:
    """What a layer shows of which section.

    Attributes
    ----------
    section, role
    gene
        The gene, if it shows one.
    of
        The genes that it shows together, if it shows several.
    pinned
        Whether it is kept when another gene is looked at.
    even
        Whether it shows expression at one sequencing depth.
    """

    section: Section
    role: Role
    gene: str | None = None
    of: GeneSet | None = None
    pinned: bool = True
    even: bool = False


def tag_of(metadata: Mapping[str, Any]) -> LayerTag | None:
    """Return the tag in a layer's metadata, if the layer is one of ours."""
    tag = metadata.get(keys.LAYER_TAG)
    return tag if isinstance(tag, LayerTag) else None


def section_to_layers(section: Section, genes: Iterable[str] = ()) -> list[LayerData]:
    """Return what appears when a section is opened, the lowest layer first."""
    shown = [] if section.image is None else [image_layer(section)]
    shown.append(counts_layer(section))
    return shown + [gene_layer(section, gene) for gene in genes]


def image_layer(section: Section) -> LayerData:
    """Picture of the tissue, in full-resolution pixels."""
    image = section.image
    if image is None:
        msg = f"{section.name} has no picture"
        raise ValueError(msg)
    options = {
        "name": f"{section.name} image",
        "affine": image.shown_affine,
        "metadata": {keys.LAYER_TAG: LayerTag(section, Role.IMAGE)},
        "rgb": True,
    }
    if image.full is None:
        return image.data, options, "image"
    levels = Tiles(image.full, image.data).levels()
    return levels, options | {"multiscale": True}, "image"


def counts_layer(section: Section) -> LayerData:
    """Total counts of each spot."""
    raster, total = raster_of(section), section.library_size
    tag, name = LayerTag(section, Role.COUNTS), f"{section.name} total counts"
    options = expression_options(tag, raster, name, contrast_limits(total))
    return raster.image(total), options, "image"


def gene_layer(section: Section, gene: str, *, even: bool = False) -> LayerData:
    """Measured counts of a gene."""
    raster, counts = raster_of(section), counts_of(section, gene, even=even)
    tag = LayerTag(section, Role.GENE, gene, even=even)
    limits = gene_limits(section, gene, even=even)
    return raster.image(counts), _of_gene(tag, raster, limits), "image"


def enhanced_layers(
    enhanced: EnhancedSection,
    gene: str,
    limits: Limits | None = None,
    *,
    even: bool = False,
) -> tuple[LayerData, LayerData]:
    """Enhanced expression of a gene, and its standard deviation (hidden at first).

    ``limits`` are the contrast limits of the measured gene, so that equal colours mean
    equal counts.
    """
    section, raster = enhanced.section, enhanced.raster
    reading = shown_reading(enhanced, gene, even=even)
    mean, sd = reading.mean[:, 0], reading.sd[:, 0]
    limits = limits or gene_limits(section, gene, even=even)
    tag = LayerTag(section, Role.ENHANCED, gene, even=even)
    of_mean = _of_gene(tag, raster, limits)
    of_sd = _of_gene(replace(tag, role=Role.SD), raster, contrast_limits(sd))
    of_sd["visible"] = False
    for options in (of_mean, of_sd):
        options["metadata"][keys.RESULT] = enhanced
    return (raster.image(mean), of_mean, "image"), (raster.image(sd), of_sd, "image")


def missing_layer(section: Section, regions: MissingRegions | None = None) -> LayerData:
    """Canvas to paint missing regions on, one pixel for one pixel of the spots."""
    raster = raster_of(section)
    labels = np.zeros(raster.shape, dtype=np.uint8)
    if regions is not None:
        labels = regions.to_labels(raster)
    options = {
        "name": "Missing region",
        "affine": raster.affine,
        "colormap": _BRUSH,
        "opacity": 0.6,
        "metadata": {keys.LAYER_TAG: LayerTag(section, Role.MISSING)},
    }
    return labels, options, "labels"


def gene_limits(section: Section, gene: str, *, even: bool = False) -> Limits:
    """Contrast limits of a gene, those of its counts."""
    return limits_of_spots(section, counts_of(section, gene, even=even), even=even)


def limits_of_spots(
    section: Section, values: NDArray[np.generic], *, even: bool
) -> Limits:
    """Contrast limits of what was measured, shape (spot,).

    Evened out, a single count of a shallow spot is a high value: shallow spots are left
    out, lest they alone decide on the colours.
    """
    return contrast_limits(values[section.depth >= _SHALLOW] if even else values)


def contrast_limits(values: NDArray[np.generic]) -> Limits:
    """Limits from zero to the 99.5th percentile; never degenerate.

    A gene found in a few spots only would have both at zero: then the largest value is
    the upper one, and 1 where there is nothing at all.
    """
    finite = np.asarray(values, dtype=np.float64)
    finite = finite[np.isfinite(finite)]
    if len(finite) == 0:
        return 0.0, 1.0
    top = float(np.percentile(finite, _TOP_PERCENTILE)) or float(finite.max())
    return 0.0, top if top > 0 else 1.0


def _of_gene(tag: LayerTag, raster: SpotRaster, limits: Limits) -> dict[str, Any]:
    name = layer_name(tag.role, tag.gene or "", even=tag.even)
    return expression_options(tag, raster, name, limits)


def layer_name(role: Role, shown: str, *, even: bool = False) -> str:
    """Name of a layer of a gene, or of several that have a name."""
    return _NAME[role].format(gene=shown) + (EVEN_NAME if even else "")


def expression_options(
    tag: LayerTag, raster: SpotRaster, name: str, limits: Limits
) -> dict[str, Any]:
    """Return what all layers of expression have in common."""
    return {
        "name": name,
        "affine": raster.affine,
        "contrast_limits": limits,
        "colormap": _COLORMAP[tag.role],
        "interpolation2d": "nearest",
        "opacity": opacity_over(tag.section),
        "metadata": {keys.LAYER_TAG: tag},
    }


def opacity_over(section: Section) -> float:
    """Opacity of expression: lower where there is a picture of the tissue below."""
    return 1.0 if section.image is None else _OVER_IMAGE
