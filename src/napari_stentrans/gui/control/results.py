"""Finished results, kept a section, and the one of them that is shown."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from psygnal import Signal

from napari_stentrans import keys
from napari_stentrans.enhanced import EnhancedSection
from napari_stentrans.gui.canvas.layers import RESULT_ROLES
from napari_stentrans.gui.control.bench import Bench
from napari_stentrans.gui.control.view import ViewControl
from napari_stentrans.gui.jobs.turns import Pieces
from napari_stentrans.gui.state.runs import RunRecord, next_number
from napari_stentrans.section.missing import MissingRegions
from napari_stentrans.section.section import Section


@dataclass(frozen=True, eq=False)
class RunsLeft:
    """What a panel leaves with the layers of a section, for others to find.

    Attributes
    ----------
    records
        Runs of the section.
    shown
        The one of their results that was shown.
    is_late
        Whether that came when the panel was closed, and was never seen.
    """

    records: tuple[RunRecord, ...]
    shown: EnhancedSection | None
    is_late: bool = False


class _LateRuns:
    """Tells panels that are open of runs whose own panel was closed."""

    came = Signal(RunRecord)


_late_runs = _LateRuns()
_KEPT = "The run that was stopped when its panel was closed has kept its result."


class Results:
    """Keeps results and shows them.

    A section remembers which of its results was shown when another was looked at.
    """

    def __init__(self, bench: Bench, view: ViewControl) -> None:
        self._bench, self._view = bench, view
        self._shown: dict[Section, EnhancedSection | None] = {}
        self._taken_up: WeakKeyDictionary[Section, bool] = WeakKeyDictionary()
        """Sections that runs were left for, and whether the last came late."""
        _late_runs.came.connect(self._take_late)

    def keep(self, record: RunRecord) -> None:
        """Add a finished run; its result is the one to show."""
        self._shown[record.result.section] = record.result
        self._keep((*self._bench.session.run.log, record))

    def keep_late(self, missing: MissingRegions, result: EnhancedSection) -> None:
        """Keep what a run has come to whose panel is closed: with the layers.

        A panel that is open by then lists it.
        """
        section, stage = result.section, self._bench.stage
        layers = [layer for layer, tag in stage.tagged() if tag.section is section]
        if not layers:
            return
        before = layers[0].metadata.get(keys.RUNS, RunsLeft((), None)).records
        record = RunRecord(result, missing, number=next_number(before))
        for layer in layers:
            left = RunsLeft((*before, record), result, is_late=True)
            layer.metadata = layer.metadata | {keys.RUNS: left}
        _late_runs.came.emit(record)

    def close(self) -> None:
        """Leave everything with the layers, and hear of no more."""
        self.leave()
        _late_runs.came.disconnect(self._take_late)

    def leave(self) -> None:
        """Leave the runs of each section with its layers.

        A panel that is opened later finds them there; of several panels beside one
        another, those of the one that left them last.
        """
        log = self._bench.session.run.log
        for layer, tag in self._bench.stage.tagged():
            mine = tuple(r for r in log if r.result.section is tag.section)
            left = RunsLeft(mine, self.chosen(tag.section))
            layer.metadata = layer.metadata | {keys.RUNS: left}

    def take_up(self) -> None:
        """Take up the runs that another panel has left."""
        session, stage = self._bench.session, self._bench.stage
        found = {
            tag.section: left
            for layer, tag in stage.tagged()
            if isinstance(left := layer.metadata.get(keys.RUNS), RunsLeft)
        }
        self._shown = {section: left.shown for section, left in found.items()}
        records = [record for left in found.values() for record in left.records]
        self._keep(tuple(sorted(records, key=lambda each: each.finished)))
        session.enhanced = self.chosen(session.section)
        self._taken_up.update({at: left.is_late for at, left in found.items()})
        self.tidy_up()

    def tidy_up(self) -> None:
        """Put what is kept in place of a preview, whose run ended with its panel.

        Done when a section is looked at first: until then its layers are out of sight.
        """
        section = self._bench.session.section
        if section is None or section not in self._taken_up:
            return
        is_late, chosen = self._taken_up.pop(section), self.chosen(section)
        pictures = (
            layer.metadata.get(keys.RESULT, chosen)
            for layer, tag in self._bench.stage.tagged()
            if tag.section is section and tag.role in RESULT_ROLES
        )
        if is_late:
            self._bench.background.say(_KEPT)
        elif all(shown is chosen and shown is not None for shown in pictures):
            return
        self._bench.stage.expression.remove_enhanced(section)
        if chosen is not None:
            self.show(chosen)

    def of(self, section: Section | None) -> tuple[EnhancedSection, ...]:
        """Return the results of a section, the oldest first."""
        log = self._bench.session.run.log
        return tuple(r.result for r in log if r.result.section is section)

    def chosen(self, section: Section | None) -> EnhancedSection | None:
        """Return the result of a section that is to be shown, not a preview."""
        return None if section is None else self._shown.get(section)

    def choose(self, result: EnhancedSection) -> None:
        """Show this result of the current section instead of another."""
        self._shown[result.section] = result
        self.leave()
        self.show(result)

    def show(self, result: EnhancedSection) -> None:
        """Put a result, or a preview of one, into the layers of the shown genes."""
        self._bench.session.enhanced = result
        self._bench.turns.take(self._showing(result), key="showing a result")

    def _showing(self, result: EnhancedSection) -> Pieces:
        session, stage = self._bench.session, self._bench.stage
        for gene in stage.genes(result.section):
            if session.enhanced is not result:  # another one, or a run was cancelled
                return
            if gene in stage.genes(result.section):  # not deleted by hand meanwhile
                yield from stage.expression.showing_enhanced(result, gene)
                yield
        if session.enhanced is result:
            self._view.arrange()

    def forget(self, result: EnhancedSection) -> None:
        """Keep a result no longer; if it is shown, the latest other one is."""
        log, section = self._bench.session.run.log, result.section
        kept = tuple(r for r in log if r.result is not result)
        was_shown = self._shown.get(section) is result
        if was_shown:  # first: what is kept is left with the layers
            left = [r.result for r in kept if r.result.section is section]
            self._shown[section] = left[-1] if left else None
        self._keep(kept)
        if was_shown and section is self._bench.session.section:
            self.put_back(section, self.chosen(section))
        self._view.arrange()  # it may be what another one is compared with

    def put_back(self, section: Section | None, result: EnhancedSection | None) -> None:
        """Show what was shown before a run: a result, or none."""
        self._bench.session.enhanced = result
        if result is not None:
            self.show(result)
        elif section is not None:
            self._view.clear()  # measured layers that a comparison hid are seen again
            self._bench.stage.expression.remove_enhanced(section)
            self._view.arrange()

    def forget_others(self, sections: Iterable[Section]) -> None:
        """Keep the results of these sections alone."""
        kept = set(sections)
        self._shown = {s: result for s, result in self._shown.items() if s in kept}
        log = self._bench.session.run.log
        if any(record.result.section not in kept for record in log):
            self._keep(tuple(r for r in log if r.result.section in kept))

    def _take_late(self, record: RunRecord) -> None:
        """List a run of a panel that was closed; show it, unless another one runs."""
        session, result = self._bench.session, record.result
        if result.section not in session.sections:
            return
        if session.status.is_enhancing:
            self._keep((*session.run.log, record))
            return
        self.keep(record)
        if result.section is session.section:
            self.show(result)
        self._bench.background.say(_KEPT)

    def follow(self) -> None:
        """Tell the session which results its current section has."""
        session = self._bench.session
        session.run.results = self.of(session.section)

    def _keep(self, log: tuple[RunRecord, ...]) -> None:
        self._bench.session.run.log = log
        self.leave()
        self.follow()
