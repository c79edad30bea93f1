"""State of what is painted as missing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from psygnal import SignalGroupDescriptor

from napari_stentrans.section.missing import MissingRegions

if TYPE_CHECKING:
    from psygnal import SignalGroup


@dataclass(frozen=True)
class Painted:
    """How much is painted on the current section; ``problem`` says why it cannot be."""

    n_spots: int = 0
    n_new: int = 0
    n_outside: int = 0
    problem: str = ""

    @classmethod
    def of(cls, regions: MissingRegions) -> Painted:
        """Count painted regions."""
        n_outside = int(regions.outside.sum()) + len(regions.outside_rc)
        return cls(regions.n_spots, regions.n_new, n_outside)


@dataclass(eq=False)
class RegionState:
    """What is painted.

    Attributes
    ----------
    painted
        How much is painted on the current section; None while there is no layer to
        paint on.
    """

    events: ClassVar[SignalGroupDescriptor | SignalGroup] = SignalGroupDescriptor()

    painted: Painted | None = None
