"""A gene of a result, read once: several views of it are made from the same numbers.

What is ``even`` is at one sequencing depth, see `section.depth`.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from napari_stentrans.enhanced import EnhancedSection
from napari_stentrans.methods.base import Prediction
from napari_stentrans.section.depth import evened
from napari_stentrans.section.raster import SpotRaster, raster_of
from napari_stentrans.section.section import Section

_TOP_PERCENTILE = 99.5
_GENES = 8
"""Genes of a result that are remembered."""

_readings: WeakKeyDictionary[EnhancedSection, OrderedDict[str, Prediction]] = (
    WeakKeyDictionary()
)
_lock = threading.Lock()
"""Held while the dictionary is used, never while a gene is read."""


def reading_of(result: EnhancedSection, gene: str) -> Prediction:
    """Mean and sd of a gene, shape (position, 1); the last few genes are kept.

    Can be called from several threads at once.
    """
    with _lock:
        kept = _readings.setdefault(result, OrderedDict())
        found = kept.get(gene)
    if found is None:
        found = result.read([gene])
    with _lock:
        kept[gene] = found
        kept.move_to_end(gene)
        while len(kept) > _GENES:
            kept.popitem(last=False)
    return found


def counts_of(
    section: Section, gene: str, *, even: bool = False
) -> NDArray[np.float32]:
    """Counts of a gene, shape (spot,)."""
    counts = section.gene_counts(gene)
    return evened(counts, section.depth) if even else counts


def shown_reading(
    result: EnhancedSection, gene: str, *, even: bool = False
) -> Prediction:
    """Mean and sd of a gene as they are shown, shape (position, 1)."""
    reading = reading_of(result, gene)
    if not even or result.depth is None:
        return reading
    depth = result.depth
    return Prediction(evened(reading.mean, depth), evened(reading.sd, depth))


def at_spots(
    result: EnhancedSection, gene: str, *, even: bool = False
) -> NDArray[np.float32]:
    """Enhanced value of each spot of the section, shape (spot,).

    NaN at spots that are no position of the result.
    """
    spot = result.targets.spot
    values = np.full(result.section.n_spots, np.nan, dtype=np.float32)
    mean = shown_reading(result, gene, even=even).mean[:, 0]
    values[spot[spot >= 0]] = mean[spot >= 0]
    return values


def seen_spots(result: EnhancedSection) -> NDArray[np.bool_]:
    """Spots whose counts the method used, shape (spot,)."""
    seen = np.zeros(result.section.n_spots, dtype=bool)
    seen[result.targets.spot[result.targets.measured]] = True
    return seen


def difference(
    result: EnhancedSection,
    gene: str,
    reference: EnhancedSection | None,
    *,
    even: bool = False,
) -> tuple[SpotRaster, NDArray[np.float32]]:
    """Result less its reference, with the raster that these values are drawn on.

    Against the counts: at the spots that the method saw. Between two results: at every
    position where they share all of them, else at the spots that both have.
    """
    section = result.section
    if reference is None:
        values = at_spots(result, gene, even=even)
        values -= counts_of(section, gene, even=even)
        values[~seen_spots(result)] = np.nan
        return raster_of(section), values
    if np.array_equal(result.targets.array_rc, reference.targets.array_rc):
        first, second = (
            shown_reading(each, gene, even=even).mean[:, 0]
            for each in (result, reference)
        )
        return result.raster, first - second
    first, second = (at_spots(each, gene, even=even) for each in (result, reference))
    return raster_of(section), first - second


def difference_limits(values: NDArray[np.float32]) -> tuple[float, float]:
    """Limits of the colours of a difference, the same below zero and above."""
    finite = np.abs(values[np.isfinite(values)])
    top = float(np.percentile(finite, _TOP_PERCENTILE)) if len(finite) else 0.0
    top = top or 1.0
    return -top, top
