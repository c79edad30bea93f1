"""What may be missing: holes in the tissue, and spots with far too few counts.

Suggestions only, for a person to accept or reject. A spot is doubted when it has few
counts against its surroundings while those are sound: within a pale or necrotic area,
and at its edge, many neighbours are low as well, and nothing is suggested. A scratch
one spot wide is. The rim of the tissue, where spots are covered in part, is left alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components
from scipy.spatial import KDTree

from napari_stentrans.section.lattice import FloatArray, IntArray
from napari_stentrans.section.section import Section
from napari_stentrans.section.sites import PaintSites
from napari_stentrans.wording import counted

_REACH = 2.01
"""Surroundings of a spot, in pitches: 18 spots on hex, 12 on square lattices."""
_SOUND = 0.4
"""Quantile of the surroundings to compare with: four of ten may be low themselves."""
_FULL = 0.75
"""Share of the surroundings that must be there; fewer is the rim of the tissue."""
_FEW = 1 / 4
"""A doubted spot has less than this share of its surroundings' counts,"""
_DEVIATIONS = 4.0
"""and is this many robust deviations below what is usual in this section."""
_CORNER = 2
"""Neighbours as low as a spot, but not doubted, that make it part of an area."""
_LEAST_SPREAD = 0.1
"""Least robust deviation, in log counts, for sections with next to no noise."""
_TOUCH = 1.5
"""Distance, in pitches, of sites of one suggestion: diagonal neighbours touch."""
_ONE_PERCENT = 0.01
_MOST = 8
"""Suggestions of each sort; what is beyond, the smallest, comes as one."""


@dataclass(frozen=True, eq=False)
class Suggestion:
    """An area that may be missing.

    Attributes
    ----------
    name
        What to call it.
    reason
        Why it is suggested, in plain words.
    at : ndarray of int, shape (site,)
        Numbers of its sites.
    """

    name: str
    reason: str
    at: IntArray


def suggest(sites: PaintSites) -> tuple[Suggestion, ...]:
    """Suggest what may be missing from a section, holes first, the largest first."""
    section = sites.section
    holes = np.flatnonzero(sites.in_tissue[sites.n_spots :]) + sites.n_spots
    low, share = _low_spots(section)
    found = []
    for at in _grouped(sites, holes):
        reason = f"{counted(len(at), 'empty position')} with tissue all around"
        found.append(Suggestion("Hole", reason, at))
    for at in _grouped(sites, low):
        part = float(np.median(share[at]))
        counts = f"{part:.0%}" if part >= _ONE_PERCENT else "under 1%"
        reason = f"{counted(len(at), 'spot')} with {counts} of the counts around"
        found.append(Suggestion("Low spots", reason, at))
    return tuple(found)


def _low_spots(section: Section) -> tuple[IntArray, FloatArray]:
    """Spots with too few counts, and each spot's share of its surroundings' counts."""
    log_size = np.log1p(section.library_size)
    expected, n_around = _surroundings(section, log_size)
    difference = log_size - expected
    usual = np.median(difference)
    spread = max(1.4826 * np.median(np.abs(difference - usual)), _LEAST_SPREAD)
    is_low = difference - usual < -_DEVIATIONS * spread
    is_low &= difference < np.log(_FEW)
    is_low &= n_around >= max(1, _FULL * n_around.max())
    # The corner of a low area has sound spots around, but low ones at its side.
    one, other = _both_ways(section.lattice.neighbours(section.array_rc))
    alike = (log_size[other] < (log_size + expected)[one] / 2) & ~is_low[other]
    n_alike = np.bincount(one[alike], minlength=section.n_spots)
    return np.flatnonzero(is_low & (n_alike < _CORNER)), np.exp(difference)


def _surroundings(section: Section, values: FloatArray) -> tuple[FloatArray, IntArray]:
    """Quantile of the values around each spot, and how many there are."""
    pairs = KDTree(section.pitch_rc).query_pairs(_REACH, output_type="ndarray")
    spots, others = _both_ways(pairs)
    n_around = np.bincount(spots, minlength=section.n_spots)
    order = np.argsort(spots, kind="stable")
    first = np.cumsum(n_around) - n_around
    place = np.arange(len(spots)) - first[spots[order]]
    around = np.full((section.n_spots, n_around.max(initial=0) + 1), np.inf)
    around[spots[order], place] = values[others[order]]
    around.sort(axis=1)
    rank = np.rint(_SOUND * np.maximum(n_around - 1, 0)).astype(np.int64)
    found = around[np.arange(section.n_spots), rank]
    return np.where(n_around > 0, found, values), n_around


def _both_ways(pairs: IntArray) -> IntArray:
    """Each pair and its reverse, shape (2, twice as many)."""
    pairs = pairs.reshape(-1, 2)
    both: IntArray = np.concatenate([pairs, pairs[:, ::-1]]).T
    return both


def _grouped(sites: PaintSites, chosen: IntArray) -> list[IntArray]:
    """Sites that touch one another together; the smallest groups as one."""
    if not len(chosen):
        return []
    pitch_rc = sites.section.lattice.to_pitch(sites.array_rc[chosen])
    pairs = KDTree(pitch_rc).query_pairs(_TOUCH, output_type="ndarray")
    links = sparse.coo_matrix((np.ones(len(pairs)), pairs.T), (len(chosen),) * 2)
    n_groups, group = connected_components(links, directed=False)
    groups = [chosen[group == number] for number in range(n_groups)]
    groups.sort(key=len, reverse=True)
    if len(groups) <= _MOST:
        return groups
    return [*groups[: _MOST - 1], np.concatenate(groups[_MOST - 1 :])]
