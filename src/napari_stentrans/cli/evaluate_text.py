"""A report of an evaluation, laid out for a person at a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from napari_stentrans.evaluation import EvaluationReport

_COLUMNS = {
    "r": ("pearson", ".3f"),
    "r top": ("pearson_top", ".3f"),
    "log r": ("pearson_log", ".3f"),
    "log r top": ("pearson_log_top", ".3f"),
    "one depth": ("pearson_one_depth_top", ".3f"),
    "of ceiling": ("share_log_top", ".0%"),
    "spearman": ("spearman", ".3f"),
    "ssim": ("ssim", ".3f"),
    "rmse": ("rmse", ".3f"),
    "js": ("js", ".3f"),
    "moran": ("moran_ratio", ".2f"),
    "variance": ("variance_ratio", ".2f"),
    "gene-gene": ("gene_correlation_error", ".3f"),
    "cover": ("coverage", ".1%"),
    "width": ("interval_width", ".2f"),
    "s": ("seconds", ".1f"),
    "MB": ("peak_memory_mb", ".0f"),
}
"""Heading to column of the summary, and how to write it."""

_CEILINGS = {
    "r": "ceiling",
    "r top": "ceiling_top",
    "log r": "ceiling_log",
    "log r top": "ceiling_log_top",
}

_LEGEND = """\
Medians over genes in more than 10 % of the spots; top: over the 500 highest. r: Pearson
on counts; log: on log-normalised values; one depth: log r top, with counts thinned to
one library size; of ceiling: share of the noise ceiling that log r top reaches. rmse of
z-scores, ssim of max-scaled and js of sum-scaled genes. moran, variance: predicted over
measured. gene-gene: error of correlations between genes. cover, width: of the 90 %
intervals, width in sd of the measured counts."""


def as_text(report: EvaluationReport) -> str:
    """One table a task, then the paired differences."""
    parts = [f"{report.section.name}, {report.protocol.meaning}"]
    if report.tasks:
        parts += [_task(report, task) for task in report.tasks]
        parts += [_LEGEND, _spread(report), _distances(report)]
        if len(report.methods) > 1:
            parts.append(_comparisons(report))
    else:
        parts.append("no method could be tried")
    return "\n\n".join(parts)


def _task(report: EvaluationReport, task: str) -> str:
    """Return the table of one task, below what was tried."""
    medians = report.summary(task)
    runs = report.runs[report.runs["task"] == task]
    seeds = ", ".join(str(seed) for seed in sorted(set(runs["seed"])))
    first = medians.iloc[0]
    ceilings = ", ".join(
        f"{name} {_cell(first[column], '.3f')}" for name, column in _CEILINGS.items()
    )
    heading = (
        f"{task} (seed {seeds}): {runs['spots_scored'].mean():.0f} of "
        f"{report.section.n_spots} spots scored. "
        f"Ceiling: {ceilings}"
    )
    rows = [["method", *_COLUMNS]]
    for method, row in medians.iterrows():
        cells = [_cell(row[column], form) for column, form in _COLUMNS.values()]
        rows.append([str(method), *cells])
    return f"{heading}\n{_aligned(rows)}"


def _spread(report: EvaluationReport) -> str:
    """Return the quartiles over genes of the two scores that matter most."""
    chosen = {"r": ("pearson", "all"), "log r top": ("pearson_log", "top")}
    of_run: dict[Any, Any] = dict(report.quartiles().iterrows())
    rows = [["task", "method", *chosen]]
    for task, method in report.summary().index:
        found = [of_run[task, method, *which] for which in chosen.values()]
        ends = [[_cell(end, ".3f") for end in (q.lower, q.upper)] for q in found]
        rows.append([task, method, *map(" .. ".join, ends)])
    return f"The middle half of the genes lies between\n{_aligned(rows, 2)}"


def _distances(report: EvaluationReport) -> str:
    """Return the error of each method near visible spots and far from them."""
    from napari_stentrans.evaluation.distance import LABELS

    keys = ["task", "method", "distance"]
    by_distance = report.distances.groupby(keys, sort=False, observed=True)
    wide = by_distance["error_log_top"].mean().unstack("distance")
    names = [name for name in LABELS if name in wide]
    rows = [["task", "method", *names]]
    for task, method in report.summary().index:
        cells = [_cell(wide.loc[(task, method), name], ".2f") for name in names]
        rows.append([task, method, *cells])
    heading = (
        "Squared error of log-normalised values (500 highest genes) by distance to\n"
        "the nearest visible spot, in pitches; 1 is no better than the gene's mean"
    )
    return f"{heading}\n{_aligned(rows, 2)}"


def _comparisons(report: EvaluationReport) -> str:
    """Return how the first method differs from the others."""
    rows = [["task", "against", "r", "", "log r top", ""]]
    table = report.comparisons()
    for _, pair in table.groupby(["task", "against"], sort=False):
        found = {str(row["statistic"]): row for row in pair.to_dict("records")}
        row = [str(found["pearson"][key]) for key in ("task", "against")]
        for statistic in ("pearson", "pearson_log_top"):
            of = found[statistic]
            row.append(_cell(of["difference"], "+.3f"))
            known = of["low"] == of["low"]
            row.append(f"[{of['low']:+.3f}, {of['high']:+.3f}]" if known else "")
        rows.append(row)
    heading = (
        f"{report.methods[0]} less each other method, with 95 % intervals (bootstrap\n"
        "of squares of tissue and of seeds, since genes are no independent witnesses)"
    )
    return f"{heading}\n{_aligned(rows, left=2)}"


def _cell(value: Any, form: str) -> str:
    return "-" if value != value else format(float(value), form)  # NaN is not itself


def _aligned(rows: list[list[str]], left: int = 1) -> str:
    """Lay out rows of cells in columns, the first of them flush left."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        cells = [
            cell.ljust(width) if number < left else cell.rjust(width)
            for number, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)
