"""The positions a result is predicted at, and how each came to be."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

from napari_stentrans.errors import InvalidRequestError, NothingToEnhanceError
from napari_stentrans.section.lattice import FloatArray, IntArray, Lattice
from napari_stentrans.section.missing import MissingRegions, match_positions
from napari_stentrans.section.section import Section
from napari_stentrans.section.tissue import TissueRule, refined_sites


class Origin(StrEnum):
    """How a position came to be.

    ``MEASURED``: a spot whose counts were used. ``MIDPOINT``: an unmeasured position
    between or enclosed by measured ones. ``PAINTED``: marked by a person as missing.
    """

    MEASURED = "measured"
    MIDPOINT = "midpoint"
    PAINTED = "painted"


@dataclass(frozen=True, eq=False)
class Targets:
    """Positions to predict.

    Attributes
    ----------
    array_rc : ndarray, shape (position, 2)
    origin : ndarray of str, shape (position,)
        Values of `Origin`.
    spot : ndarray, shape (position,)
        Spot of the section at this position, -1 where there is none.
    lattice
        The refined lattice that they lie on.
    """

    array_rc: FloatArray
    origin: NDArray[np.str_]
    spot: IntArray
    lattice: Lattice

    @property
    def measured(self) -> NDArray[np.bool_]:
        """Which positions are spots whose counts were used."""
        mask: NDArray[np.bool_] = self.origin == Origin.MEASURED
        return mask

    def __len__(self) -> int:
        return len(self.array_rc)


def enhancement_targets(
    section: Section,
    missing: MissingRegions,
    refine: int,
    rule: TissueRule = TissueRule.FILLED,
) -> Targets:
    """Positions of an enhanced section: spots, painted sites and refined sites.

    Raises
    ------
    NothingToEnhanceError
        If there is no position besides the measured spots.
    """
    kept = np.flatnonzero(~missing.outside)
    sites = np.concatenate([section.array_rc[kept], missing.new_rc])
    painted = np.concatenate([missing.unmeasured[kept], np.ones(missing.n_new, bool)])
    if painted.all():
        msg = (
            "every spot is painted as missing or outside, so nothing is left to learn "
            "from. Erase some of the painting."
        )
        raise InvalidRequestError(msg)
    refined = refined_sites(section.lattice, sites, refine, rule, marked=painted)
    keep = ~_at_any(section.lattice, refined.array_rc, missing.outside_rc)
    keep &= ~_at_any(section.lattice, refined.array_rc, section.array_rc[missing.outside])
    array_rc, parent, inside = (
        refined.array_rc[keep],
        refined.parent[keep],
        refined.inside[keep],
    )
    is_spot = (parent >= 0) & (parent < len(kept))
    spot = np.where(is_spot, kept[np.minimum(parent, len(kept) - 1)], -1)
    origin = np.where(inside, Origin.PAINTED, Origin.MIDPOINT)
    origin[is_spot & ~inside] = Origin.MEASURED
    if (origin == Origin.MEASURED).all():
        msg = (
            "there is nothing to predict: no region is painted, no hole is enclosed by "
            "tissue and refine is 1. Paint a region, or choose refine 2."
        )
        raise NothingToEnhanceError(msg)
    return Targets(array_rc, origin.astype(str), spot, section.lattice.refined(refine))


def targets_at(section: Section, array_rc: FloatArray, missing: MissingRegions) -> Targets:
    """Exactly these positions, in this order."""
    spot = match_positions(section, array_rc)
    origin = np.full(len(array_rc), Origin.MIDPOINT, dtype=object)
    origin[spot >= 0] = Origin.MEASURED
    hidden = missing.unmeasured | missing.outside
    origin[(spot >= 0) & hidden[spot]] = Origin.PAINTED
    return Targets(array_rc, origin.astype(str), spot, section.lattice)


def _at_any(
    lattice: Lattice, array_rc: FloatArray, others_rc: FloatArray
) -> NDArray[np.bool_]:
    """Which positions coincide with any of the others."""
    if len(others_rc) == 0:
        return np.zeros(len(array_rc), dtype=bool)
    distance, _ = KDTree(lattice.to_pitch(others_rc)).query(lattice.to_pitch(array_rc))
    return np.asarray(distance < 1e-3)
