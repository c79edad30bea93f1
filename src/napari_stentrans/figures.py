"""Pictures of results for people: drawn with matplotlib, shown in no window."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_stentrans.enhanced import EnhancedSection
from napari_stentrans.section.raster import SpotRaster
from napari_stentrans.section.section import Section
from napari_stentrans.section.targets import Origin

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_PANEL_INCHES = 3.2
_BACKGROUND = "0.93"


def before_after(result: EnhancedSection, genes: Sequence[str]) -> Figure:
    """Draw each gene as measured, as the method saw it, and enhanced.

    A row is a gene with one colour scale, in counts: 0 to the 99th percentile of the
    spots. The second column is left out where nothing was painted.
    """
    from matplotlib.figure import Figure

    section = result.section
    spots = SpotRaster.from_section(section)
    hidden = hidden_spots(result)
    columns = ["measured", "given to the method", "enhanced"]
    if not hidden.any():
        columns.remove("given to the method")
    size = (_PANEL_INCHES * (len(columns) + 0.2), _PANEL_INCHES * len(genes))
    figure = Figure(figsize=size, layout="constrained")
    axes = figure.subplots(len(genes), len(columns), squeeze=False)
    for row, gene in zip(axes, genes, strict=True):
        counts = section.gene_counts(gene).astype(np.float64)
        top = max(float(np.percentile(counts, 99)), 1.0)
        pictures = {
            "measured": (spots.image(counts), spots),
            "given to the method": (
                spots.image(np.where(hidden, np.nan, counts)),
                spots,
            ),
            "enhanced": (result.image(gene), result.raster),
        }
        for ax, column in zip(row, columns, strict=True):
            shown = _draw(ax, *pictures[column], spots, top)
            ax.set_title(f"{gene}, {column}" if column == columns[0] else column)
        figure.colorbar(shown, ax=row, shrink=0.8, label="counts")
    return figure


def save_before_after(
    result: EnhancedSection, path: Path, genes: Sequence[str] | None = None
) -> Path:
    """Write `before_after` of some genes (three telling ones, if not named)."""
    figure = before_after(result, genes or telling_genes(result.section))
    figure.savefig(path, dpi=120)
    return path


def hidden_spots(result: EnhancedSection) -> NDArray[np.bool_]:
    """Spots that the method did not see, shape (spot,): painted, or outside."""
    targets = result.targets
    seen = targets.spot[targets.origin == Origin.MEASURED]
    return ~np.isin(np.arange(result.section.n_spots), seen)


def telling_genes(section: Section, n: int = 3) -> list[str]:
    """Genes whose counts vary most between neighbourhoods, best first.

    Covariance of the share of counts between neighbours, over its mean: high for genes
    with a spatial pattern that stands out of the counting noise.
    """
    pairs = section.lattice.neighbours(section.array_rc)
    common = np.argsort(-section.detected_in, kind="stable")[:500]
    depth = np.maximum(section.library_size, 1.0)[:, None]
    share = section.counts[:, common].toarray() / depth * np.median(depth)
    mean = share.mean(axis=0)
    off = share - mean
    together = (off[pairs[:, 0]] * off[pairs[:, 1]]).sum(axis=0) / max(len(pairs), 1)
    best = np.argsort(-together / np.maximum(mean, 1e-9), kind="stable")[:n]
    return [str(gene) for gene in section.genes[common[best]]]


def _draw(
    ax: Axes,
    picture: NDArray[np.float32],
    raster: SpotRaster,
    frame: SpotRaster,
    top: float,
) -> Any:
    """Draw a picture where it lies in the world, in a view that fits ``frame``."""
    from matplotlib.transforms import Affine2D

    swap = np.array([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    to_xy = Affine2D(swap @ raster.affine @ swap)
    rows, cols = picture.shape
    shown = ax.imshow(
        picture,
        extent=(-0.5, cols - 0.5, rows - 0.5, -0.5),
        interpolation="nearest",
        vmin=0,
        vmax=top,
        transform=to_xy + ax.transData,
    )
    rows, cols = frame.shape
    corners = np.array([[-0.5, -0.5], [-0.5, cols], [rows, -0.5], [rows, cols]])
    y, x = frame.affine[:2] @ np.column_stack([corners, np.ones(4)]).T
    ax.set(xlim=(x.min(), x.max()), ylim=(y.max(), y.min()), xticks=[], yticks=[])
    ax.set_aspect("equal")
    ax.set_facecolor(_BACKGROUND)
    return shown
