"""Genes before and after: as measured, as the method saw them, and enhanced."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from napari_stentrans.enhanced import EnhancedSection
from napari_stentrans.figures.drawing import Colours, draw_values, show_view, view_of
from napari_stentrans.figures.telling import telling_genes
from napari_stentrans.readings import seen_spots
from napari_stentrans.section.raster import raster_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_PANEL_INCHES = 3.2


def before_after(result: EnhancedSection, genes: Sequence[str]) -> Figure:
    """Draw each gene as measured, as the method saw it, and enhanced.

    A row is a gene with one colour scale, in counts: 0 to the 99th percentile of the
    spots. The second column is left out where nothing was painted.
    """
    from matplotlib.figure import Figure

    section = result.section
    spots = raster_of(section)
    hidden = ~seen_spots(result)
    columns = ["measured", "given to the method", "enhanced"]
    if not hidden.any():
        columns.remove("given to the method")
    view = view_of(spots)
    x, y = view
    panel_height = _PANEL_INCHES * np.ptp(y) / np.ptp(x) + 0.3  # with its title
    size = (_PANEL_INCHES * (len(columns) + 0.3), panel_height * len(genes))
    figure = Figure(figsize=size, layout="constrained")
    axes = figure.subplots(len(genes), len(columns), squeeze=False)
    for row, gene in zip(axes, genes, strict=True):
        counts = section.gene_counts(gene).astype(np.float64)
        top = float(np.percentile(counts, 99)) or float(counts.max()) or 1.0
        pictures = {
            "measured": (spots.image(counts), spots),
            "given to the method": (
                spots.image(np.where(hidden, np.nan, counts)),
                spots,
            ),
            "enhanced": (result.image(gene), result.raster),
        }
        for ax, column in zip(row, columns, strict=True):
            shown = draw_values(ax, *pictures[column], Colours((0.0, top)))
            show_view(ax, view)
            title = f"{gene}, {column}" if column == columns[0] else column
            ax.set_title(title, parse_math=False)
        figure.colorbar(shown, ax=row, label="counts")
    return figure


def save_before_after(result: EnhancedSection, path: Path) -> Path:
    """Write `before_after` of three telling genes."""
    figure = before_after(result, telling_genes(result.section, among=result.chosen))
    figure.savefig(path, dpi=120)
    return path
