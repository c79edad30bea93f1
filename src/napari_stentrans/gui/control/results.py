"""Finished results, kept a section, and the one of them that is shown."""

from __future__ import annotations

from collections.abc import Iterable

from napari_stentrans.enhanced import EnhancedSection
from napari_stentrans.gui.control.bench import Bench
from napari_stentrans.gui.control.view import ViewControl
from napari_stentrans.section.section import Section


class Results:
    """Keeps results and shows them.

    A section remembers which of its results was shown when another was looked at.
    """

    def __init__(self, bench: Bench, view: ViewControl) -> None:
        self._bench, self._view = bench, view
        self._kept: dict[Section, tuple[EnhancedSection, ...]] = {}
        self._shown: dict[Section, EnhancedSection] = {}

    def keep(self, result: EnhancedSection) -> None:
        """Add a finished result; it is the one to show."""
        section = result.section
        self._kept[section] = (*self.of(section), result)
        self._shown[section] = result
        self.follow()

    def of(self, section: Section | None) -> tuple[EnhancedSection, ...]:
        """Return the results of a section, the oldest first."""
        return () if section is None else self._kept.get(section, ())

    def chosen(self, section: Section | None) -> EnhancedSection | None:
        """Return the result of a section that is to be shown, not a preview."""
        return None if section is None else self._shown.get(section)

    def choose(self, result: EnhancedSection) -> None:
        """Show this result of the current section instead of another."""
        self._shown[result.section] = result
        self.show(result)

    def show(self, result: EnhancedSection) -> None:
        """Put a result, or a preview of one, into the layers of the shown genes."""
        session, stage = self._bench.session, self._bench.stage
        session.enhanced = result
        for gene in stage.genes(result.section):
            stage.show_enhanced(result, gene)
        self._view.arrange()

    def forget(self, result: EnhancedSection) -> None:
        """Keep a result no longer; if it is shown, the latest other one is."""
        section = result.section
        left = tuple(each for each in self.of(section) if each is not result)
        self._kept[section] = left
        if self._shown.get(section) is result:
            self._shown.pop(section)
            if left:
                self._shown[section] = left[-1]
            self.put_back(section, self.chosen(section))
        self.follow()

    def put_back(self, section: Section | None, result: EnhancedSection | None) -> None:
        """Show what was shown before a run: a result, or none."""
        self._bench.session.enhanced = result
        if result is not None:
            self.show(result)
        elif section is not None:
            self._bench.stage.remove_enhanced(section)
            self._view.arrange()

    def forget_others(self, sections: Iterable[Section]) -> None:
        """Keep the results of these sections alone."""
        open_ones = set(sections)
        for kept in (self._kept, self._shown):
            for section in set(kept) - open_ones:
                del kept[section]

    def follow(self) -> None:
        """Tell the session which results its current section has."""
        session = self._bench.session
        session.run.results = self.of(session.section)
