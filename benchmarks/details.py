"""Further chapters of the report: other scores, distances and costs."""

from __future__ import annotations

import os
import platform

from comparison import HIDING, Benchmark, spread
from layout import between, dash, headings, listed, row_name, score, table, times
from result import SPREAD

from napari_stentrans.evaluation.distance import LABELS

_OTHER = {
    "Spearman": "spearman",
    "SSIM": "ssim",
    "RMSE": "rmse",
    "JS": "js",
    "Moran ratio": "moran_ratio",
    "variance ratio": "variance_ratio",
    "gene-gene error": "gene_correlation_error",
}


def other_scores(bench: Benchmark) -> str:
    """Return the scores of the SpatialBenchmarking study, and signs of smoothing."""
    rows = []
    for task in bench.tasks:
        wide = {name: bench.wide(name, (task,)) for name in _OTHER.values()}
        for method in next(iter(wide.values())).columns:
            cells = [
                score(w[method].mean()) if method in w else "-" for w in wide.values()
            ]
            rows.append([task, row_name(bench, method, (task,)), *cells])
    return (
        "## Other scores, averaged over sections\n\n"
        "Spearman and SSIM: more is better; RMSE (of z-scores), JS and gene-gene error "
        "(of correlations between the 500 highest genes, log-normalised): less is. "
        "Moran and variance ratio: predicted over measured; noise raises the measured "
        "variance and lowers the measured Moran's I, so that a perfect prediction has "
        "a variance ratio of the squared ceiling, and one over it for Moran's I.\n\n"
        + table(["task", "method", *_OTHER], rows)
    )


def at_one_depth(bench: Benchmark) -> str:
    """Return log r where depth is no pattern that could be predicted."""
    column = "pearson_one_depth_top"
    rows = []
    for task in bench.tasks:
        wide = bench.wide(column, (task,))
        base = "pca20" if "pca20" in wide else "kriging"
        for method in wide.columns:
            ratios = [
                times(bench.against(name, (task,), method, (base,)))
                for name in (column, "pearson_log_top")
            ]
            found = score(wide[method].mean())
            rows.append([task, row_name(bench, method, (task,)), found, *ratios])
    if not rows:
        return ""
    return (
        "## Log r at one depth, averaged over sections\n\n"
        "`log1p` of a spot with few counts is lower in every sparse gene, and whoever "
        "predicts depth gains by that in log r. Here the scored counts are thinned to "
        "one library size, the 10th percentile, and shallower spots left out; 500 "
        "highest genes. Ratios are to kriging (*denoise*: PCA-20), at one depth and, "
        "for comparison, of log r as it is everywhere else.\n\n"
        + table(["task", "method", "log r", "ratio", "ratio of log r elsewhere"], rows)
    )


def over_genes(bench: Benchmark) -> str:
    """Return between which scores the middle half of the genes lies."""
    ends = [f"{column}_{end}" for column in SPREAD for end in ("lower", "upper")]
    rows = []
    for task in bench.tasks:
        means = [bench.wide(end, (task,)).mean(skipna=False) for end in ends]
        for method in bench.wide("pearson", (task,)).columns:
            lower, upper, *log = (of.get(method, float("nan")) for of in means)
            cells = [between(lower, upper), between(*log)]
            rows.append([task, row_name(bench, method, (task,)), *cells])
    return (
        "## Spread over genes\n\n"
        "The middle half of the genes lies between (quartiles, averaged over sections "
        "and seeds).\n\n" + table(["task", "method", "r", "log r"], rows)
    )


def by_distance(bench: Benchmark) -> str:
    """Return the error by distance to the nearest visible spot."""
    errors = bench.distances
    errors = errors[(errors["protocol"] == "held-out") & (errors["task"] != "denoise")]
    if errors.empty:
        return ""
    weighted = errors.assign(total=errors["error_log_top"] * errors["spots"])
    groups = weighted.groupby(["distance", "method"], sort=False)
    sums = groups[["total", "spots"]].sum()
    wide = spread(sums["total"] / sums["spots"])
    spots = spread(sums["spots"]).max(axis=1)
    rows = [
        [str(name), f"{spots[name]:,.0f}", *(score(v) for v in wide.loc[name])]
        for name in (name for name in LABELS if name in wide.index)
    ]
    return (
        "## Error by distance to the nearest visible spot\n\n"
        "Squared error of log-normalised values in units of the gene's measured "
        "variance, over the 500 highest genes, all sections and the tasks that hide "
        "spots; 1 is no better than the gene's mean. Distances in pitches.\n\n"
        + table(["distance", "spots", *headings(bench, wide.columns, HIDING)], rows)
    )


def costs(bench: Benchmark, untimed: tuple[str, ...] = ()) -> str:
    """Return seconds and memory of every method on every section.

    Methods whose runs shared the machine with other work have no seconds.
    """
    runs = bench.runs[bench.runs["protocol"] == "held-out"]
    groups = runs.groupby(["section", "method"], sort=False)
    mean = groups[["seconds", "peak_memory_mb"]].mean()
    seconds, memory = (spread(mean[name]) for name in mean)
    rows = []
    for section in seconds.index:
        cells = []
        for method, grown in memory.loc[section].items():
            spent = f"{seconds.loc[section, method]:.1f} s, "
            told = f"{'' if method in untimed else spent}{grown:,.0f} MB"
            cells.append(dash(grown, told))
        rows.append([str(section), *cells])
    shown = [name for name in untimed if name in seconds]
    without = (
        f" No seconds for {listed(shown)}, run beside other work." if shown else ""
    )
    return (
        "## Cost\n\n"
        "Seconds to fit and to predict all genes at the scored spots, and growth of "
        "resident memory meanwhile, averaged over tasks and seeds; "
        f"machine with {os.cpu_count()} CPU cores, {platform.system()} "
        f"{platform.machine()}, runs as said at the top. By the "
        f"clock: whatever else the machine was doing makes them longer.{without}\n\n"
        + table(["section", *headings(bench, seconds.columns)], rows)
    )
