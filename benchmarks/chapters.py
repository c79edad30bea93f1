"""The chapters of the report of a benchmark, one function each."""

from __future__ import annotations

from comparison import CLASSICAL, HIDING, Benchmark
from layout import (
    dash,
    difference,
    headings,
    listed,
    pair,
    percent,
    row_name,
    score,
    table,
    times,
)

OURS, BASE = "stentrans", "kriging"
_RAW, _LOG = "pearson", "pearson_log_top"
_DENOISED = {"r": _RAW, "log r": _LOG, "all log r": "pearson_log"}


def averages(bench: Benchmark) -> str:
    """Return scores and ratios of every method, a table a task, then over all."""
    tasks = [(task,) for task in HIDING if task in bench.tasks]
    both = [_average_table(bench, task, task[0]) for task in tasks]
    if len(tasks) > 1:
        all_hiding = tuple(task[0] for task in tasks)
        both.append(_average_table(bench, all_hiding, "all of these"))
    if not both:
        return ""
    classical = [name for name in CLASSICAL if bench.seeds(name)]
    told = (
        f"*against {BASE}*: ratio of the averages over sections, its interval, and "
        "after the semicolon the lowest ratio on a single section. *against best of "
        f"{len(classical)}*: of {listed(classical)} the best on each section and task, "
        "chosen after the fact. *of ceiling*: share of the median noise ceiling."
    )
    if any(bench.seeds(name) != bench.seeds() for name in bench.methods):
        told += (
            " A method with seeds in brackets was run on these alone: its ratios are "
            "to the others on the same seeds, its r and log r are not to be compared "
            "with those of rows with more seeds."
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
    raw = bench.wide(_RAW, tasks)
    classical = [name for name in CLASSICAL if name in raw]
    rows = []
    for method in raw.columns:
        row = [row_name(bench, method, tasks)]
        for name, share in ((_RAW, "share"), (_LOG, "share_log_top")):
            row += [
                score(bench.wide(name, tasks)[method].mean()),
                percent(bench.wide(share, tasks)[method].mean()),
                times(bench.against(name, tasks, method, (BASE,))),
                times(bench.against(name, tasks, method, classical)),
            ]
        rows.append(row)
    heading = ["method"]
    for name in ("r", "log r"):
        best = f"against best of {len(classical)}"
        heading += [name, "of ceiling", f"against {BASE}", best]
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
        row = [row_name(bench, method, tasks)]
        for column, wide in zip(_DENOISED.values(), wides, strict=True):
            row.append(score(wide[method].mean()))
            for name in references:
                row.append(times(bench.against(column, tasks, method, (name,))))
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
    limits = [bench.ceilings(name, tasks) for name in ("ceiling", "ceiling_log_top")]
    rows = []
    for key in raw.index:
        cells = [pair(raw.loc[key, m], log.loc[key, m]) for m in raw.columns]
        ceiling = pair(*(limit.loc[key] for limit in limits))
        rows.append([*map(str, key), *cells, ceiling])
    heading = ["section", "task", *headings(bench, raw.columns, tasks), "ceiling"]
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
    tasks = tuple(bench.tasks)
    covered, width = bench.wide("coverage", tasks), bench.wide("interval_width", tasks)
    rows = []
    for key in covered.index:
        both = zip(covered.loc[key], width.loc[key], strict=True)
        cells = [dash(share, f"{share:.1%} ({wide:.2f})") for share, wide in both]
        rows.append([*map(str, key), *cells])
    return (
        "## Do 90 % intervals cover 90 %?\n\n"
        "Share of scored spots and genes inside (and median width, in standard "
        "deviations of the measured counts: 3.29 is a gene's own spread).\n\n"
        + table(["section", "task", *headings(bench, covered.columns, tasks)], rows)
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
