"""Tables and figures as markdown."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd
from comparison import Ratio


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


def times(ratio: Ratio | None) -> str:
    """Return a ratio with its interval, and the lowest on a single section."""
    if ratio is None:
        return "-"
    interval = "" if pd.isna(ratio.low) else f" [{ratio.low:.2f}, {ratio.high:.2f}]"
    return f"{ratio.value:.3f}{interval}; {dash(ratio.worst, f'{ratio.worst:.2f}')}"


def difference(row: dict[str, Any]) -> str:
    """Return a difference with its interval."""
    return f"{row['difference']:+.4f} [{row['low']:+.4f}, {row['high']:+.4f}]"
