"""The chapters of the report of a benchmark, one function each."""

from __future__ import annotations

import os
import platform

from comparison import CLASSICAL, HIDING, Benchmark, spread
from layout import dash, difference, pair, percent, score, table, times

from napari_stentrans.evaluation.distance import LABELS

OURS, BASE = "stentrans", "kriging"
_RAW, _LOG = "pearson", "pearson_log_top"
_DENOISED = {"r": _RAW, "log r": _LOG, "all log r": "pearson_log"}
_SMOOTHING = {
    "Spearman": "spearman",
    "SSIM": "ssim",
    "RMSE": "rmse",
    "JS": "js",
    "Moran ratio": "moran_ratio",
    "variance ratio": "variance_ratio",
    "gene-gene error": "gene_correlation_error",
}


def averages(bench: Benchmark) -> str:
    """Return scores and ratios of every method, a table a task, then over all."""
    tasks = [(task,) for task in HIDING if task in bench.tasks]
    both = [_average_table(bench, task, task[0]) for task in tasks]
    if len(tasks) > 1:
        all_hiding = tuple(task[0] for task in tasks)
        both.append(_average_table(bench, all_hiding, "all of these"))
    if not both:
        return ""
    classical = [name for name in CLASSICAL if name in set(bench.runs["method"])]
    told = (
        f"*against {BASE}*: ratio of the averages over sections, its interval, and "
        "after the semicolon the lowest ratio on a single section. *against best "
        f"classical*: of {', '.join(classical)} the best on each section and task, "
        "chosen after the fact. *of ceiling*: share of the median noise ceiling."
    )
    return "## Hidden spots, averaged over sections\n\n" + "\n\n".join([told, *both])


def by_image(with_image: Benchmark, without: Benchmark) -> str:
    """Return the averages over all tasks of sections with an image, and without."""
    told = {"sections with an image": with_image, "without": without}
    if not all(len(bench.runs) for bench in told.values()):
        return ""
    tables = [
        _average_table(bench, tuple(t for t in HIDING if t in bench.tasks), title)
        for title, bench in told.items()
    ]
    intro = (
        f"Only {OURS} looks at the image of the tissue, which shows hidden spots as "
        "well; the other methods see positions and counts. All tasks that hide spots."
    )
    return "## With and without an image\n\n" + "\n\n".join([intro, *tables])


def _average_table(bench: Benchmark, tasks: tuple[str, ...], title: str) -> str:
    raw, log = bench.wide(_RAW, tasks), bench.wide(_LOG, tasks)
    shares = [bench.wide(name, tasks) for name in ("share", "share_log_top")]
    rows = []
    for method in raw.columns:
        row = [method]
        for wide, share in zip((raw, log), shares, strict=True):
            against = bench.ratio(wide[method], wide[BASE]) if BASE in wide else None
            best = bench.best_classical(wide.drop(columns=method))
            row += [
                score(wide[method].mean()),
                percent(share[method].mean()),
                times(against if method != BASE else None),
                times(bench.ratio(wide[method], best)),
            ]
        rows.append(row)
    heading = ["method"]
    for name in ("r", "log r"):
        heading += [name, "of ceiling", f"against {BASE}", "against best classical"]
    n_sections = raw.index.get_level_values("section").nunique()
    return f"**{title}** ({n_sections} sections)\n\n{table(heading, rows)}"


def denoising(bench: Benchmark) -> str:
    """Return denoising scores, relative to the raw half and to PCA-20."""
    tasks = ("denoise",)
    wides = [bench.wide(name, tasks) for name in _DENOISED.values()]
    methods = wides[0].columns
    if methods.empty:
        return ""
    references = [name for name in ("raw", "pca20", BASE) if name in methods]
    rows = []
    for method in methods:
        row = [method]
        for wide in wides:
            row.append(score(wide[method].mean()))
            for name in references:
                ratio = bench.ratio(wide[method], wide[name])
                row.append(times(ratio if name != method else None))
        rows.append(row)
    heading = ["method"]
    for name in _DENOISED:
        heading += [name, *(f"against {reference}" for reference in references)]
    return (
        "## Denoising measured spots, averaged over sections\n\n"
        "From one binomial half of the counts, scored against the other. *raw*: the "
        "seen half as it is; *pca20*: its 20 principal components. *all log r*: over "
        "all scored genes, not the 500 highest.\n\n" + table(heading, rows)
    )


def by_section(bench: Benchmark) -> str:
    """Return r / log r of every method on every section and task."""
    tasks = tuple(bench.tasks)
    raw, log = bench.wide(_RAW, tasks), bench.wide(_LOG, tasks)
    limits = [bench.wide(name, tasks) for name in ("ceiling", "ceiling_log_top")]
    rows = []
    for key in raw.index:
        cells = [pair(raw.loc[key, m], log.loc[key, m]) for m in raw.columns]
        ceiling = pair(*(limit.loc[key].mean() for limit in limits))
        rows.append([*map(str, key), *cells, ceiling])
    heading = ["section", "task", *raw.columns, "ceiling"]
    return f"## Every section: r / log r\n\n{table(heading, rows)}"


def paired(bench: Benchmark) -> str:
    """Return the differences of our method and its base, section by section."""
    differences = bench.paired(OURS, BASE)
    if differences.empty:
        return ""
    rows = []
    for (section, task), found in differences.groupby(["section", "task"], sort=False):
        of = {str(row["statistic"]): row for row in found.to_dict("records")}
        rows.append([section, task, *(difference(of[name]) for name in (_RAW, _LOG))])
    return f"## {OURS} less {BASE}, within sections\n\n" + table(
        ["section", "task", "r", "log r"], rows
    )


def intervals(bench: Benchmark) -> str:
    """Return coverage and width of the 90 % intervals on every section and task."""
    covered = bench.wide("coverage", tuple(bench.tasks))
    width = bench.wide("interval_width", tuple(bench.tasks))
    rows = []
    for key in covered.index:
        both = zip(covered.loc[key], width.loc[key], strict=True)
        cells = [dash(share, f"{share:.1%} ({wide:.2f})") for share, wide in both]
        rows.append([*map(str, key), *cells])
    return (
        "## Do 90 % intervals cover 90 %?\n\n"
        "Share of scored spots and genes inside (and median width, in standard "
        "deviations of the measured counts: 3.29 is a gene's own spread).\n\n"
        + table(["section", "task", *covered.columns], rows)
    )


def other_scores(bench: Benchmark) -> str:
    """Return the scores of the SpatialBenchmarking study, and signs of smoothing."""
    rows = []
    for task in bench.tasks:
        wide = {name: bench.wide(name, (task,)) for name in _SMOOTHING.values()}
        for method in next(iter(wide.values())).columns:
            cells = [
                score(w[method].mean()) if method in w else "-" for w in wide.values()
            ]
            rows.append([task, method, *cells])
    return (
        "## Other scores, averaged over sections\n\n"
        "Spearman and SSIM: more is better; RMSE (of z-scores), JS and gene-gene error "
        "(of correlations between the 500 highest genes, log-normalised): less is. "
        "Moran and variance ratio: predicted over measured; noise raises the measured "
        "variance and lowers the measured Moran's I, so that a perfect prediction has "
        "a variance ratio of the squared ceiling, and one over it for Moran's I.\n\n"
        + table(["task", "method", *_SMOOTHING], rows)
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
        + table(["distance", "spots", *wide.columns], rows)
    )


def costs(bench: Benchmark) -> str:
    """Return seconds and memory of every method on every section."""
    runs = bench.runs[bench.runs["protocol"] == "held-out"]
    groups = runs.groupby(["section", "method"], sort=False)
    mean = groups[["seconds", "peak_memory_mb"]].mean()
    seconds, memory = (spread(mean[name]) for name in mean)
    rows = []
    for section in seconds.index:
        both = zip(seconds.loc[section], memory.loc[section], strict=True)
        cells = [
            dash(spent, f"{spent:.1f} s, {grown:,.0f} MB") for spent, grown in both
        ]
        rows.append([str(section), *cells])
    return (
        "## Cost\n\n"
        "Seconds to fit and to predict all genes at the scored spots, and growth of "
        "resident memory meanwhile, averaged over tasks and seeds; "
        f"{os.cpu_count()} CPU cores, {platform.system()} {platform.machine()}. By the "
        "clock: whatever else the machine was doing makes them longer.\n\n"
        + table(["section", *seconds.columns], rows)
    )


def paper_protocol(bench: Benchmark) -> str:
    """Return the in-sample scores, apart from all others."""
    raw = bench.wide(_RAW, ("upsample",), "paper")
    log = bench.wide(_LOG, ("upsample",), "paper")
    if raw.empty:
        return ""
    rows = [
        [str(key[0]), *(pair(raw.loc[key, m], log.loc[key, m]) for m in raw.columns)]
        for key in raw.index
    ]
    return (
        "## Paper protocol: all spots scored, in-sample\n\n"
        "As in the stEnTrans paper, every spot is scored, also the quarter that the "
        "method was given, noise and all: a method that copies its input is right "
        "there. These figures say nothing about prediction, and stand here for "
        "comparison with the paper alone. r / log r.\n\n"
        + table(["section", *raw.columns], rows)
    )
