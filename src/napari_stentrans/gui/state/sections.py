"""State of the section panel: what is known of the section being worked on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from psygnal import SignalGroupDescriptor

from napari_stentrans.section.alignment import Alignment
from napari_stentrans.section.facts import PictureFit, SectionFacts
from napari_stentrans.section.lattice import LatticeKind
from napari_stentrans.section.names import free_name
from napari_stentrans.section.section import Section

if TYPE_CHECKING:
    from psygnal import SignalGroup


def told_apart(sections: Sequence[Section]) -> list[str]:
    """Name sections, those of one name with a number."""
    told: list[str] = []
    for section in sections:
        told.append(free_name(section.name, told))
    return told


@dataclass(eq=False)
class SectionState:
    """What is known of the current section.

    Attributes
    ----------
    facts
        How much it holds; None until it is counted.
    recognised
        The lattice that its reader found, whatever a person chose since.
    alignment
        How its picture was moved by hand; None where there is no picture.
    before_reset
        How it lay before it was put back where its file says; None once it was moved.
    is_stretched
        Whether napari has stretched the picture since, as no alignment does.
    fit
        How the picture lies under the spots; None where that cannot be told.
    better
        A flip or turn that would put clearly more spots on tissue, if there is one.
    pitch_um
        Distance of neighbouring spots in µm; None: unknown.
    offers
        Names of layers of other plugins that carry a section.
    """

    events: ClassVar[SignalGroupDescriptor | SignalGroup] = SignalGroupDescriptor()

    facts: SectionFacts | None = None
    recognised: LatticeKind | None = None
    alignment: Alignment | None = None
    before_reset: Alignment | None = None
    is_stretched: bool = False
    fit: PictureFit | None = None
    better: Alignment | None = None
    pitch_um: float | None = None
    offers: tuple[str, ...] = ()
