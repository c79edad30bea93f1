"""State of what is painted as missing."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar

from psygnal import SignalGroupDescriptor

from napari_stentrans.section.missing import MissingRegions
from napari_stentrans.section.region_colours import colour_of
from napari_stentrans.section.regions import Region, Regions
from napari_stentrans.section.suggestions import Suggestion

if TYPE_CHECKING:
    from psygnal import SignalGroup


class Tool(StrEnum):
    """What the mouse does on the canvas, as napari names it."""

    BRUSH = "paint"
    POLYGON = "polygon"
    FILL = "fill"
    ERASE = "erase"


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


@dataclass(frozen=True)
class RegionRow:
    """One region as it is listed.

    Attributes
    ----------
    region
        The region.
    n_spots, n_new
        Spots and empty positions that it covers.
    colour
        As '#rrggbb'.
    """

    region: Region
    n_spots: int
    n_new: int
    colour: str

    @classmethod
    def all_of(cls, regions: Regions) -> tuple[RegionRow, ...]:
        """List regions in their order."""
        return tuple(
            cls(region, *regions.count(region.label), colour_of(region))
            for region in regions.listed
        )


@dataclass(eq=False)
class RegionState:
    """What is painted.

    Attributes
    ----------
    painted
        How much is painted on the current section; None while there is no layer to
        paint on.
    rows
        The regions.
    current
        Label of the region that the mouse paints.
    tool
        What the mouse does; None while it moves the view.
    brush
        Width of the brush, in pixels of the canvas.
    can_undo, can_redo
        Whether there is something to undo, or to do again.
    suggestions
        What may be missing, to be accepted or rejected.
    is_searching
        Whether suggestions are being looked for.
    """

    events: ClassVar[SignalGroupDescriptor | SignalGroup] = SignalGroupDescriptor()

    painted: Painted | None = None
    rows: tuple[RegionRow, ...] = ()
    current: int | None = None
    tool: Tool | None = None
    brush: int = 3
    can_undo: bool = False
    can_redo: bool = False
    suggestions: tuple[Suggestion, ...] = ()
    is_searching: bool = False
