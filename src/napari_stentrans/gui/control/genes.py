"""Which genes are shown: looked at one by one, pinned, or several together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial

from napari_stentrans.enhanced import EnhancedSection
from napari_stentrans.errors import StEnTransError
from napari_stentrans.gui.canvas.browsing import Browsing
from napari_stentrans.gui.canvas.gene_sets import GeneSet, GeneSlider, Signature
from napari_stentrans.gui.canvas.layers import Role
from napari_stentrans.gui.canvas.set_layers import DrawnSet, SetLayers
from napari_stentrans.gui.control.bench import Bench
from napari_stentrans.gui.control.gene_library import GeneLibrary
from napari_stentrans.gui.control.memory import Memory
from napari_stentrans.gui.control.view import ViewControl
from napari_stentrans.gui.jobs.desk import JobDesk, JobListener
from napari_stentrans.gui.jobs.turns import Pieces
from napari_stentrans.gui.state.view import ViewMode
from napari_stentrans.progress import Progress, Steps
from napari_stentrans.section.section import Section

MOST_AT_ONCE = 8
"""Genes that get layers of their own at once: more would make a long layer list."""
_SHOWING, _ADDING_SD, _PUTTING = "showing a gene", "adding sd", "putting genes"


class GeneControl:
    """Adds, re-uses and removes the layers of genes."""

    def __init__(self, bench: Bench, view: ViewControl, memory: Memory) -> None:
        self._bench, self._view, self._memory = bench, view, memory
        self._library = GeneLibrary(bench)
        self._browsing = Browsing(bench.stage)
        self._sets = SetLayers(bench.stage)
        self._drawing = JobDesk(bench.start)
        self._asked: tuple[GeneSet, ...] = ()
        self._asked_of: Section | None = None
        bench.session.genes.mine = memory.genes
        bench.session.events.enhanced.connect(self._follow_result)
        bench.session.events.status.connect(self._library.follow)
        bench.session.view.events.show_sd.connect(self._add_sd)
        bench.session.view.events.is_even.connect(self._even_out)

    # -- what the user asks for --------------------------------------------------------

    def show(self, gene: str) -> None:
        """Look at a gene, in the layers of the gene that was looked at before."""
        section = self._bench.session.section
        known, error = self._known([gene])
        if error is not None:
            self._bench.background.complain(error)
        if section is None or not known:
            return
        self._bench.turns.take(self._showing(section, gene), key=_SHOWING)

    def pin(self, gene: str) -> None:
        """Keep the layers of a gene when another one is looked at."""
        section = self._bench.session.section
        if section is not None:
            self._browsing.pin(section, gene)
            self.follow()

    def add(self, genes: Iterable[str]) -> None:
        """Show genes to stay; every name that the section does not have is told."""
        section, names = self._bench.session.section, self._told(genes)
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

    def add_slider(self, genes: Iterable[str]) -> None:
        """Show genes in one layer with a slider, in place of the slider before."""
        section, names = self._bench.session.section, self._told(genes)
        if section is None or not names:
            return
        for each in self._sets.of(section):
            if isinstance(each, GeneSlider):
                self._sets.remove(section, each)
        self._draw(GeneSlider(f"slider of {len(names)} genes", tuple(names)))

    def add_signature(self, genes: Iterable[str], name: str = "") -> None:
        """Show the mean of genes as a layer, under a name of its own."""
        names = self._told(genes)
        if self._bench.session.section is None or not names:
            return
        taken = {*self._bench.session.genes.sets, *map(str, self._genes())}
        wanted = name.strip() or f"{names[0]} + {len(names) - 1}"
        self._draw(Signature(_free(wanted, taken), tuple(names)))

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
        if section is not self._asked_of:
            self._drawing.discard()
            self._asked, self._asked_of = (), section
        self._library.follow()
        shown = () if section is None else self._bench.stage.genes(section)
        sets = () if section is None else self._sets.of(section)
        state.shown, state.sets = shown, tuple(each.name for each in sets)
        state.unpinned = None if section is None else self._browsing.unpinned(section)
        if state.current not in shown:
            state.current = shown[-1] if shown else None
        self._sets.follow_slider()

    def close(self) -> None:
        """Discard what runs and let go of the viewer."""
        self._library.close()
        self._drawing.discard()
        self._sets.close()

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
        self._bench.stage.expression.remove_gene(section, name)
        for each in self._sets.of(section):
            if each.name == name:
                self._sets.remove(section, each)
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

    def _putting(self, drawn: DrawnSet) -> Pieces:
        self._asked = tuple(each for each in self._asked if each != drawn.of)
        with_sd = self._bench.session.view.show_sd
        for _ in self._sets.putting(drawn, with_sd=with_sd):
            yield
            if self._bench.session.section is not drawn.section:
                return
        self._view.arrange()

    def _now_at(self, gene: str) -> None:
        self.follow()
        self._bench.session.genes.current = gene
        self._view.arrange()

    def _follow_result(self) -> None:
        """Show a new result in what shows several genes; the run shows the others."""
        session = self._bench.session
        self._library.follow()
        self._add_sd()
        section = session.section
        if section is None or session.enhanced is None:
            return
        if self._asked or self._sets.of(section):
            self._draw()

    def _even_out(self) -> None:
        """Draw sets of genes at the depth that is shown now."""
        section = self._bench.session.section
        if section is not None and self._sets.of(section):
            self._draw()

    def _add_sd(self) -> None:
        """Add the layers of the uncertainty, once somebody asks for it."""
        session, stage = self._bench.session, self._bench.stage
        result, section = session.enhanced, session.section
        if section is None or result is None or not session.view.show_sd:
            return
        genes = stage.genes(section)
        if any(stage.find(section, Role.SD, gene) is None for gene in genes):
            self._bench.turns.take(self._adding_sd(section), key=_ADDING_SD)
        if any(
            stage.find(section, Role.SD, of=s) is None for s in self._sets.of(section)
        ):
            self._draw()

    def _draw(self, *new: GeneSet) -> None:
        """Draw sets of genes in the background: new ones, and those that are there."""
        session, section = self._bench.session, self._bench.session.section
        if section is None:
            return
        if new and session.view.mode is not ViewMode.OVERLAY:
            self._view.set_mode(ViewMode.OVERLAY)  # the others compare single genes
        self._asked = (*self._asked, *new)
        wanted = dict.fromkeys((*self._asked, *self._sets.of(section)))

        def put(progress: Progress) -> None:
            if isinstance(progress.partial, DrawnSet):
                drawn = progress.partial
                self._bench.turns.take(self._putting(drawn), key=(_PUTTING, drawn.of))

        def failed(error: Exception) -> None:
            self._asked = ()
            self._bench.background.failed(error)

        even = self._bench.stage.expression.even
        steps = partial(_drawing, list(wanted), section, session.enhanced, even=even)
        self._drawing.run(steps, JobListener(put, lambda _: None, failed))

    def _told(self, genes: Iterable[str]) -> list[str]:
        """Return the genes that the section has; complain about the others."""
        known, error = self._known(list(dict.fromkeys(genes)))
        if error is not None:
            self._bench.background.complain(error)
        elif known:
            self._bench.background.say("")
        return known

    def _known(self, genes: Sequence[str]) -> tuple[list[str], StEnTransError | None]:
        section = self._bench.session.section
        if section is None:
            return [], None
        try:
            section.gene_index(genes)
        except StEnTransError as error:
            return [gene for gene in genes if gene in section.genes], error
        return list(genes), None

    def _genes(self) -> Iterable[str]:
        section = self._bench.session.section
        return () if section is None else section.genes


def _free(wanted: str, taken: set[str]) -> str:
    """Return a name that is not taken, with a number if need be."""
    name, number = wanted, 1
    while name in taken:
        name, number = f"{wanted} ({number + 1})", number + 1
    return name


def _drawing(
    sets: Sequence[GeneSet],
    section: Section,
    result: EnhancedSection | None,
    *,
    even: bool,
) -> Steps[None]:
    for number, each in enumerate(sets):
        drawn = DrawnSet.draw(each, section, result, even=even)
        if result is not None:  # the window adds one layer, draws, and adds another
            measured = replace(drawn, enhanced=None)
            yield Progress("Drawing genes", number, len(sets), partial=measured)
        yield Progress("Drawing genes", number, len(sets), partial=drawn)
