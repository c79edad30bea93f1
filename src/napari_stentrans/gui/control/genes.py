"""Which genes are shown: looked at one by one, or pinned to stay."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from napari_stentrans.gui.canvas.browsing import Browsing
from napari_stentrans.gui.canvas.layers import Role
from napari_stentrans.gui.control.bench import Bench
from napari_stentrans.gui.control.gene_library import GeneLibrary
from napari_stentrans.gui.control.gene_names import known_genes
from napari_stentrans.gui.control.gene_sets import GeneSetControl
from napari_stentrans.gui.control.memory import Memory
from napari_stentrans.gui.control.reading_ahead import ReadingAhead
from napari_stentrans.gui.control.view import ViewControl
from napari_stentrans.gui.jobs.turns import Pieces
from napari_stentrans.section.section import Section

MOST_AT_ONCE = 8
"""Genes that get layers of their own at once: more would make a long layer list."""
_SHOWING, _ADDING_SD = "showing a gene", "adding sd"


class GeneControl:
    """Adds, re-uses and removes the layers of genes."""

    def __init__(
        self, bench: Bench, view: ViewControl, memory: Memory, sets: GeneSetControl
    ) -> None:
        self._bench, self._view, self._memory = bench, view, memory
        self._sets = sets
        self._library = GeneLibrary(bench)
        self._browsing = Browsing(bench.stage)
        self._ahead = ReadingAhead(bench)
        bench.session.genes.mine = memory.genes
        bench.session.events.enhanced.connect(self._follow_result)
        bench.session.events.status.connect(self._library.follow)
        bench.session.view.events.show_sd.connect(self._add_sd)

    # -- what the user asks for --------------------------------------------------------

    def show(self, gene: str) -> None:
        """Look at a gene, in the layers of the gene that was looked at before."""
        section = self._bench.session.section
        if section is not None and known_genes(self._bench, [gene]):
            self._bench.turns.take(self._showing(section, gene), key=_SHOWING)

    def pin(self, gene: str) -> None:
        """Keep the layers of a gene when another one is looked at."""
        section = self._bench.session.section
        if section is not None:
            self._browsing.pin(section, gene)
            self.follow()

    def add(self, genes: Iterable[str]) -> None:
        """Show genes to stay; every name that the section does not have is told."""
        section, names = self._bench.session.section, known_genes(self._bench, genes)
        if section is None or not names:
            return
        if len(names) > MOST_AT_ONCE:
            self._bench.background.say(
                f"{len(names)} genes would make too many layers. Selected in the "
                "table, 'As slider' flips through all of them."
            )
            return
        self._bench.turns.take(self._adding(section, names))

    def remove(self, name: str) -> None:
        """Remove the layers of a gene, or of several that have this name together."""
        section = self._bench.session.section
        if section is not None:
            self._bench.turns.take(self._removing(section, name))

    def remember(self, genes: Iterable[str], *, mine: bool = True) -> None:
        """Put genes on the user's own list, or take them off."""
        state, genes = self._bench.session.genes, list(genes)
        kept = [gene for gene in state.mine if mine or gene not in genes]
        state.mine = tuple(dict.fromkeys([*kept, *(genes if mine else [])]))
        self._memory.keep_genes(state.mine)

    def learn(self) -> None:
        """Find out how spatial and how well predicted genes are, in the background."""
        self._library.learn()

    # -- keeping up --------------------------------------------------------------------

    def follow(self) -> None:
        """Bring the session into the state of the layer list."""
        section, state = self._bench.session.section, self._bench.session.genes
        self._library.follow()
        shown = () if section is None else self._bench.stage.genes(section)
        state.shown = shown
        state.unpinned = None if section is None else self._browsing.unpinned(section)
        if state.current not in shown:
            state.current = shown[-1] if shown else None

    def close(self) -> None:
        """Find out nothing more."""
        self._library.close()
        self._ahead.close()

    # -- layers, a few at a time -------------------------------------------------------

    def _showing(self, section: Section, gene: str) -> Pieces:
        session = self._bench.session
        for _ in self._browsing.showing(
            section,
            gene,
            lambda: session.enhanced,
            with_sd=session.view.show_sd,
        ):
            self._now_at(gene)
            yield
            if session.section is not section:
                return
        self._now_at(gene)
        self._ahead.read()

    def _adding(self, section: Section, names: Sequence[str]) -> Pieces:
        session, stage = self._bench.session, self._bench.stage
        for name in names:
            self._browsing.pin(section, name)
            if stage.find(section, Role.GENE, name) is None:
                stage.expression.add_measured(section, name)
                yield
            if session.section is not section:
                return
            result, is_there = session.enhanced, name in stage.genes(section)
            if result is not None and is_there:
                yield from stage.expression.showing_enhanced(
                    result, name, with_sd=session.view.show_sd
                )
                yield
        self._now_at(names[-1])

    def _removing(self, section: Section, name: str) -> Pieces:
        yield from ()
        expression = self._bench.stage.expression
        was_seen = expression.is_seen(section)
        expression.remove_gene(section, name)
        self._sets.remove(section, name)
        if was_seen and not expression.is_seen(section):
            expression.show_uppermost(section)
        self._sets.follow()
        self.follow()
        self._view.arrange()

    def _adding_sd(self, section: Section) -> Pieces:
        session, stage = self._bench.session, self._bench.stage
        for gene in stage.genes(section):
            result = session.enhanced
            if result is None or result.section is not section:
                return
            if session.view.show_sd and stage.find(section, Role.SD, gene) is None:
                yield from stage.expression.showing_enhanced(result, gene, with_sd=True)
                yield
        self._view.arrange()

    def _now_at(self, gene: str) -> None:
        self.follow()
        self._bench.session.genes.current = gene
        self._view.arrange_for_gene()

    def _follow_result(self) -> None:
        """Say how well genes are predicted; the run shows them."""
        self._library.follow()
        self._add_sd()

    def _add_sd(self) -> None:
        """Add the layers of the uncertainty, once somebody asks for it."""
        session, stage = self._bench.session, self._bench.stage
        result, section = session.enhanced, session.section
        if section is None or result is None or not session.view.show_sd:
            return
        genes = stage.genes(section)
        if any(stage.find(section, Role.SD, gene) is None for gene in genes):
            self._bench.turns.take(self._adding_sd(section), key=_ADDING_SD)
