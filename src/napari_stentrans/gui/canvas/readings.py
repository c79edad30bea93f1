"""A gene of a result, read once: several views of it are made from the same numbers."""

from __future__ import annotations

from collections import OrderedDict
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from napari_stentrans.enhanced import EnhancedSection
from napari_stentrans.methods.base import Prediction

_GENES = 8
"""Genes of a result that are remembered."""

_readings: WeakKeyDictionary[EnhancedSection, OrderedDict[str, Prediction]] = (
    WeakKeyDictionary()
)


def reading_of(result: EnhancedSection, gene: str) -> Prediction:
    """Mean and sd of a gene, shape (position, 1); the last few genes are kept."""
    kept = _readings.setdefault(result, OrderedDict())
    if gene not in kept:
        kept[gene] = result.read([gene])
    kept.move_to_end(gene)
    while len(kept) > _GENES:
        kept.popitem(last=False)
    return kept[gene]


def at_spots(result: EnhancedSection, gene: str) -> NDArray[np.float32]:
    """Enhanced value of each spot of the section, shape (spot,).

    NaN at spots that are no position of the result.
    """
    spot = result.targets.spot
    values = np.full(result.section.n_spots, np.nan, dtype=np.float32)
    values[spot[spot >= 0]] = reading_of(result, gene).mean[spot >= 0, 0]
    return values


def seen_spots(result: EnhancedSection) -> NDArray[np.bool_]:
    """Spots whose counts the method used, shape (spot,)."""
    seen = np.zeros(result.section.n_spots, dtype=bool)
    seen[result.targets.spot[result.targets.measured]] = True
    return seen
