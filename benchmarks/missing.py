"""Which runs of a benchmark have not been made, in words."""

from __future__ import annotations

from typing import Any

from layout import listed, seeded

_Row = dict[str, Any]


def not_run(missing: list[_Row], n_sections: int) -> str:
    """Return a list of what has not been run; each run is in one line of it.

    Parameters
    ----------
    missing
        Facts of the runs: protocol, task, method, seed and section.
    n_sections
        How many sections take part in all.
    """
    rows = [
        {
            "method": facts["method"],
            "task": _task(facts),
            "section": facts["section"],
            "seed": facts["seed"],
        }
        for facts in missing
    ]
    for field in ("seed", "section", "task", "method"):
        rows = _gathered(rows, field)
    return "\n".join(
        f"- {listed(row['method'])}: {listed(row['task'])}, {seeded(row['seed'])}, "
        + _where(row["section"], n_sections)
        for row in rows
    )


def _task(facts: _Row) -> str:
    held_out = facts["protocol"] == "held-out"
    return facts["task"] if held_out else f"{facts['task']} by the paper's protocol"


def _where(sections: tuple[str, ...], n_sections: int) -> str:
    if len(sections) == n_sections:
        return f"all {n_sections} sections"
    return f"{len(sections)} of {n_sections} sections: {listed(sections)}"


def _gathered(rows: list[_Row], field: str) -> list[_Row]:
    """Join rows that differ in one field alone; its values become a tuple."""
    found: dict[tuple[tuple[str, Any], ...], list[Any]] = {}
    for row in rows:
        rest = tuple((name, value) for name, value in row.items() if name != field)
        found.setdefault(rest, []).append(row[field])
    return [{**dict(rest), field: tuple(values)} for rest, values in found.items()]
