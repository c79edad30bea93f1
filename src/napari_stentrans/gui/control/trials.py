"""Trials: methods compared on spots of the section that are hidden from them."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from pathlib import Path

from napari_stentrans.gui.control.bench import Bench
from napari_stentrans.gui.jobs.trial_tasks import comparing, saving_scores
from napari_stentrans.gui.state.runs import MethodTest
from napari_stentrans.gui.state.session import JobStatus
from napari_stentrans.section.section import Section

_PICTURED = 2
"""Genes in the figure of a test: of those that are shown."""


class TrialControl:
    """Tests methods in the background; results and layers stay as they are."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._of: Section | None = None
        self._done: dict[Section, MethodTest] = {}

    def test(self, task: str, n_repeats: int = 1) -> None:
        """Hide spots of the current section as a task does, and predict them.

        Parameters
        ----------
        task
            One of `evaluation.Task`.
        n_repeats
            How often spots are chosen; scores are averaged.
        """
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
                n_repeats,
                session.genes.shown[:_PICTURED],
            ),
            partial(self._tested, section),
        )
        background.say("Testing methods …")

    def save(self, path: Path) -> None:
        """Write the scores of the test that is shown, as the ending says."""
        session, background = self._bench.session, self._bench.background
        found = session.run.test
        if found is None or session.status.is_busy:
            return
        background.run(
            JobStatus.SAVING, partial(saving_scores, found.report, path), self._saved
        )
        background.say(f"Saving {path.name} …")

    @property
    def of(self) -> Section | None:
        """Section that is tested, or was last: another one may be looked at by now."""
        return self._of

    def forget_others(self, sections: Iterable[Section]) -> None:
        """Keep the tests of these sections alone: they hold them in memory."""
        kept = set(sections)
        self._done = {s: found for s, found in self._done.items() if s in kept}
        is_testing = self._bench.session.status is JobStatus.TESTING
        if self._of not in kept and not is_testing:
            self._of = None

    def follow(self) -> None:
        """Show the test of the section that is current now."""
        session = self._bench.session
        section = session.section
        session.run.test = None if section is None else self._done.get(section)

    def _saved(self, path: Path) -> None:
        self._bench.session.saves.last = path
        self._bench.background.say(f"Saved {path}")

    def _tested(self, section: Section, found: MethodTest) -> None:
        if section in self._bench.session.sections:
            self._done[section] = found
        self.follow()
        spots = f"{found.n_hidden:,} hidden spots"
        what = spots if found.hides_spots else "the hidden half of the counts"
        told = _winner(found).format(what)
        name = self._bench.session.name_of(section)
        notes = "".join(f" Note: {note}." for note in found.report.notes)
        self._bench.background.say(f"{name}: {told}; see the tab Run.{notes}")


def _winner(found: MethodTest) -> str:
    """Say which method is best; two, where the lead of one may be chance."""
    best, lead = found.best, found.leads.get("raw")
    if best is None:
        return "no method predicts {} better than the others"
    if lead is not None and lead.low <= 0 <= lead.high:
        pair = (found.method, lead.against)
        if best.method in pair:
            return f"{' and '.join(sorted(pair))} predict {{}} best, equally well"
    return f"{best.method} predicts {{}} best"
