"""What of all that was counted is a gene, by its type or its name. No file format."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

EXPRESSION: Final = "Gene Expression"
"""What 10x Genomics and those who follow them call genes, in a column of types."""
_CONTROL = re.compile(
    r"neg(ative|prb|probe|ctrl|control)|blank|system.?control|false.?code"
    r"|(unassigned|deprecated).?codeword|intergenic.?region|antisense_",
    re.IGNORECASE,
)
_NAMED = 3


def is_control(name: str) -> bool:
    """Whether something is called as Xenium, MERSCOPE or CosMx call what is no gene."""
    return _CONTROL.match(name) is not None


def genes_among(kinds: Iterable[object]) -> tuple[NDArray[np.bool_], list[str]]:
    """Which features are genes, by their types; all, where none is said to be one.

    Parameters
    ----------
    kinds
        Type of each feature.

    Returns
    -------
    genes : ndarray of bool, shape (feature,)
    notes
        How many others there are, and of which types.
    """
    told: NDArray[Any] = np.array([str(kind) for kind in kinds], dtype=object)
    genes: NDArray[np.bool_] = np.asarray(told == EXPRESSION, dtype=bool)
    if genes.all() or not genes.any():
        return np.ones(len(told), dtype=bool), []
    others = ", ".join(sorted(set(told[~genes])))
    return genes, [f"{(~genes).sum()} features that are no genes left out ({others})."]


def control_notes(names: Iterable[str]) -> list[str]:
    """Say which features are named like controls, where nothing tells their types."""
    found = [name for name in names if is_control(name)]
    if not found:
        return []
    listed = ", ".join(found[:_NAMED]) + (" ..." if len(found) > _NAMED else "")
    note = (
        f"{len(found)} features are named like controls of an instrument, not genes "
        f"({listed}): they were kept. Take them out of the file if they are controls."
    )
    return [note]
