"""What every part of the controller works with."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

from napari_stentrans.gui.canvas.stage import Stage
from napari_stentrans.gui.jobs.background import Background
from napari_stentrans.gui.jobs.desk import StartJob
from napari_stentrans.gui.jobs.turns import Turns
from napari_stentrans.gui.state.session import EnhanceSession
from napari_stentrans.section.section import Section


@dataclass(frozen=True, eq=False)
class Bench:
    """What all parts of the controller share.

    Attributes
    ----------
    stage
        The layers.
    session
        The state that widgets show.
    background
        The desk of long jobs, of which one runs at a time.
    start
        How side jobs are run, such as looking things up.
    turns
        What makes layers, a few at a time.
    notes
        What is known of sections beside what they hold, each note by its section.
    """

    stage: Stage
    session: EnhanceSession
    background: Background
    start: StartJob
    turns: Turns = field(default_factory=Turns)
    notes: list[WeakKeyDictionary[Section, Any]] = field(default_factory=list)

    def new_notes(self) -> WeakKeyDictionary[Section, Any]:
        """Return a place for notes on sections, which outlive a change of these."""
        made: WeakKeyDictionary[Section, Any] = WeakKeyDictionary()
        self.notes.append(made)
        return made

    def carry_over(self, before: Section, after: Section) -> None:
        """Let what was noted of a section hold for the one that takes its place."""
        for notes in self.notes:
            if before in notes:
                notes[after] = notes[before]
