"""Finds out about the genes of the current section, in the background, once.

Nothing is begun before somebody looks at the gene browser.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary, WeakSet

import pandas as pd

from napari_stentrans.enhanced import EnhancedSection
from napari_stentrans.gui.control.bench import Bench
from napari_stentrans.gui.jobs.desk import JobDesk, JobListener
from napari_stentrans.gui.state.gene_facts import GeneFacts
from napari_stentrans.progress import Progress, Steps
from napari_stentrans.section.gene_statistics import (
    mean_counts,
    moran_steps,
    share_of_spots,
)
from napari_stentrans.section.section import Section


class GeneLibrary:
    """Keeps ``facts`` and ``learning`` of the gene browser true."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._of_sections, self._of_results = JobDesk(bench.start), JobDesk(bench.start)
        self._facts: WeakKeyDictionary[Section, GeneFacts] = WeakKeyDictionary()
        self._complete: WeakSet[Section] = WeakSet()
        self._scores: WeakKeyDictionary[EnhancedSection, pd.DataFrame]
        self._scores = WeakKeyDictionary()
        self._learnt: tuple[Section | None, EnhancedSection | None] = (None, None)
        self._told: tuple[int, int] | None = None
        self._is_wanted = False

    def learn(self) -> None:
        """Begin to find out what is not known, now and for sections to come."""
        self._is_wanted = True
        self.follow()

    def follow(self) -> None:
        """Tell what is known of the current section and result, and learn the rest."""
        session = self._bench.session
        self._tell()
        if not self._is_wanted:
            return
        section, result = self._learnt
        if session.section is not section:
            self._learn_section(session.section)
        # A preview has no scores worth waiting for: the result follows it.
        if session.enhanced is not result and not session.status.is_enhancing:
            self._learn_result(session.enhanced)

    def close(self) -> None:
        """Find out nothing more."""
        self._of_sections.discard()
        self._of_results.discard()

    def _tell(self) -> None:
        session = self._bench.session
        if session.section is None:
            session.genes.facts = None
            return
        facts = self._facts.get(session.section)
        if facts is None:
            facts = self._facts[session.section] = GeneFacts.named(session.section)
        result = session.enhanced
        scores = None if result is None else self._scores.get(result)
        if self._told != (id(facts), id(scores)) or session.genes.facts is None:
            self._told = (id(facts), id(scores))
            session.genes.facts = facts.with_scores(scores)

    def _learn_section(self, section: Section | None) -> None:
        self._of_sections.discard()
        self._learnt = (section, self._learnt[1])
        self._bench.session.genes.learning = ""
        if section is None or section in self._complete:
            return

        def told(progress: Progress) -> None:
            if isinstance(progress.partial, GeneFacts):
                self._facts[section] = progress.partial
                self._tell()
            share = f" {progress.fraction:.0%}" if progress.step else ""
            self._bench.session.genes.learning = f"{progress.phase}{share} …"

        def known(facts: GeneFacts) -> None:
            self._facts[section] = facts
            self._complete.add(section)
            self._bench.session.genes.learning = ""
            self._tell()

        self._run(self._of_sections, partial(_learning, section), told, known)

    def _learn_result(self, result: EnhancedSection | None) -> None:
        self._of_results.discard()
        self._learnt = (self._learnt[0], result)
        if result is None or result in self._scores:
            return

        def known(scores: pd.DataFrame) -> None:
            self._scores[result] = scores
            self._tell()

        self._run(self._of_results, partial(_scoring, result), lambda _: None, known)

    def _run(
        self,
        desk: JobDesk,
        steps: Callable[[], Steps[Any]],
        told: Callable[[Progress], None],
        known: Callable[[Any], None],
    ) -> None:
        def failed(error: Exception) -> None:
            self._bench.session.genes.learning = ""
            self._bench.background.failed(error)

        desk.run(steps, JobListener(told, known, failed))


def _learning(section: Section) -> Steps[GeneFacts]:
    yield Progress("Looking at the genes", 0, 1)
    section.gene_counts(str(section.genes[0]))  # sorts by gene: later looks are quick
    facts = GeneFacts.named(section)
    facts = replace(facts, mean=mean_counts(section), spots=share_of_spots(section))
    yield Progress("Moran's I", 0, section.n_genes, partial=facts)
    moran = yield from moran_steps(section)
    return replace(facts, moran=moran)


def _scoring(result: EnhancedSection) -> Steps[pd.DataFrame]:
    yield Progress("Looking up scores", 0, 1)
    return result.gene_scores
