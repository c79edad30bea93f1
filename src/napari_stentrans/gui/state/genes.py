"""State of the gene browser."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from psygnal import SignalGroupDescriptor

from napari_stentrans.gui.state.gene_facts import GeneFacts
from napari_stentrans.gui.state.set_facts import SetFacts

if TYPE_CHECKING:
    from psygnal import SignalGroup


@dataclass(eq=False)
class GeneState:
    """Which genes are shown, and what is known of all of them.

    Attributes
    ----------
    shown
        Genes of the current section that have a layer, in order of adding.
    sets
        Names of what shows several genes together: signatures and the slider.
    current
        The gene that is looked at: shown or added last.
    beside
        The genes listed next to the current one: the likely ones to come.
    unpinned
        The gene whose layers the next one will take over; None if all are pinned.
    facts
        What is known of the genes of the current section; None without a section.
    learning
        What is being found out just now, for a person to read.
    mine
        The user's own list, remembered between launches.
    collection
        Gene sets of a file, as the current section has them; None without a file.
    """

    events: ClassVar[SignalGroupDescriptor | SignalGroup] = SignalGroupDescriptor()

    shown: tuple[str, ...] = ()
    sets: tuple[str, ...] = ()
    current: str | None = None
    beside: tuple[str, ...] = ()
    unpinned: str | None = None
    facts: GeneFacts | None = None
    learning: str = ""
    mine: tuple[str, ...] = ()
    collection: SetFacts | None = None
