"""The comparison on the screen as a figure: measured, enhanced, uncertainty."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from napari_stentrans import keys
from napari_stentrans.enhanced import EnhancedSection
from napari_stentrans.figures.drawing import (
    Colours,
    View,
    draw_tissue,
    draw_values,
    scale_bar,
    show_view,
    view_of,
)
from napari_stentrans.readings import (
    counts_of,
    difference,
    difference_limits,
    shown_reading,
)
from napari_stentrans.request import resolve_genes
from napari_stentrans.section.raster import SpotRaster, raster_of
from napari_stentrans.section.technology import pitch_px

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.image import AxesImage

Values: TypeAlias = NDArray[np.float32]

_PANEL_INCHES = 3.2
_TITLE_INCHES = 0.35
_TOP_PERCENTILE = 99.5


@dataclass(frozen=True)
class ComparisonLook:
    """How a comparison is drawn.

    Attributes
    ----------
    colours
        Of a gene, measured and enhanced; of genes that are not named here viridis, from
        0 to the 99.5th percentile of the spots.
    with_sd
        Whether the uncertainty is drawn, too.
    with_difference
        Whether the right one less the left one is drawn, too.
    with_picture
        Whether a picture of the tissue stands first, where there is one.
    pitch_um
        Distance of neighbouring spots in µm, for the scale bar; None: unknown.
    even
        Whether expression is drawn at one sequencing depth, where the method takes
        depth apart (see `section.depth`).
    reference
        Another result of the section, drawn in place of what was measured.
    names
        What the two that are compared are called.
    """

    colours: Mapping[str, Colours] = field(default_factory=dict)
    with_sd: bool = False
    with_difference: bool = False
    with_picture: bool = True
    pitch_um: float | None = None
    even: bool = False
    reference: EnhancedSection | None = None
    names: tuple[str, str] = ("measured", "enhanced")


def comparison(
    result: EnhancedSection, genes: Sequence[str], look: ComparisonLook | None = None
) -> Figure:
    """Draw each gene as measured and enhanced with one colour bar, in counts.

    A row is a gene. Its held-out score stands above what was enhanced; the first panel
    has a scale bar. A reference, if there is one, is in the place of what was measured.
    """
    from matplotlib.figure import Figure

    look = look or ComparisonLook()
    section = result.section
    spots = raster_of(section)
    view = view_of(spots)
    has_picture = int(look.with_picture and section.image is not None)
    n_more = look.with_difference + look.with_sd
    n_columns = 2 + n_more + has_picture
    x, y = view
    height = _PANEL_INCHES * np.ptp(y) / np.ptp(x) + _TITLE_INCHES
    size = (_PANEL_INCHES * n_columns + 0.7 * (1 + n_more), height * len(genes))
    figure = Figure(figsize=size, layout="constrained")
    axes = figure.subplots(len(genes), n_columns, squeeze=False)
    for number, gene in enumerate(genes):
        panels = list(axes[number])
        if has_picture:
            _show_tissue(panels.pop(0), result, view, shown=number == 0)
        _show_gene(figure, panels, result, gene, look, spots)
        for ax in panels:
            show_view(ax, view)
    scale_bar(axes[0, has_picture], view, pitch_px(section), look.pitch_um)
    return figure


def _show_gene(
    figure: Figure,
    panels: list[Axes],
    result: EnhancedSection,
    gene: str,
    look: ComparisonLook,
    spots: SpotRaster,
) -> None:
    counts, mean, sd, unit = _values(result, gene, even=look.even)
    before, left, raster = look.reference, spots.image(counts), spots
    if before is not None:
        left, raster = _values(before, gene, even=look.even)[1], before.raster
    colours = look.colours.get(gene) or _colours_of(counts)
    draw_values(panels[0], left, raster, colours)
    title = f"{gene} {look.names[0]}"
    panels[0].set_title(title, fontsize="medium", parse_math=False)
    shown = draw_values(panels[1], mean, result.raster, colours)
    panels[1].set_title(look.names[1], fontsize="medium")
    panels[1].set_xlabel(score_in_words(result, gene))
    figure.colorbar(shown, ax=panels[:2], label=unit)
    if look.with_difference:
        of_less = _draw_difference(panels[2], result, gene, look)
        figure.colorbar(of_less, ax=panels[2], label=f"difference, {unit}")
    if look.with_sd:
        highest = max(float(np.nanpercentile(sd, _TOP_PERCENTILE)), 1e-6)
        of_sd = draw_values(
            panels[-1], sd, result.raster, Colours((0.0, highest), "cividis")
        )
        panels[-1].set_title("uncertainty (sd)", fontsize="medium")
        figure.colorbar(of_sd, ax=panels[-1], label=f"sd, {unit}")


def _draw_difference(
    ax: Axes, result: EnhancedSection, gene: str, look: ComparisonLook
) -> AxesImage:
    """Draw the right one less the left one: red is more, blue less, zero white."""
    even = look.even and result.depth is not None
    raster, values = difference(result, gene, look.reference, even=even)
    ax.set_title(" minus ".join(reversed(look.names)), fontsize="medium")
    colours = Colours(difference_limits(values), "RdBu_r")
    return draw_values(ax, raster.image(values), raster, colours)


def _colours_of(counts: Values) -> Colours:
    """From 0 to what few spots are above of."""
    top = float(np.percentile(counts, _TOP_PERCENTILE)) or float(counts.max())
    return Colours((0.0, top or 1.0))


def _values(
    result: EnhancedSection, gene: str, *, even: bool
) -> tuple[Values, Values, Values, str]:
    """Counts of the spots, pictures of mean and sd, and what they are in."""
    even = even and result.depth is not None
    counts = counts_of(result.section, gene, even=even)
    shown, draw = shown_reading(result, gene, even=even), result.raster.image
    unit = "depth-normalised counts" if even else "counts"
    return counts, draw(shown.mean[:, 0]), draw(shown.sd[:, 0]), unit


def _show_tissue(ax: Axes, result: EnhancedSection, view: View, *, shown: bool) -> None:
    image = result.section.image
    if not shown or image is None:
        ax.set_axis_off()
        return
    draw_tissue(ax, image)
    ax.set_title(result.section.name, fontsize="medium", parse_math=False)
    show_view(ax, view)


def score_in_words(result: EnhancedSection, gene: str) -> str:
    """Return "held-out r 0.62 (rank 3 of 900)", or nothing where it is unknown.

    Of a few genes that were picked out, a rank among these alone would mean nothing.
    """
    scores = result.gene_scores
    if keys.HELDOUT_PCC not in scores or gene not in result.genes:
        return ""
    [row] = result.genes.get_indexer(pd.Index([gene]))
    score, rank = scores[[keys.HELDOUT_PCC, keys.HELDOUT_RANK]].iloc[row]
    if not np.isfinite(score):
        return ""
    words = f"held-out r {score:.2f}"
    if len(scores) < len(resolve_genes(result.section, "expressed")):
        return words
    return f"{words} (rank {rank:.0f} of {len(scores):,})"
