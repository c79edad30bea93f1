"""The report of a benchmark, as a markdown file. Knows not how runs are made."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import chapters
from comparison import Benchmark
from layout import table
from sections import Candidate

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
    n_planned: int,
) -> None:
    """Write the report of all results; it appears complete or not at all."""
    bench = Benchmark(results)
    parts = [_HEAD, _made_from(bench, len(results), n_planned)]
    pictured = {c.name for c in candidates if c.image}
    with_image, without = (
        Benchmark([r for r in results if (r["facts"]["section"] in pictured) is has])
        for has in (True, False)
    )
    if len(bench.runs):
        order: list[Callable[[Benchmark], str]] = [
            chapters.averages,
            lambda _: chapters.by_image(with_image, without),
            chapters.denoising,
            chapters.by_section,
            chapters.paired,
            chapters.intervals,
            chapters.other_scores,
            chapters.by_distance,
            chapters.costs,
            chapters.paper_protocol,
        ]
        parts += [chapter(bench) for chapter in order]
    parts.append(_sections(bench, candidates))
    text = "\n\n".join(part.strip() for part in parts if part) + "\n"
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)


def _made_from(bench: Benchmark, n_results: int, n_planned: int) -> str:
    seeds = sorted({int(seed) for seed in bench.runs["seed"]})
    told = f"napari-stentrans {version('napari-stentrans')}{_commit()}, "
    told += f"seeds {', '.join(map(str, seeds)) or 'none'}."
    if n_results < n_planned:
        told += f" **Unfinished: {n_results} of {n_planned} runs.**"
    return told


def _commit() -> str:
    """Return the commit of this checkout, if it is one."""
    command = ["git", "describe", "--always", "--dirty"]
    try:
        done = subprocess.run(
            command,
            cwd=Path(__file__).parent,
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return ""
    return f" ({done.stdout.strip()})"


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
