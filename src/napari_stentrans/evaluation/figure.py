"""A picture of an evaluation: box plots of every method, and genes as predicted.

Drawn with matplotlib into a file, shown in no window.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_stentrans.evaluation.report import EvaluationReport, Picture
from napari_stentrans.section.lattice import IntArray
from napari_stentrans.section.section import Section

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

_BOX_METRICS = {
    "pearson": ("counts, all scored genes", "ceiling"),
    "pearson_log": ("log-normalised, 500 highest genes", "ceiling_log"),
}
_BOX_HEIGHT = 3.0
_SPOT_INCHES = 2.6
_BACKGROUND = "0.95"
_UNSCORED = "0.8"
_SPOT_WIDTH = 0.92
"""Pitches."""


def evaluation_figure(report: EvaluationReport) -> Figure:
    """Draw a report.

    Above, Pearson's r over genes as a box plot a method, a panel a task, with the
    median noise ceiling as a line. Below, for each task and gene that was asked for in
    `evaluate`, what the method was given, what was measured, and what was predicted.
    """
    from matplotlib.figure import Figure

    n_tasks = len(report.tasks)
    rows = [(picture, gene) for picture in report.pictures for gene in picture.genes]
    columns = 2 + max((len(p.predicted) for p in report.pictures), default=0)
    boxes = _BOX_HEIGHT * len(_BOX_METRICS) + 0.5
    width = max(n_tasks * (1.2 + 0.42 * len(report.methods)), 5.0)
    if rows:
        width = max(width, columns * _SPOT_INCHES)
    pictures = _SPOT_INCHES * _aspect(report.section) + 0.4
    heights = [boxes, *([pictures * len(rows)] if rows else [])]
    figure = Figure(figsize=(width, sum(heights)), layout="constrained")
    parts = figure.subfigures(len(heights), 1, height_ratios=heights, squeeze=False)
    _draw_boxes(parts[0, 0], report)
    if rows:
        _draw_pictures(parts[1, 0], report.section, rows, columns)
    return figure


def _aspect(section: Section) -> float:
    """Height of a section by its width."""
    height, width = np.ptp(section.pitch_rc, axis=0) + 1
    return float(np.clip(height / width, 0.3, 3.0))


def _draw_boxes(part: SubFigure, report: EvaluationReport) -> None:
    n_seeds = len(report.seeds)
    seeds = f"{n_seeds} seeds" if n_seeds > 1 else f"seed {report.seeds[0]}"
    title = f"{report.section.name}, {seeds}\n{report.protocol.meaning}"
    part.suptitle(title, parse_math=False)
    axes = part.subplots(len(_BOX_METRICS), len(report.tasks), squeeze=False)
    for ax, task in zip(axes[0], report.tasks, strict=True):
        ax.set_title(task)
    for row, (metric, (what, ceiling)) in zip(axes, _BOX_METRICS.items(), strict=True):
        for ax, task in zip(row, report.tasks, strict=True):
            _draw_panel(ax, report, task, metric, ceiling)
        row[0].set_ylabel(f"Pearson r\n{what}", fontsize="small")


def _draw_panel(
    ax: Axes, report: EvaluationReport, task: str, metric: str, ceiling: str
) -> None:
    top = metric == "pearson_log"
    scores, ceilings = (
        table[(table["task"] == task) & (table["top"] | (not top))]
        for table in (report.scores, report.ceilings)
    )
    methods = [m for m in report.methods if (scores["method"] == m).any()]
    values = [scores.loc[scores["method"] == m, metric].dropna() for m in methods]
    ax.boxplot(values, showfliers=False, widths=0.6, medianprops={"color": "C3"})
    ax.set_xticks(range(1, len(methods) + 1), methods, rotation=60, ha="right")
    ax.tick_params(labelsize="small")
    ax.axhline(0, color="0.7", linewidth=0.8, zorder=0)
    known = ceilings[ceiling].dropna()  # values that are no counts have no ceiling
    if len(known):
        limit = known.median()
        ax.axhline(limit, color="C0", linestyle="--", linewidth=1)
        ax.annotate(
            "median ceiling",
            (1, limit),
            xycoords=("axes fraction", "data"),
            ha="right",
            va="bottom",
            color="C0",
            fontsize="x-small",
        )


def _draw_pictures(
    part: SubFigure, section: Section, rows: list[tuple[Picture, str]], columns: int
) -> None:
    axes = part.subplots(len(rows), columns, squeeze=False)
    unit = "counts" if section.is_counted else "values"
    for row, (picture, gene) in zip(axes, rows, strict=True):
        at, scored = picture.genes.index(gene), picture.scored
        measured = picture.measured[:, at]
        highest = float(np.percentile(measured, 99)) or float(measured.max()) or 1.0
        panels = [
            ("given to the method", picture.given[:, at], picture.seen),
            ("measured", measured, scored),
        ]
        for method, predicted in picture.predicted.items():
            panels.append((method, predicted[:, at], scored))
        for ax in row[len(panels) :]:
            ax.set_axis_off()
        for ax, (title, values, spots) in zip(row, panels, strict=False):
            shown = _draw_spots(ax, section, values, spots, highest)
            ax.set_title(title, fontsize="small")
        told = f"{gene}\n{picture.task}, seed {picture.seed}"
        row[0].set_ylabel(told, fontsize="small", parse_math=False)
        part.colorbar(shown, ax=list(row), label=unit, fraction=0.02, pad=0.01)


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
