"""State of the comparison of measured and enhanced."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from psygnal import SignalGroupDescriptor

if TYPE_CHECKING:
    from psygnal import SignalGroup


@dataclass(eq=False)
class ViewState:
    """What the viewer is to show of a result.

    Attributes
    ----------
    side_by_side
        Whether measured and enhanced are panels beside one another.
    show_sd
        Whether the uncertainty is shown.
    """

    events: ClassVar[SignalGroupDescriptor | SignalGroup] = SignalGroupDescriptor()

    side_by_side: bool = False
    show_sd: bool = False
