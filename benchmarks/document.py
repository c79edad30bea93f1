"""The report of a benchmark, as a markdown file. Knows not how runs are made."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import chapters
import details
from comparison import Benchmark, with_whole_seeds
from layout import listed, seeded, table
from missing import not_run
from sections import Candidate
from target import target

import napari_stentrans

_HEAD = """\
# Benchmark

Made by `python benchmarks/all_sections.py DATA --output docs/benchmark.md`; not written
by hand. What a method is scored on, it has not seen: the section it is given has no
hidden spots (*upsample*: every second row and column is given; *dropout*: 30 % of the
spots hidden; *region*: discs of radius 3 pitches hidden, 15 % of the spots), or only
half of the counts (*denoise*: scored against the other half).

**r**: median over genes (in more than 10 % of the spots) of Pearson's r on counts.
**log r**: the same on log-normalised values, each side by its own library size, over
the 500 highest genes. Both averaged over seeds. The **ceiling** is what counting noise
lets any prediction reach (binomial split of the scored counts, Spearman-Brown, square
root; what single spots have for themselves counts as predictable, so the true ceiling
of hidden spots is lower).

Intervals (95 %) of averages resample sections, those of a single section squares of its
tissue, and seeds: genes are no independent witnesses. Sections of one study are alike,
so that intervals of averages are rather too narrow.
"""


def write_document(
    path: Path,
    results: list[dict[str, Any]],
    candidates: list[Candidate],
    missing: list[dict[str, Any]],
    untimed: tuple[str, ...] = (),
    note: str = "",
) -> None:
    """Write the report of all results; it appears complete or not at all.

    Parameters
    ----------
    path, results, candidates
        Where to, what of, and what was found in the folder of data.
    missing
        Facts of runs that were asked for and are not there.
    untimed
        Methods whose seconds say nothing: their runs shared the machine.
    note
        What a reader must know besides of how the runs were made.
    """
    whole = with_whole_seeds(results)
    bench = Benchmark(whole)
    parts = [_HEAD, _made_from(bench), note, _unfinished(results, missing)]
    pictured = {c.name for c in candidates if c.image}
    with_image, without = (
        Benchmark([r for r in whole if (r["facts"]["section"] in pictured) is has])
        for has in (True, False)
    )
    if len(bench.runs):
        order: list[Callable[[Benchmark], str]] = [
            chapters.averages,
            target,
            lambda _: chapters.by_image(with_image, without),
            chapters.denoising,
            chapters.by_section,
            chapters.paired,
            chapters.intervals,
            details.at_one_depth,
            details.over_genes,
            details.other_scores,
            details.by_distance,
            lambda bench: details.costs(bench, untimed),
            chapters.paper_protocol,
        ]
        parts += [chapter(bench) for chapter in order]
    parts.append(_sections(bench, candidates))
    text = "\n\n".join(part.strip() for part in parts if part) + "\n"
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)


def _made_from(bench: Benchmark) -> str:
    told = f"napari-stentrans {version('napari-stentrans')}{_commit()}, "
    told += f"{seeded(bench.seeds())}" if bench.seeds() else "no seeds"
    fewer: dict[tuple[tuple[str, ...], tuple[int, ...]], list[str]] = {}
    for name in bench.methods:
        run = [task for task in bench.tasks if bench.seeds(name, (task,))]
        few = [t for t in run if bench.seeds(name, (t,)) != bench.seeds(tasks=(t,))]
        if few:
            where = () if few == run else tuple(few)
            fewer.setdefault((where, bench.seeds(name, few)), []).append(name)
    for (tasks, seeds), names in fewer.items():
        where = f" for {listed(tasks)}" if tasks else ""
        told += f"; {listed(names)}: {seeded(seeds)} alone{where}"
    return f"{told}."


def _unfinished(results: list[dict[str, Any]], missing: list[dict[str, Any]]) -> str:
    if not missing:
        return ""
    facts = [*(result["facts"] for result in results), *missing]
    told = not_run(missing, n_sections=len({of["section"] for of in facts}))
    return (
        f"**Unfinished: {len(results):,} of {len(facts):,} runs.** Seeds that a method "
        f"has not had on all of its sections are left out below. Not run:\n\n{told}"
    )


def _commit() -> str:
    """Return the commit of the methods, if they are of a checkout."""
    folder = Path(napari_stentrans.__file__).parent

    def git(*words: str) -> str:
        done = subprocess.run(
            ["git", *words], cwd=folder, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    try:
        git("ls-files", "--error-unmatch", "__init__.py")
        return f" ({git('describe', '--always', '--dirty')})"
    except (OSError, subprocess.CalledProcessError):
        return ""


def _sections(bench: Benchmark, candidates: list[Candidate]) -> str:
    used = set(bench.runs["section"])
    rows = [
        [
            c.name,
            f"{c.spots:,}" if c.spots else "-",
            c.lattice or "-",
            c.image or "-",
            f"{c.scored_genes:,} of {c.genes:,}" if c.genes else "-",
            f"{c.counts:,.0f}" if c.spots else "-",
            "yes" if c.name in used else c.unfit or "not asked for",
        ]
        for c in candidates
    ]
    heading = ["section", "spots", "lattice", "image", "genes scored"]
    heading += ["median counts", "used"]
    text = f"## Sections\n\n{table(heading, rows)}"
    if len(bench.failures):
        reasons = bench.failures.drop_duplicates(["section", "method", "reason"])
        lines = [
            f"- {row['method']} on {row['section']}: {row['reason'].splitlines()[0]}"
            for row in reasons.to_dict("records")
        ]
        text += "\n\nNot possible:\n\n" + "\n".join(lines)
    return text
