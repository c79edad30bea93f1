"""State of the run: how it is set up, what came of it, and what the methods are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from psygnal import SignalGroupDescriptor

from napari_stentrans.config import RunConfig
from napari_stentrans.enhanced import EnhancedSection
from napari_stentrans.methods.base import method_names

if TYPE_CHECKING:
    from psygnal import SignalGroup


@dataclass(eq=False)
class RunState:
    """How a run is set up, and what came of the runs before.

    Attributes
    ----------
    config
        The next run.
    results
        Finished results of the current section, the oldest first; previews are not
        among them. The one that is shown is ``session.enhanced``.
    methods
        Names of the methods to choose from, the default first.
    summaries
        One line about each method, once they are known.
    """

    events: ClassVar[SignalGroupDescriptor | SignalGroup] = SignalGroupDescriptor()

    config: RunConfig = field(default_factory=RunConfig)
    results: tuple[EnhancedSection, ...] = ()
    methods: tuple[str, ...] = field(default_factory=lambda: tuple(method_names()))
    summaries: Mapping[str, str] = field(default_factory=dict)
