"""Which sections are open, and which of them is worked on."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from napari_stentrans.gui.control.bench import Bench
from napari_stentrans.gui.control.runs import RunControl
from napari_stentrans.gui.control.view import ViewControl
from napari_stentrans.gui.jobs import tasks
from napari_stentrans.gui.state.session import JobStatus
from napari_stentrans.section.section import Section


class SectionControl:
    """Opens sections and chooses among them."""

    def __init__(self, bench: Bench, view: ViewControl, runs: RunControl) -> None:
        self._bench, self._view, self._runs = bench, view, runs

    def open(self, path: str | Path) -> None:
        """Read a section in the background and show it."""
        self._bench.background.run(
            JobStatus.OPENING, partial(tasks.reading, Path(path)), self._opened
        )
        self._bench.background.say(f"Opening {Path(path).name} …")

    def choose(self, section: Section | None) -> None:
        """Work on this section."""
        session = self._bench.session
        if section is session.section or session.status.is_enhancing:
            return
        self._view.leave()
        session.section = section
        session.enhanced = self._runs.result_of(section)
        if section is not None:
            self._bench.stage.focus(section)

    def follow(self) -> None:
        """Bring the session into the state of the layer list."""
        session, known = self._bench.session, self._bench.session.sections
        session.sections = self._bench.stage.sections()
        self._runs.forget_others(session.sections)
        new = [section for section in session.sections if section not in known]
        if not session.status.is_busy and new:
            self.choose(new[-1])
        elif session.section is not None and session.section not in session.sections:
            self._runs.cancel()
            self.choose(session.sections[-1] if session.sections else None)

    def _opened(self, section: Section) -> None:
        self._bench.stage.open(section)
        self.choose(section)
        told = " ".join(section.notes) or f"Opened {section.name}."
        self._bench.background.say(told)
