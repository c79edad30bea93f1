"""What the user chose and what exists so far. Knows nothing of Qt, napari or torch.

Fields are state: setting one to another value emits ``events.<field>``. What streams
past (signs of life of a job) comes by the signal `EnhanceSession.progressed` instead.
Each panel has a part of the session of its own, beside the fields that all share.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar

from psygnal import Signal, SignalGroupDescriptor

from napari_stentrans.enhanced import EnhancedSection
from napari_stentrans.gui.state.genes import GeneState
from napari_stentrans.gui.state.regions import RegionState
from napari_stentrans.gui.state.runs import RunState
from napari_stentrans.gui.state.saves import SaveState
from napari_stentrans.gui.state.sections import SectionState, told_apart
from napari_stentrans.gui.state.view import ViewState
from napari_stentrans.progress import Progress
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
    TESTING = "testing"

    @property
    def is_busy(self) -> bool:
        """Whether a job runs."""
        return self is not JobStatus.IDLE

    @property
    def is_enhancing(self) -> bool:
        """Whether an enhancement runs, about to stop or not."""
        return self in (JobStatus.ENHANCING, JobStatus.STOPPING)


@dataclass(frozen=True)
class Message:
    """One line for the person at the screen.

    Attributes
    ----------
    text, is_error
        What is told.
    details
        For a report of a failure.
    about
        What is amiss: the message goes once this is put right.
    """

    text: str = ""
    is_error: bool = False
    details: str = ""
    about: str = ""


@dataclass(eq=False)
class SharedState:
    """What every panel looks at.

    Attributes
    ----------
    sections
        Every section that has a layer in the viewer, in order of opening.
    section
        The one being worked on.
    enhanced
        Its result that is shown, or a preview of it.
    status, message
        What is going on.
    """

    events: ClassVar[SignalGroupDescriptor | SignalGroup] = SignalGroupDescriptor()
    progressed: ClassVar[Signal] = Signal(Progress)

    sections: tuple[Section, ...] = ()
    section: Section | None = None
    enhanced: EnhancedSection | None = None
    status: JobStatus = JobStatus.IDLE
    message: Message = field(default_factory=Message)


class EnhanceSession(SharedState):
    """The shared state, and the part of each panel.

    Attributes
    ----------
    about, saves, genes, regions, run, view
        State of what is known of the section, what was saved, the gene browser, the
        missing regions, the run and the comparison.
    """

    def __init__(self) -> None:
        super().__init__()
        self.about = SectionState()
        self.saves = SaveState()
        self.genes = GeneState()
        self.regions = RegionState()
        self.run = RunState()
        self.view = ViewState()

    def name_of(self, section: Section) -> str:
        """Return what a section is called in the list of those that are open."""
        names = dict(zip(self.sections, told_apart(self.sections), strict=True))
        return names.get(section, section.name)

    def silence(self) -> None:
        """Let go of everyone who listens."""
        parts = (self.about, self.saves, self.genes, self.regions, self.run, self.view)
        for part in (self, *parts):
            part.events.disconnect()
        type(self).progressed.__get__(self).disconnect()
