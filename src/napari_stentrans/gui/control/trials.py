"""Trials: methods compared on spots of the section that are hidden from them."""

from __future__ import annotations

from functools import partial
from weakref import WeakKeyDictionary

from napari_stentrans.gui.control.bench import Bench
from napari_stentrans.gui.jobs.trial_tasks import comparing
from napari_stentrans.gui.state.runs import MethodTest
from napari_stentrans.gui.state.session import JobStatus
from napari_stentrans.section.section import Section


class TrialControl:
    """Tests methods in the background; results and layers stay as they are."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._of: Section | None = None
        self._done: WeakKeyDictionary[Section, MethodTest] = WeakKeyDictionary()

    def test(self, task: str) -> None:
        """Hide spots of the current section as a task does, and predict them."""
        session, background = self._bench.session, self._bench.background
        section = session.section
        if section is None or session.status.is_busy:
            return
        self._of = section
        background.run(
            JobStatus.TESTING,
            partial(
                comparing,
                self._bench.stage.placing.placed(section),
                session.run.config,
                task,
            ),
            partial(self._tested, section),
        )
        background.say("Testing methods …")

    @property
    def of(self) -> Section | None:
        """Section that is tested, or was last: another one may be looked at by now."""
        return self._of

    def follow(self) -> None:
        """Show the test of the section that is current now."""
        session = self._bench.session
        section = session.section
        session.run.test = None if section is None else self._done.get(section)

    def _tested(self, section: Section, found: MethodTest) -> None:
        self._done[section] = found
        self.follow()
        self._bench.background.say(
            f"Of {found.n_hidden:,} hidden spots of {section.name} "
            f"{found.best.method} predicts counts best; see the tab Run."
        )
