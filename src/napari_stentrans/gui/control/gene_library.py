"""Finds out about the genes of the current section, in the background, once.

Nothing is begun before somebody looks at the gene browser. Scores come with a finished
result, which knows them.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from weakref import ReferenceType, WeakKeyDictionary, WeakSet, ref

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
        self._of_sections = JobDesk(bench.start)
        self._facts: WeakKeyDictionary[Section, GeneFacts] = WeakKeyDictionary()
        self._complete: WeakSet[Section] = WeakSet()
        self._learnt: Section | None = None
        self._told: tuple[GeneFacts, ReferenceType[EnhancedSection] | None] | None
        self._told = None
        self._is_wanted = False
        bench.session.run.events.results.connect(self._tell)

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
        if session.section is not self._learnt:
            self._learn_section(session.section)

    def close(self) -> None:
        """Find out nothing more."""
        self._of_sections.discard()
        self._bench.session.run.events.results.disconnect(self._tell, missing_ok=True)

    def _tell(self) -> None:
        session = self._bench.session
        if session.section is None:
            session.genes.facts = None
            return
        facts = self._facts.get(session.section)
        if facts is None:
            facts = self._facts[session.section] = GeneFacts.named(session.section)
        result = session.enhanced
        if result not in session.run.results:  # a preview does not know its scores yet
            result = None
        if not self._is_told(facts, result) or session.genes.facts is None:
            self._told = (facts, None if result is None else ref(result))
            scores = None if result is None else result.gene_scores
            session.genes.facts = facts.with_scores(scores)

    def _is_told(self, facts: GeneFacts, result: EnhancedSection | None) -> bool:
        if self._told is None or self._told[0] is not facts:
            return False
        told = self._told[1]  # weak: a result that is forgotten is not held here
        return result is None if told is None else told() is result is not None

    def _learn_section(self, section: Section | None) -> None:
        self._of_sections.discard()
        self._learnt = section
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

        def failed(error: Exception) -> None:
            self._bench.session.genes.learning = ""
            self._bench.background.failed(error)

        learning = partial(_learning, section)
        listener = JobListener(progressed=told, returned=known, failed=failed)
        self._of_sections.run(learning, listener)


def _learning(section: Section) -> Steps[GeneFacts]:
    yield Progress("Looking at the genes", 0, 1)
    section.gene_counts(str(section.genes[0]))  # sorts by gene: later looks are quick
    facts = GeneFacts.named(section)
    facts = replace(facts, mean=mean_counts(section), spots=share_of_spots(section))
    yield Progress("Moran's I", 0, section.n_genes, partial=facts)
    moran = yield from moran_steps(section)
    return replace(facts, moran=moran)
