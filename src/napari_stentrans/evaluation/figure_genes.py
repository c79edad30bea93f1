"""Genes of an evaluation as rows of pictures: given, measured and predicted.

Laid out in inches: matplotlib needs minutes to find a layout for many rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_stentrans.evaluation.picture import Picture
from napari_stentrans.evaluation.report import EvaluationReport
from napari_stentrans.section.lattice import IntArray
from napari_stentrans.section.section import Section

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import SubFigure

MOST_GENES = 12
"""Each has a row a task: nobody looks at more, and the pixels of a png have an end."""
_COLUMN = 2.6
"""Inches from picture to picture."""
_GAP = 0.12
_LEFT, _RIGHT, _ABOVE = 0.5, 0.8, 0.4
"""Inches for names, for the scale of colours, and for titles."""
_BELOW = 0.15
"""Inches below the last row."""
_BAR_WIDTH = 0.12
_BACKGROUND = "0.95"
_UNSCORED = "0.8"
_SPOT_WIDTH = 0.92
"""Pitches."""


@dataclass(frozen=True, eq=False)
class PictureRows:
    """A row a task and gene.

    Attributes
    ----------
    section
        Where the spots lie.
    rows
        A picture, and which of its genes.
    """

    section: Section
    rows: list[tuple[Picture, int]]

    @classmethod
    def of(cls, report: EvaluationReport) -> PictureRows:
        """All tasks of a report, and the first dozen of the genes asked for."""
        rows = [
            (picture, gene)
            for picture in report.pictures
            for gene in range(len(picture.genes[:MOST_GENES]))
        ]
        return cls(report.section, rows)

    @property
    def size(self) -> tuple[float, float]:
        """Width and height in inches."""
        columns = 2 + max((len(p.predicted) for p, _ in self.rows), default=0)
        width = _LEFT + columns * _COLUMN + _RIGHT
        return width, len(self.rows) * (_ABOVE + self._height) + _BELOW

    @property
    def _height(self) -> float:
        """Inches of a picture, which is as wide as a column less the gap."""
        height, width = np.ptp(self.section.pitch_rc, axis=0) + 2  # as `_draw_spots`
        return (_COLUMN - _GAP) * float(np.clip(height / width, 0.3, 3.0))

    def draw(self, part: SubFigure) -> None:
        """Draw into a part of a figure that has this size."""
        whole = np.tile(self.size, 2)
        _, top = self.size
        for picture, gene in self.rows:
            top -= _ABOVE + self._height
            n_panels = 2 + len(picture.predicted)
            lefts = _LEFT + _COLUMN * np.arange(n_panels + 1)
            widths = [*[_COLUMN - _GAP] * n_panels, _BAR_WIDTH]
            axes = [
                part.add_axes(tuple(np.array([left, top, width, self._height]) / whole))
                for left, width in zip(lefts, widths, strict=True)
            ]
            self._draw_row(axes, picture, gene)

    def _draw_row(self, axes: list[Axes], picture: Picture, gene: int) -> None:
        scored, measured = picture.scored, picture.measured[:, gene]
        highest = float(np.percentile(measured, 99)) or float(measured.max()) or 1.0
        panels = {
            "given to the method": (picture.given[:, gene], picture.seen),
            "measured": (measured, scored),
        }
        for method, predicted in picture.predicted.items():
            panels[method] = predicted[:, gene], scored
        *of_panels, bar = axes
        for ax, (title, (values, spots)) in zip(of_panels, panels.items(), strict=True):
            shown = _draw_spots(ax, self.section, values, spots, highest)
            ax.set_title(title, fontsize="small")
        told = f"{picture.genes[gene]}\n{picture.task}, seed {picture.seed}"
        axes[0].set_ylabel(told, fontsize="small", parse_math=False)
        unit = "counts" if self.section.is_counted else "values"
        bar.figure.colorbar(shown, cax=bar)
        bar.set_ylabel(unit, fontsize="small")
        bar.tick_params(labelsize="small")


def _draw_spots(
    ax: Axes,
    section: Section,
    values: NDArray[np.float32],
    spots: IntArray,
    highest: float,
) -> Any:
    """Draw values as discs where their spots lie; the other spots as small dots."""
    from matplotlib.collections import EllipseCollection

    xy = section.pitch_rc[:, ::-1]
    others = np.setdiff1d(np.arange(section.n_spots), spots)
    ax.scatter(xy[others, 0], xy[others, 1], s=1, color=_UNSCORED, linewidths=0)
    size = np.full(len(spots), _SPOT_WIDTH)
    discs = EllipseCollection(
        size,
        size,
        np.zeros(len(spots)),
        units="xy",
        offsets=xy[spots],
        offset_transform=ax.transData,
        cmap="magma",
    )
    discs.set_array(values)
    discs.set_clim(0, highest)
    ax.add_collection(discs)
    low, high = xy.min(axis=0) - 1, xy.max(axis=0) + 1
    ax.set(xlim=(low[0], high[0]), ylim=(high[1], low[1]), xticks=[], yticks=[])
    ax.set(aspect="equal", facecolor=_BACKGROUND)
    return discs
