"""What is looked at: a gene alone, a gene on a slider, or several as a signature."""

from __future__ import annotations

from collections.abc import Callable

from napari_stentrans.gui.canvas.gene_sets import GeneSet, GeneSlider
from napari_stentrans.gui.canvas.layers import OF_GENES
from napari_stentrans.gui.canvas.slider_words import number_shown
from napari_stentrans.gui.control.bench import Bench
from napari_stentrans.gui.state.view import ViewMode


class Looking:
    """Follows what can be seen of the current section.

    Parameters
    ----------
    bench
        The viewer and the session.
    changed
        Called when another gene, or another set of genes, is looked at.
    """

    def __init__(self, bench: Bench, changed: Callable[[], None]) -> None:
        self._bench, self._changed = bench, changed
        self._told: tuple[GeneSet | None, str | None] = (None, None)
        self._dims = bench.stage.viewer.dims
        self._dims.events.current_step.connect(self.follow)

    @property
    def genes(self) -> GeneSet | None:
        """The genes that are seen together; None where single ones are seen.

        On top of one another the uppermost counts; side by side all that are seen.
        """
        seen = [
            tag
            for layer, tag in self._bench.stage.tagged()
            if tag.section is self._bench.session.section
            and tag.role in OF_GENES
            and layer.visible
        ]
        is_mixed = self._bench.session.view.mode is ViewMode.SIDE_BY_SIDE
        if not seen or (is_mixed and any(tag.gene is not None for tag in seen)):
            return None
        return seen[-1].of

    @property
    def gene(self) -> str | None:
        """The gene whose values are seen; None for a signature, or without a gene."""
        genes = self.genes
        if genes is None:
            return self.single
        if not isinstance(genes, GeneSlider):
            return None
        number = number_shown(self._bench.stage.viewer, len(genes.genes))
        return str(genes.genes[number])

    @property
    def single(self) -> str | None:
        """The gene with layers of its own: the one shown last, if none is chosen."""
        genes = self._bench.session.genes
        if genes.current in genes.shown:
            return str(genes.current)
        return genes.shown[-1] if genes.shown else None

    def follow(self, _event: object = None) -> None:
        """Tell the session what is seen, and others if it is something else."""
        for layer, tag in self._bench.stage.tagged():
            if tag.role in OF_GENES:
                layer.events.visible.connect(self.follow)  # once, however often
        now = self.genes, self.gene
        if now != self._told:
            self._told = now
            self._bench.session.view.set_seen = "" if now[0] is None else now[0].name
            self._changed()

    def close(self) -> None:
        """Let go of the viewer."""
        self._dims.events.current_step.disconnect(self.follow)
        for layer in self._bench.stage.viewer.layers:
            layer.events.visible.disconnect(self.follow)
