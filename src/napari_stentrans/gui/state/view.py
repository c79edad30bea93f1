"""State of the comparison of measured and enhanced."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar
from weakref import ref

import numpy as np
from numpy.typing import NDArray
from psygnal import SignalGroupDescriptor

from napari_stentrans.enhanced import EnhancedSection

if TYPE_CHECKING:
    from psygnal import SignalGroup


class ViewMode(StrEnum):
    """How two pictures of a gene are looked at."""

    OVERLAY = "overlay"
    SIDE_BY_SIDE = "side by side"
    BLINK = "blink"
    SWIPE = "swipe"
    DIFFERENCE = "difference"

    @property
    def is_for_sets(self) -> bool:
        """Whether several genes together can be looked at so, too."""
        return self in (ViewMode.OVERLAY, ViewMode.SIDE_BY_SIDE)

    @property
    def following(self) -> ViewMode:
        """The next one, round and round."""
        modes = list(ViewMode)
        return modes[(modes.index(self) + 1) % len(modes)]


@dataclass(frozen=True)
class GeneScore:
    """How well a gene is predicted where its counts were hidden.

    Attributes
    ----------
    gene
    heldout
        Pearson's r of counts with predictions of each spot from all the others.
    kriging
        The same by kriging alone, where it is known.
    ceiling
        The highest r that counting noise allows, where it is known.
    rank, n_genes
        Place among the scored genes, 1 for the best; None where it has none.
    has_signal
        Whether left-out spots bear out a pattern beyond that of the total counts, where
        it is known.
    n_spots
        Spots it was found at.
    """

    gene: str
    heldout: float
    kriging: float | None
    ceiling: float | None
    rank: int | None
    n_genes: int
    has_signal: bool | None
    n_spots: int


@dataclass(frozen=True, eq=False)
class SpotPairs:
    """Two values of a gene at each measured spot.

    Attributes
    ----------
    gene
    left, right : ndarray, shape (spot,)
        What is compared, in counts.
    names
        What to call the two.
    even
        Whether both are at one sequencing depth.
    """

    gene: str
    left: NDArray[np.float32]
    right: NDArray[np.float32]
    names: tuple[str, str]
    even: bool = False


@dataclass(eq=False)
class ViewState:
    """What the viewer is to show of a result.

    Attributes
    ----------
    mode
        How the two pictures are looked at.
    reference
        The result that the shown one is compared with; None for what was measured.
    show_sd
        Whether the uncertainty is shown.
    fade
        Whether what is uncertain is see-through.
    show_origin
        Whether it is shown how each position came to be.
    even
        Whether expression is to be shown at one sequencing depth.
    is_even
        Whether it is: not every method takes depth apart.
    color_bars
        Whether colour bars are shown.
    scale_bar
        Whether a scale bar is shown, where it is known how far apart spots are.
    divider
        Where the swipe is divided, as a fraction of the section's width.
    first_on_top
        Whether blinking shows the first of the two just now.
    set_seen
        Name of the genes that are seen together; "" where single genes are seen.
    score, score_note
        Score of the current gene, or why there is none.
    pairs
        The current gene at the spots, first against second.
    """

    events: ClassVar[SignalGroupDescriptor | SignalGroup] = SignalGroupDescriptor()

    mode: ViewMode = ViewMode.OVERLAY
    reference: EnhancedSection | None = None
    show_sd: bool = False
    fade: bool = False
    show_origin: bool = False
    even: bool = False
    is_even: bool = False
    color_bars: bool = True
    scale_bar: bool = True
    divider: float = 0.5
    first_on_top: bool = True
    set_seen: str = ""
    score: GeneScore | None = None
    score_note: str = ""
    pairs: SpotPairs | None = None


@dataclass(frozen=True)
class WayOfLooking:
    """How a section is looked at while others are looked at otherwise.

    Attributes
    ----------
    mode, show_origin, fade
        As in `ViewState`.
    reference
        The same, held by whoever else holds it.
    """

    mode: ViewMode = ViewMode.OVERLAY
    show_origin: bool = False
    fade: bool = False
    reference: ref[EnhancedSection] | None = None

    @classmethod
    def of(cls, view: ViewState) -> WayOfLooking:
        """Return the way of now."""
        reference = None if view.reference is None else ref(view.reference)
        return cls(view.mode, view.show_origin, view.fade, reference)

    def put_into(self, view: ViewState) -> None:
        """Look in this way."""
        view.mode, view.fade = self.mode, self.fade
        view.show_origin = self.show_origin
        view.reference = None if self.reference is None else self.reference()
