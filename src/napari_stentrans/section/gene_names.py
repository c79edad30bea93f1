"""Names of genes as a person gives them."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any, Final

import pandas as pd

from napari_stentrans.errors import InvalidRequestError

_MOST_TOLD: Final = 5


def as_names(given: Any, what: str = "genes") -> list[str]:
    """Return names as a list; a single one may come by itself.

    Raises
    ------
    InvalidRequestError
        Of numbers, masks and other things that are no names.
    """
    listed = isinstance(given, Iterable) and not isinstance(given, str)
    names = list(given) if listed else [given]
    nameless = [each for each in names if not isinstance(each, str)]
    if nameless:
        msg = f"{what} are chosen by their names, not by {nameless[0]!r}: give a list"
        raise InvalidRequestError(msg)
    return names


def unknown_genes(section: str, genes: pd.Index, unknown: list[str]) -> str:
    """Say which of the asked-for genes a section does not have, and what is near."""
    folded = {str(gene).casefold(): str(gene) for gene in genes}
    told = []
    for name in unknown[:_MOST_TOLD]:
        near = get_close_matches(str(name).casefold(), list(folded), 1, cutoff=0.7)
        hint = f" (did you mean {folded[near[0]]!r}?)" if near else ""
        told.append(f"{name!r}{hint}")
    n_more = len(unknown) - len(told)
    more = f" and {n_more} more" if n_more else ""
    return (
        f"{section} has no gene {', '.join(told)}{more}. It has {len(genes)} "
        f"genes, such as {', '.join(map(str, genes[:3]))}."
    )
