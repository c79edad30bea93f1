"""Names that are still free."""

from __future__ import annotations

from collections.abc import Iterable


def free_name(wanted: str, taken: Iterable[str]) -> str:
    """Return a name that is not taken, with a number if need be."""
    others, name, number = set(taken), wanted, 1
    while name in others:
        name, number = f"{wanted} ({number + 1})", number + 1
    return name
