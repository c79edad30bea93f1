"""Several genes shown together: as a signature, or in a layer with a slider.

They are drawn in the background: a signature of many genes may take a second.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial

from napari_stentrans.enhanced import EnhancedSection
from napari_stentrans.gui.canvas.expression import is_even
from napari_stentrans.gui.canvas.gene_sets import (
    GeneSet,
    GeneSlider,
    PassingSignature,
    Signature,
)
from napari_stentrans.gui.canvas.layers import Role
from napari_stentrans.gui.canvas.set_layers import DrawnSet, SetLayers
from napari_stentrans.gui.control.bench import Bench
from napari_stentrans.gui.control.gene_names import known_genes
from napari_stentrans.gui.control.view import ViewControl
from napari_stentrans.gui.jobs.desk import JobDesk, JobListener
from napari_stentrans.gui.jobs.turns import Pieces
from napari_stentrans.gui.state.view import ViewMode
from napari_stentrans.progress import Progress, Steps
from napari_stentrans.section.names import free_name
from napari_stentrans.section.section import Section

_PUTTING = "putting genes"


class GeneSetControl:
    """Adds and removes the layers of several genes, and keeps them up to date."""

    def __init__(self, bench: Bench, view: ViewControl) -> None:
        self._bench, self._view = bench, view
        self._layers = SetLayers(bench.stage)
        self._drawing = JobDesk(bench.start)
        self._asked: tuple[GeneSet, ...] = ()
        self._asked_of: Section | None = None
        bench.session.events.enhanced.connect(self._follow_result)
        bench.session.view.events.show_sd.connect(self._add_sd)
        bench.session.view.events.is_even.connect(self._even_out)

    # -- what the user asks for --------------------------------------------------------

    def add_slider(self, genes: Iterable[str]) -> None:
        """Show genes in one layer with a slider, in place of the slider before."""
        section, names = self._bench.session.section, known_genes(self._bench, genes)
        if section is None or not names:
            return
        self._make_room(section, GeneSlider)
        self._draw(GeneSlider(f"slider of {len(names)} genes", tuple(names)))

    def add_signature(self, genes: Iterable[str], name: str = "") -> None:
        """Show the mean of genes as a layer, under a name of its own."""
        section, names = self._bench.session.section, known_genes(self._bench, genes)
        if section is None or not names:
            return
        wanted = name.strip() or f"{names[0]} + {len(names) - 1}"
        self._draw(Signature(self._free(wanted), tuple(names)))

    def look_at_set(self, name: str) -> None:
        """Show a set of the collection, in place of the one looked at before."""
        session = self._bench.session
        section, facts = session.section, session.genes.collection
        if section is None or facts is None or facts.sets.section is not section:
            return
        genes = tuple(facts.sets.genes(name))
        coming = (each for each in self._asked if isinstance(each, PassingSignature))
        if any(each.genes == genes for each in coming):
            return
        self._make_room(section, PassingSignature)
        self._draw(PassingSignature(self._free(name), genes))

    def _free(self, wanted: str) -> str:
        """Return a name that no gene, and nothing that is shown, has."""
        section = self._bench.session.section
        genes = () if section is None else map(str, section.genes)
        shown = (each.name for each in (*self._asked, *self._shown()))
        return free_name(wanted, {*genes, *shown})

    def _make_room(self, section: Section, kind: type[GeneSet]) -> None:
        """Remove what is shown, or was asked for, of a kind that there is one of."""
        for each in self._layers.of(section):
            if isinstance(each, kind):
                self._layers.remove(section, each)
        self._asked = tuple(each for each in self._asked if not isinstance(each, kind))

    # -- keeping up --------------------------------------------------------------------

    def follow(self) -> None:
        """Bring the session into the state of the layer list."""
        section, state = self._bench.session.section, self._bench.session.genes
        if section is not self._asked_of:
            self._drawing.discard()
            self._asked, self._asked_of = (), section
            if self._is_of_another_depth():
                self._draw()
        state.sets = tuple(each.name for each in self._shown())
        self._layers.follow_slider()

    def remove(self, section: Section, name: str) -> None:
        """Remove the layers of the genes that have this name together."""
        for each in self._layers.of(section):
            if each.name == name:
                self._layers.remove(section, each)
        self._asked = tuple(each for each in self._asked if each.name != name)

    def close(self) -> None:
        """Discard what runs and let go of the viewer."""
        self._drawing.discard()
        self._layers.close()

    # -- drawing -----------------------------------------------------------------------

    def _shown(self) -> tuple[GeneSet, ...]:
        section = self._bench.session.section
        return () if section is None else self._layers.of(section)

    def _is_of_another_depth(self) -> bool:
        """Whether sets were drawn before their section was left, as is over now."""
        section, stage = self._bench.session.section, self._bench.stage
        measured = (
            stage.find(section, Role.GENE, of=each)
            for each in self._shown()
            if section is not None
        )
        even = stage.expression.even
        return any(each is not None and is_even(each) is not even for each in measured)

    def _follow_result(self) -> None:
        """Draw what is shown, and what was asked for, of a new result."""
        self._drawing.discard()  # of a result that is not shown any more
        is_new = self._bench.session.enhanced is not None
        if self._asked or (is_new and self._shown()):
            self._draw()

    def _even_out(self) -> None:
        """Draw what is shown, and what was asked for, at the depth wanted now."""
        if self._asked or self._shown():
            self._draw()

    def _add_sd(self) -> None:
        """Add the layers of the uncertainty, once somebody asks for it."""
        session, stage = self._bench.session, self._bench.stage
        section = session.section
        if section is None or session.enhanced is None or not session.view.show_sd:
            return
        if any(stage.find(section, Role.SD, of=each) is None for each in self._shown()):
            self._draw()

    def _draw(self, *new: GeneSet) -> None:
        """Draw sets of genes in the background: new ones, and those that are there."""
        session, section = self._bench.session, self._bench.session.section
        if section is None:
            return
        if new and session.view.mode is not ViewMode.OVERLAY:
            self._view.set_mode(ViewMode.OVERLAY)  # the others compare single genes
        self._asked = (*self._asked, *new)
        wanted = dict.fromkeys((*self._asked, *self._layers.of(section)))

        def put(progress: Progress) -> None:
            if isinstance(progress.partial, DrawnSet):
                drawn = progress.partial
                pieces = self._putting(drawn, result)
                self._bench.turns.take(pieces, key=(_PUTTING, drawn.of))

        def failed(error: Exception) -> None:
            self._asked = ()
            self._bench.background.failed(error)

        even, result = self._bench.stage.expression.even, session.enhanced
        steps = partial(_drawing, list(wanted), section, result, even=even)
        self._drawing.run(steps, JobListener(progressed=put, failed=failed))

    def _putting(self, drawn: DrawnSet, result: EnhancedSection | None) -> Pieces:
        session = self._bench.session
        if session.enhanced is not result:  # it is being drawn anew
            return
        if drawn.of not in (*self._asked, *self._layers.of(drawn.section)):
            return  # removed meanwhile
        self._asked = tuple(each for each in self._asked if each != drawn.of)
        for _ in self._layers.putting(drawn, with_sd=session.view.show_sd):
            yield
            if session.section is not drawn.section or session.enhanced is not result:
                return
        self._view.arrange()


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
