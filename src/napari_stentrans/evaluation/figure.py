"""A picture of an evaluation: box plots of every method, and genes as predicted.

Drawn with matplotlib into a file, shown in no window.
"""

from __future__ import annotations

from textwrap import fill
from typing import TYPE_CHECKING

from napari_stentrans.evaluation.figure_genes import MOST_GENES, PictureRows
from napari_stentrans.evaluation.report import EvaluationReport

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

_BOX_METRICS = {
    "pearson": ("counts, all scored genes", "ceiling"),
    "pearson_log": ("log-normalised, 500 highest genes", "ceiling_log"),
}
_BOX_HEIGHT = 3.0
_LETTERS_AN_INCH = 10
_BETWEEN = 0.08
"""Inches above and below a panel; what matplotlib leaves by itself grows with genes."""


def evaluation_figure(report: EvaluationReport) -> Figure:
    """Draw a report.

    Above, Pearson's r over genes as a box plot a method, a panel a task, with the
    median noise ceiling as a line. Below, for each task and gene that was asked for in
    `evaluate`, what the method was given, what was measured, and what was predicted;
    of more than a dozen genes the first.
    """
    from matplotlib.figure import Figure

    rows = PictureRows.of(report)
    wide, high = rows.size
    boxes = _BOX_HEIGHT * len(_BOX_METRICS) + 0.5
    width = max(len(report.tasks) * (1.2 + 0.42 * len(report.methods)), 5.0, wide)
    heights = [boxes, high] if rows.rows else [boxes]
    figure = Figure(figsize=(width, sum(heights)))
    figure.set_layout_engine("constrained", h_pad=_BETWEEN, hspace=0)
    parts = figure.subfigures(len(heights), 1, height_ratios=heights, squeeze=False)
    _draw_boxes(parts[0, 0], report)
    if rows.rows:
        rows.draw(parts[1, 0])
    return figure


def _draw_boxes(part: SubFigure, report: EvaluationReport) -> None:
    n_seeds = len(report.seeds)
    seeds = f"{n_seeds} seeds" if n_seeds > 1 else f"seed {report.seeds[0]}"
    title = f"{report.section.name}, {seeds}\n{report.protocol.meaning}"
    n_genes = len(report.pictures[0].genes) if report.pictures else 0
    if n_genes > MOST_GENES:
        title += f"\ngenes pictured: the first {MOST_GENES} of {n_genes:,}"
    letters = int(_LETTERS_AN_INCH * part.figure.get_figwidth())
    title += "".join(f"\n{fill(note, letters)}" for note in report.notes)
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
