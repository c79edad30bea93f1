"""Tables and figures as markdown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd
from comparison import Benchmark, Ratio


def table(heading: Iterable[str], rows: Iterable[Iterable[Any]]) -> str:
    """Return rows below a heading."""
    head = list(heading)
    lines = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    lines += [f"| {' | '.join(str(cell) for cell in row)} |" for row in rows]
    return "\n".join(lines)


def dash(value: float, text: str) -> str:
    """Return a text, or a dash if the value it is about is not known."""
    return "-" if pd.isna(value) else text


def score(value: float) -> str:
    """Return a score."""
    return dash(value, f"{value:.3f}")


def percent(value: float) -> str:
    """Return a share."""
    return dash(value, f"{value:.0%}")


def pair(raw: float, log: float) -> str:
    """Return a score on counts and one on log-normalised values."""
    return dash(raw, f"{raw:.3f} / {score(log)}")


def between(lower: float, upper: float) -> str:
    """Return the ends of a range of scores."""
    return dash(lower + upper, f"{score(lower)} to {score(upper)}")


def times(ratio: Ratio | None) -> str:
    """Return a ratio with its interval, and the lowest on a single section."""
    if ratio is None:
        return "-"
    interval = "" if pd.isna(ratio.low) else f" [{ratio.low:.2f}, {ratio.high:.2f}]"
    return f"{ratio.value:.3f}{interval}; {dash(ratio.worst, f'{ratio.worst:.2f}')}"


def difference(row: dict[str, Any]) -> str:
    """Return a difference with its interval."""
    return f"{row['difference']:+.4f} [{row['low']:+.4f}, {row['high']:+.4f}]"


def listed(names: Sequence[Any]) -> str:
    """Return names as they are said: a, b and c."""
    told = [str(name) for name in names]
    return " and ".join([", ".join(told[:-1]), told[-1]]) if told[1:] else "".join(told)


def seeded(seeds: Sequence[int]) -> str:
    """Return seeds as they are said."""
    return f"seed{'s' if len(seeds) != 1 else ''} {', '.join(map(str, seeds))}"


def seeded_by_task(seeds: Mapping[str, Sequence[int]]) -> str:
    """Return seeds of tasks as they are said; once, if all tasks have the same."""
    groups: dict[tuple[int, ...], list[str]] = {}
    for task, numbers in seeds.items():
        groups.setdefault(tuple(numbers), []).append(task)
    if len(groups) == 1:
        return seeded(next(iter(groups)))
    return "; ".join(f"{listed(tasks)}: {seeded(s)}" for s, tasks in groups.items())


def labelled(bench: Benchmark, method: str, tasks: Sequence[str] | None = None) -> str:
    """Return the name of a method, with its seeds where it has fewer than others."""
    seeds = bench.seeds(method, tasks)
    few = seeds != bench.seeds(tasks=tasks)
    return f"{method} ({seeded(seeds)})" if few else method


def row_name(bench: Benchmark, method: str, tasks: tuple[str, ...]) -> str:
    """Return the name of a row of averages; it tells if there are more in others."""
    wide = bench.wide("pearson", tasks)
    name, known = labelled(bench, method, tasks), wide[method].count()
    what = "sections" if len(tasks) == 1 else "sections and tasks"
    return name if known == len(wide) else f"{name}, {known} of {len(wide)} {what}"


def headings(
    bench: Benchmark, methods: Iterable[Any], tasks: Sequence[str] | None = None
) -> list[str]:
    """Return the names of columns of methods."""
    return [labelled(bench, str(name), tasks) for name in methods]
