"""State of the gene browser."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from psygnal import SignalGroupDescriptor

if TYPE_CHECKING:
    from psygnal import SignalGroup


@dataclass(eq=False)
class GeneState:
    """Which genes are shown.

    Attributes
    ----------
    shown
        Genes of the current section that have a layer, in order of adding.
    """

    events: ClassVar[SignalGroupDescriptor | SignalGroup] = SignalGroupDescriptor()

    shown: tuple[str, ...] = ()
