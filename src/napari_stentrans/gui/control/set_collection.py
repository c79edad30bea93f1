"""Collections of gene sets: loaded from a file, and looked into for each section.

What is known of them is found out in the background: their genes in the section first,
then how well the result that is shown predicts them, and how patchy they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from napari_stentrans.enhanced import EnhancedSection
from napari_stentrans.gui.control.bench import Bench
from napari_stentrans.gui.control.memory import Memory
from napari_stentrans.gui.jobs.desk import JobDesk, JobListener
from napari_stentrans.gui.state.set_facts import SetFacts
from napari_stentrans.io.gene_sets import read_gene_sets
from napari_stentrans.progress import Progress, Steps
from napari_stentrans.section.gene_sets import GeneSets
from napari_stentrans.section.gene_statistics import moran_of_steps
from napari_stentrans.section.lattice import FloatArray
from napari_stentrans.section.section import Section
from napari_stentrans.signatures import scores_steps


@dataclass(frozen=True, eq=False)
class _Collection:
    """What a file has."""

    path: Path
    named: Mapping[str, list[str]]


class SetCollection:
    """Keeps ``collection`` of the gene browser true."""

    def __init__(self, bench: Bench, memory: Memory) -> None:
        self._bench, self._memory = bench, memory
        self._loading, self._looking = JobDesk(bench.start), JobDesk(bench.start)
        self._loaded: _Collection | None = None
        self._looked: tuple[object, ...] = ()
        bench.session.run.events.results.connect(self.follow)
        bench.session.events.enhanced.connect(self.follow)

    @property
    def last(self) -> str:
        """The file that was loaded last, here or in an earlier launch; "" for none."""
        return self._memory.gene_sets

    def load(self, path: str | Path) -> None:
        """Take the sets of a file in place of those before."""
        listener = JobListener(
            returned=self._take, failed=self._bench.background.failed
        )
        self._loading.run(partial(_reading, Path(path)), listener)

    def follow(self) -> None:
        """Find out about the sets in the current section and result."""
        session, loaded = self._bench.session, self._loaded
        section, result = session.section, session.enhanced
        if result not in session.run.results:  # a preview does not know its scores yet
            result = None
        looked = (loaded, section, result)
        if looked == self._looked:
            return
        self._looked = looked
        self._looking.discard()
        known = session.genes.collection
        if known is not None and known.sets.section is not section:
            known = session.genes.collection = None
        if loaded is None or section is None:
            return

        def told(progress: Progress) -> None:
            if isinstance(progress.partial, SetFacts):
                session.genes.collection = progress.partial

        steps = partial(_looking, loaded, section, result, known)
        listener = JobListener(progressed=told, failed=self._bench.background.failed)
        self._looking.run(steps, listener)

    def close(self) -> None:
        """Find out nothing more."""
        self._loading.discard()
        self._looking.discard()
        session = self._bench.session
        session.run.events.results.disconnect(self.follow, missing_ok=True)
        session.events.enhanced.disconnect(self.follow, missing_ok=True)

    def _take(self, loaded: _Collection) -> None:
        self._loaded = loaded
        self._memory.keep_gene_sets(str(loaded.path.absolute()))
        self._bench.session.genes.collection = None
        self.follow()


def _reading(path: Path) -> Steps[_Collection]:
    yield Progress("Loading gene sets", 0, 1)
    return _Collection(path, read_gene_sets(path))


def _looking(
    loaded: _Collection,
    section: Section,
    result: EnhancedSection | None,
    known: SetFacts | None,
) -> Steps[None]:
    if known is None:
        yield Progress("Looking for gene sets", 0, 1)
        sets = GeneSets.of(section, loaded.named)
        known = SetFacts.named(loaded.path.name, len(loaded.named), sets)
    facts = known.with_score(None)
    yield Progress("Gene sets", 0, 1, partial=facts)
    if result is not None:
        facts = facts.with_score((yield from scores_steps(result, facts.sets)))
        yield Progress("Gene sets", 0, 1, partial=facts)
    if np.isnan(facts.moran).all():
        facts = facts.with_moran((yield from _moran_steps(facts.sets)))
        yield Progress("Gene sets", 0, 1, partial=facts)


def _moran_steps(sets: GeneSets) -> Steps[FloatArray]:
    found = []
    for part in sets.parts():
        steps = moran_of_steps(part.section, part.measured_evenly)
        found.append((yield from steps))
    return np.concatenate(found)
