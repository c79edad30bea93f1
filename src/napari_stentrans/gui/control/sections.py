"""Which sections are open, and which of them is worked on."""

from __future__ import annotations

from collections.abc import Collection
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from napari_stentrans.errors import InvalidRequestError, ReadError, StEnTransError
from napari_stentrans.gui.canvas.changes import remove
from napari_stentrans.gui.canvas.framing import are_in_view
from napari_stentrans.gui.control.bench import Bench
from napari_stentrans.gui.control.losses import Losses
from napari_stentrans.gui.control.picture import PictureControl
from napari_stentrans.gui.control.runs import RunControl
from napari_stentrans.gui.control.trials import TrialControl
from napari_stentrans.gui.control.view import ViewControl
from napari_stentrans.gui.jobs import section_tasks
from napari_stentrans.gui.jobs.desk import JobDesk, JobListener
from napari_stentrans.gui.jobs.turns import Pieces
from napari_stentrans.gui.state.session import JobStatus
from napari_stentrans.io import FILE_PATTERNS
from napari_stentrans.section.facts import SectionFacts
from napari_stentrans.section.section import Section
from napari_stentrans.wording import how_many

if TYPE_CHECKING:
    from napari.layers import Layer

_ALL_IN_VIEW = "All spots are in view: zoom in on the part to work on, and try again."
_NONE_IN_VIEW = "No spot is in view: move the part to work on into view, and try again."

SECTION_FILES = FILE_PATTERNS
"""What files are called that may be opened."""


class SectionControl:
    """Opens sections, chooses among them, and says what they are.

    Attributes
    ----------
    replaced
        The section that another one is being made of, to take its place.
    """

    def __init__(
        self,
        bench: Bench,
        view: ViewControl,
        runs: RunControl,
        trials: TrialControl,
        picture: PictureControl,
        losses: Losses,
    ) -> None:
        self._bench, self._view = bench, view
        self._runs, self._trials, self._picture = runs, trials, picture
        self._counting = JobDesk(bench.start)
        self._losses = losses
        self.replaced: Section | None = None
        self._facts: WeakKeyDictionary[Section, SectionFacts] = bench.new_notes()

    def open(self, path: str | Path, *, allow_normalised: bool = False) -> None:
        """Read a section in the background and show it."""
        if self._bench.session.status.is_busy:
            return
        path = Path(path)
        steps = partial(section_tasks.reading, path, allow_normalised=allow_normalised)
        self._bench.background.run(
            JobStatus.OPENING, steps, self.opened, self.not_opened
        )
        self._bench.background.say(f"Opening {path.name} …")

    def choose(self, section: Section | None) -> None:
        """Work on this section."""
        session = self._bench.session
        if section is session.section or session.status.is_enhancing:
            return
        if session.section in session.sections:
            self._bench.turns.finish()  # what is half made of the section that is left
        else:
            self._bench.turns.drop()
        if not session.status.is_busy:  # what was said is of the section that is left
            self._bench.background.say("")
        self._view.leave()
        session.enhanced = None  # first: it is no result of the section to come
        session.section = section
        session.enhanced = self._runs.result_of(section)
        self._view.come_back()
        if section is not None:
            self._bench.stage.focus(section)
        self._runs.tidy_up()
        self._view.arrange()

    def shut(self) -> None:
        """Close the current section; where results would be lost, only the second time.

        Its files stay, and so does what was painted, for the next time it is opened.
        """
        session, stage = self._bench.session, self._bench.stage
        section = session.section
        if section is None or session.status.is_busy:
            return
        if self._losses.are_known("press Close again"):
            name = session.name_of(section)
            remove(stage.viewer.layers, self.layers(section))
            self._bench.background.say(f"Closed {name}.")

    def open_part(self) -> None:
        """Open what is in view of the current section, as a section of its own.

        The whole one stays open, with all that belongs to it.
        """
        session, background = self._bench.session, self._bench.background
        section = session.section
        if section is None or session.status.is_busy:
            return
        spots_xy = section.to_pixel(section.array_rc)
        try:
            seen = are_in_view(self._bench.stage.viewer, spots_xy)
        except InvalidRequestError as error:
            background.complain(error)
            return
        if seen.all() or not seen.any():
            background.say(_ALL_IN_VIEW if seen.all() else _NONE_IN_VIEW)
            return
        steps = partial(section_tasks.parting, self._picture.placed(section), seen)
        background.run(JobStatus.OPENING, steps, self.opened, self.not_opened)
        background.say(f"Taking a part of {session.name_of(section)} …")

    def describe(self) -> None:
        """Count what the current section holds, in the background."""
        session, background = self._bench.session, self._bench.background
        section, about = session.section, session.about
        about.facts = None if section is None else self._facts.get(section)
        if section is None or about.facts is not None:
            return

        def counted(facts: SectionFacts) -> None:
            self._facts[section] = facts
            if session.section is section:
                about.facts = facts

        steps = partial(section_tasks.counting, section)
        listener = JobListener(returned=counted, failed=background.failed)
        self._counting.run(steps, listener)

    def follow(self) -> None:
        """Bring the session into the state of the layer list."""
        session, known = self._bench.session, self._bench.session.sections
        there = self._bench.stage.sections()
        told = self._lost_with_results(there)
        session.sections = tuple(
            dict.fromkeys([s for s in known if s in there] + [*there])
        )
        self._bench.stage.tell_apart(session.sections)
        self._runs.forget_others(session.sections)
        new = [section for section in session.sections if section not in known]
        is_pointless = self._is_pointless()
        if is_pointless:
            self._runs.cancel()
        self._trials.forget_others(session.sections)
        if new and not session.status.is_enhancing:
            self.choose(new[-1])
            told.append(self._words_on_opening(new[-1]))
        elif session.section is not None and session.section not in session.sections:
            self.choose(session.sections[-1] if session.sections else None)
        elif new:
            # Its other layers are still to come.
            self._bench.turns.take(self._setting_aside(new[-1]), at_once=False)
        if is_pointless:
            told.append("Cancelled: the layers of its section are gone.")
        if told:
            self._bench.background.say(" ".join(told))

    def follow_section(self) -> None:
        """Tell what is known of the current section."""
        section, about = self._bench.session.section, self._bench.session.about
        about.facts = None if section is None else self._facts.get(section)

    def opened(self, section: Section) -> None:
        """Show a section that was read."""
        self._bench.stage.open(section)
        self.choose(section)
        self._bench.background.say(self._words_on_opening(section))

    def not_opened(self, error: Exception) -> None:
        """Tell why a section cannot be opened, and how it could be here."""
        if isinstance(error, StEnTransError) and "allow_normalised" in str(error):
            error = ReadError(f"{error}\nHere: tick 'Take normalised values'.")
        self._bench.background.failed(error)

    def close(self) -> None:
        """Discard what runs."""
        self._counting.discard()

    def _setting_aside(self, new: Section) -> Pieces:
        """Hide a section that was opened while another one is being enhanced."""
        yield from ()
        session = self._bench.session
        if session.section is not None and session.section is not new:
            self._bench.stage.focus(session.section)
            self._bench.background.say(
                f"{session.name_of(new)} is open, too: choose it on the tab Section "
                "after this run."
            )

    def _words_on_opening(self, section: Section) -> str:
        more = " The tab Section says what to know of it." if section.notes else ""
        return f"Opened {self._bench.session.name_of(section)}.{more}"

    def _lost_with_results(self, there: Collection[Section]) -> list[str]:
        """Say which of the open sections are gone, of those that had results."""
        session, told = self._bench.session, []
        for section in session.sections:
            records = [r for r in session.run.log if r.result.section is section]
            if records and section not in there:
                told.append(
                    f"{session.name_of(section)} was closed with its "
                    f"{how_many(len(records), 'result', 'results')}: its last layer is "
                    "gone."
                )
        return told

    def _is_pointless(self) -> bool:
        """Whether what runs is of a section that has no layer any more.

        Reading another one is not, nor is saving.
        """
        session = self._bench.session
        status, of = session.status, session.section
        if status is JobStatus.OPENING:
            of = self.replaced
        elif status is JobStatus.TESTING:
            of = self._trials.of
        elif not status.is_enhancing:
            return False
        return of is not None and of not in session.sections

    def layers(self, section: Section) -> list[Layer]:
        """Return all layers of a section."""
        tagged = self._bench.stage.tagged()
        return [layer for layer, tag in tagged if tag.section is section]
