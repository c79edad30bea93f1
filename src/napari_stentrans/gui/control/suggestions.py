"""What may be missing: searched for in the background, shown, accepted or rejected."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial

import numpy as np

from napari_stentrans.errors import InvalidRequestError
from napari_stentrans.gui.canvas.layers import Role
from napari_stentrans.gui.canvas.region_looks import suggestion_layer
from napari_stentrans.gui.control.bench import Bench
from napari_stentrans.gui.control.regions import RegionControl
from napari_stentrans.gui.jobs.desk import JobDesk, JobListener
from napari_stentrans.gui.jobs.turns import Pieces
from napari_stentrans.progress import Progress, Steps
from napari_stentrans.section.regions import RegionKind, Regions
from napari_stentrans.section.section import Section
from napari_stentrans.section.sites import PaintSites
from napari_stentrans.section.suggestions import Suggestion, suggest

_SUGGESTED = "what is suggested"
_SWEEPING = "removing suggestions"


class SuggestionControl:
    """Suggests regions; nothing is painted before it is accepted."""

    def __init__(self, bench: Bench, regions: RegionControl) -> None:
        self._bench, self._regions = bench, regions
        self._desk = JobDesk(bench.start)
        self._sites: PaintSites | None = None
        self._asked: Section | None = None

    def search(self) -> None:
        """Look for holes and for spots with too few counts, in the background."""
        section, state = self._bench.session.section, self._bench.session.regions
        if section is None or state.is_searching:
            return
        state.is_searching = True
        known = self._regions.regions
        self._desk.run(
            partial(_searching, section, known),
            JobListener(
                returned=partial(self._show_found, section), failed=self._failed
            ),
        )

    def accept(self, numbers: Iterable[int] | None = None) -> None:
        """Make regions to predict of some suggestions, or of all: one of each sort.

        What is painted there by now stays as it is, and that is said.
        """
        chosen = self._chosen(numbers)
        if not chosen or self._sites is None:
            return
        before = self._regions.regions or Regions.none(self._sites)
        try:
            regions = _with_accepted(before, chosen)
        except InvalidRequestError as error:
            self._bench.background.complain(error)
            return
        self.reject(numbers)
        if regions is not before:
            self._regions.put(regions)
        at = np.concatenate([each.at for each in chosen])
        n_painted = np.count_nonzero(before.over[at])
        if n_painted:
            told = f"{n_painted} of {len(at)} suggested positions are painted already"
            self._bench.background.say(f"{told}: they stay as they are.")

    def reject(self, numbers: Iterable[int] | None = None) -> None:
        """Forget some suggestions, or all."""
        gone = {id(suggestion) for suggestion in self._chosen(numbers)}
        left = self._bench.session.regions.suggestions
        self._set(tuple(each for each in left if id(each) not in gone))

    def point_at(self, number: int | None) -> None:
        """Make one suggestion stand out."""
        self._draw(number)

    def follow(self) -> None:
        """Show the suggestions of the section that is current now."""
        section, state = self._bench.session.section, self._bench.session.regions
        if self._asked is section:
            return
        before, self._asked, self._sites = self._asked, section, None
        self._desk.discard()
        state.is_searching, state.suggestions = False, ()
        if before is not None:
            # Not now: if its layers are removed, napari may be about to remove these.
            sweeping = self._sweeping()
            self._bench.turns.take(sweeping, key=_SWEEPING, at_once=False)

    def close(self) -> None:
        """End what runs, and take away what nobody could accept any more."""
        self._desk.discard()
        if self._asked is not None and self._bench.session.regions.suggestions:
            self._bench.stage.painting.show_suggestions(self._asked, None)

    def _sweeping(self) -> Pieces:
        """Remove what was suggested for other sections."""
        yield from ()
        stage = self._bench.stage
        for _, tag in list(stage.tagged()):
            if tag.role is Role.SUGGESTED and tag.section is not self._asked:
                stage.painting.show_suggestions(tag.section, None)

    def _chosen(self, numbers: Iterable[int] | None) -> Sequence[Suggestion]:
        found = self._bench.session.regions.suggestions
        if numbers is None:
            return found
        return [found[number] for number in numbers if 0 <= number < len(found)]

    def _show_found(
        self, section: Section, found: tuple[PaintSites, tuple[Suggestion, ...]]
    ) -> None:
        self._bench.session.regions.is_searching = False
        if section is not self._bench.session.section:
            return
        self._sites, suggestions = found
        self._set(suggestions)
        told = (
            f"Accept or reject what is suggested: {len(suggestions)} in yellow."
            if suggestions
            else "No hole in the tissue, and no spot with far too few counts."
        )
        self._bench.background.say(told, about=_SUGGESTED)

    def _failed(self, error: Exception) -> None:
        self._bench.session.regions.is_searching = False
        self._bench.background.failed(error)

    def _set(self, suggestions: tuple[Suggestion, ...]) -> None:
        self._bench.session.regions.suggestions = suggestions
        self._draw(None)
        if not suggestions:
            self._bench.background.take_back(_SUGGESTED)

    def _draw(self, pointed_at: int | None) -> None:
        section, stage = self._bench.session.section, self._bench.stage
        found = self._bench.session.regions.suggestions
        if section is None:
            return
        data = None
        if found and self._sites is not None:
            data = suggestion_layer(self._sites, found, pointed_at)
        stage.painting.show_suggestions(section, data)


def _searching(
    section: Section, known: Regions | None
) -> Steps[tuple[PaintSites, tuple[Suggestion, ...]]]:
    """Suggest what no region covers yet."""
    yield Progress("Looking for holes", 0, 1)
    sites = PaintSites.of(section) if known is None else known.sites
    found = suggest(sites)
    if known is not None:
        free = known.over == 0
        found = tuple(each for each in found if np.any(free[each.at]))
    return sites, found


def _with_accepted(regions: Regions, chosen: Sequence[Suggestion]) -> Regions:
    """Add a region of each sort of suggestions where no other region is seen."""
    is_free = regions.over == 0
    for name in dict.fromkeys(each.name for each in chosen):
        at = np.concatenate([each.at for each in chosen if each.name == name])
        at = at[is_free[at]]
        if len(at):
            called = _fresh(regions, name)
            regions = regions.with_area(called, RegionKind.PREDICT, at)
    return regions


def _fresh(regions: Regions, name: str) -> str:
    taken = {region.name for region in regions.listed}
    return next(told for n in range(1, 1000) if (told := f"{name} {n}") not in taken)
