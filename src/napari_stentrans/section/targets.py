"""The positions a result is predicted at, and how each came to be."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from napari_stentrans.errors import InvalidRequestError
from napari_stentrans.section.lattice import FloatArray, IntArray, Lattice
from napari_stentrans.section.missing import MissingRegions, match_positions
from napari_stentrans.section.section import Section
from napari_stentrans.section.tissue import TissueRule, refined_sites
from napari_stentrans.wording import counted

REFINEMENTS = (1, 2, 3, 4)


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

    def __repr__(self) -> str:
        of_all = f"{counted(len(self), 'position')}, {self.measured.sum():,} measured"
        return f"<Targets: {of_all}, {self.lattice.kind}>"


def enhancement_targets(
    section: Section,
    missing: MissingRegions,
    refine: int,
    rule: TissueRule = TissueRule.FILLED,
) -> Targets:
    """Positions of an enhanced section: spots, painted sites and refined sites.

    Raises
    ------
    InvalidRequestError
        If no spot is left to learn from.
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
    outside_rc = np.concatenate([section.array_rc[missing.outside], missing.outside_rc])
    lattice = section.lattice
    found = refined_sites(lattice, sites, refine, rule, painted, outside_rc)
    is_spot = (found.parent >= 0) & (found.parent < len(kept))
    spot = np.full(len(found.array_rc), -1, dtype=np.int64)
    spot[is_spot] = kept[found.parent[is_spot]]
    origin = np.where(found.inside, Origin.PAINTED, Origin.MIDPOINT)
    origin[is_spot & ~found.inside] = Origin.MEASURED
    return Targets(found.array_rc, origin.astype(str), spot, lattice.refined(refine))


def targets_at(
    section: Section, array_rc: FloatArray, missing: MissingRegions
) -> Targets:
    """Exactly these positions, in this order."""
    spot = match_positions(section, array_rc)
    origin = np.full(len(array_rc), Origin.MIDPOINT, dtype=object)
    origin[spot >= 0] = Origin.MEASURED
    hidden = missing.unmeasured | missing.outside
    origin[(spot >= 0) & hidden[spot]] = Origin.PAINTED
    lattice = _lattice_through(section.lattice, array_rc)
    return Targets(array_rc, origin.astype(str), spot, lattice)


def _lattice_through(lattice: Lattice, array_rc: FloatArray) -> Lattice:
    """Coarsest lattice that these positions are sites of; else one without sites."""
    for factor in REFINEMENTS:
        if lattice.refined(factor).is_site(array_rc).all():
            return lattice.refined(factor)
    return lattice.without_sites()
