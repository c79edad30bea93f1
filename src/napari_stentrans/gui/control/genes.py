"""Which genes are shown."""

from __future__ import annotations

from collections.abc import Iterable

from napari_stentrans.errors import StEnTransError
from napari_stentrans.gui.control.bench import Bench
from napari_stentrans.gui.control.view import ViewControl


class GeneControl:
    """Adds and removes the layers of genes."""

    def __init__(self, bench: Bench, view: ViewControl) -> None:
        self._bench, self._view = bench, view

    def add(self, genes: Iterable[str]) -> None:
        """Show genes; every name that the section does not have is told."""
        session, background = self._bench.session, self._bench.background
        section = session.section
        names = list(dict.fromkeys(genes))
        if section is None or not names:
            return
        try:
            section.gene_index(names)
        except StEnTransError as error:
            background.complain(error)
            names = [name for name in names if name in section.genes]
        else:
            background.say("")
        for name in names:
            self._bench.stage.add_gene(section, name, session.enhanced)
        self._view.arrange()

    def remove(self, gene: str) -> None:
        """Remove the layers of a gene."""
        section = self._bench.session.section
        if section is not None:
            self._bench.stage.remove_gene(section, gene)
            self._view.arrange()

    def follow(self) -> None:
        """Bring the session into the state of the layer list."""
        section = self._bench.session.section
        shown = () if section is None else self._bench.stage.genes(section)
        self._bench.session.genes.shown = shown
