"""What the user chose and what exists so far. Knows nothing of Qt, napari or torch.

Fields are state: setting one to another value emits `session.events.<field>`. What
streams past (signs of life of a job) comes by the signal `progressed` instead.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar

from psygnal import Signal, SignalGroupDescriptor

from napari_stentrans.config import RunConfig
from napari_stentrans.enhanced import EnhancedSection
from napari_stentrans.methods.base import method_names
from napari_stentrans.progress import Progress
from napari_stentrans.section.missing import MissingRegions
from napari_stentrans.section.section import Section

if TYPE_CHECKING:
    from psygnal import SignalGroup


class JobStatus(StrEnum):
    """What is going on in the background."""

    IDLE = "idle"
    OPENING = "opening"
    ENHANCING = "enhancing"
    STOPPING = "stopping"
    SAVING = "saving"

    @property
    def is_busy(self) -> bool:
        """Whether a job runs."""
        return self is not JobStatus.IDLE

    @property
    def is_enhancing(self) -> bool:
        """Whether an enhancement runs, about to stop or not."""
        return self in (JobStatus.ENHANCING, JobStatus.STOPPING)


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
class Message:
    """One line for the person at the screen."""

    text: str = ""
    is_error: bool = False


@dataclass(eq=False)
class EnhanceSession:
    """State that widgets show and the controller changes.

    Attributes
    ----------
    sections
        Every section that has a layer in the viewer, in order of opening.
    section
        The one being worked on.
    genes
        Its genes that have a layer, in order of adding.
    painted
        How much is painted on it; None while there is no layer to paint on.
    config
        The run as it is set up now.
    enhanced
        Its latest result, or a preview of it.
    side_by_side, show_sd
        What the viewer is to show of it.
    status, message
        What is going on.
    methods
        Names of the methods to choose from, the default first.
    summaries
        One line about each method, once they are known.
    """

    events: ClassVar[SignalGroupDescriptor | SignalGroup] = SignalGroupDescriptor()
    progressed: ClassVar[Signal] = Signal(Progress)

    sections: tuple[Section, ...] = ()
    section: Section | None = None
    genes: tuple[str, ...] = ()
    painted: Painted | None = None
    config: RunConfig = field(default_factory=RunConfig)
    enhanced: EnhancedSection | None = None
    side_by_side: bool = False
    show_sd: bool = False
    status: JobStatus = JobStatus.IDLE
    message: Message = field(default_factory=Message)
    methods: tuple[str, ...] = field(default_factory=lambda: tuple(method_names()))
    summaries: Mapping[str, str] = field(default_factory=dict)
