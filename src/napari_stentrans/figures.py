"""Pictures of results for people: drawn with matplotlib, shown in no window."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from napari_stentrans.enhanced import EnhancedSection
from napari_stentrans.section.lattice import FloatArray
from napari_stentrans.section.raster import SpotRaster
from napari_stentrans.section.section import Section
from napari_stentrans.section.targets import Origin

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.image import AxesImage

_PANEL_INCHES = 3.2
_BACKGROUND = "0.93"
_CANDIDATES = 500
"""Genes looked at for a telling pattern: the ones found in most spots."""
_ALIKE = 0.6
"""Correlation from which two genes show the same pattern."""


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
    x, y = _view(spots)
    panel_height = _PANEL_INCHES * np.ptp(y) / np.ptp(x) + 0.3  # with its title
    size = (_PANEL_INCHES * (len(columns) + 0.3), panel_height * len(genes))
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
            shown = _draw(ax, *pictures[column], top)
            ax.set(xlim=x, ylim=y[::-1], xticks=[], yticks=[], facecolor=_BACKGROUND)
            ax.set_aspect("equal")
            ax.set_title(f"{gene}, {column}" if column == columns[0] else column)
        figure.colorbar(shown, ax=row, label="counts")
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
    """Genes whose pattern stands out of the counting noise, each of another pattern.

    Ranked by the covariance of their share of counts between neighbouring spots over
    its mean; a gene that goes along with a better one is passed over.
    """
    common = np.argsort(-section.detected_in, kind="stable")[:_CANDIDATES]
    depth = np.maximum(section.library_size, 1.0)[:, None]
    share = section.counts[:, common].toarray() / depth * np.median(depth)
    mean = share.mean(axis=0)
    around = _neighbour_sums(section, share - mean)
    together = ((share - mean) * around).sum(axis=0) / np.maximum(mean, 1e-9)
    smooth = share - mean + around
    norm = np.maximum(np.linalg.norm(smooth, axis=0), 1e-9)
    alike = (smooth.T @ smooth) / np.outer(norm, norm)
    ranked = list(np.argsort(-together, kind="stable"))
    chosen: list[int] = []
    for gene in ranked:
        if len(chosen) < n and (alike[gene, chosen] < _ALIKE).all():
            chosen.append(int(gene))
    chosen += [int(gene) for gene in ranked if gene not in chosen][: n - len(chosen)]
    return [str(gene) for gene in section.genes[common[chosen]]]


def _neighbour_sums(
    section: Section, values: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Sum of each spot's neighbours, shape (spot, gene)."""
    first, second = section.lattice.neighbours(section.array_rc).T
    shape = (section.n_spots, section.n_spots)
    pairs = sparse.coo_matrix((np.ones(len(first)), (first, second)), shape).tocsr()
    sums: NDArray[np.float64] = (pairs + pairs.T) @ values
    return sums


def _draw(
    ax: Axes, picture: NDArray[np.float32], raster: SpotRaster, top: float
) -> AxesImage:
    """Draw a picture where it lies in the world."""
    from matplotlib.transforms import Affine2D

    swap = np.array([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    to_xy = Affine2D(swap @ raster.affine @ swap)
    rows, cols = picture.shape
    return ax.imshow(
        picture,
        extent=(-0.5, cols - 0.5, rows - 0.5, -0.5),
        interpolation="nearest",
        vmin=0,
        vmax=top,
        transform=to_xy + ax.transData,
    )


def _view(raster: SpotRaster) -> tuple[FloatArray, FloatArray]:
    """World (least, greatest) x and y of a whole raster."""
    rows, cols = raster.shape
    corners = [[-0.5, -0.5, 1], [-0.5, cols, 1], [rows, -0.5, 1], [rows, cols, 1]]
    y, x = raster.affine[:2] @ np.array(corners).T
    return np.array([x.min(), x.max()]), np.array([y.min(), y.max()])
