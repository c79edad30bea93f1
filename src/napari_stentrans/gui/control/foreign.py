"""Sections that other plugins opened: offered, and taken over when asked for."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from napari_stentrans.gui.canvas.foreign import Things, carried, carriers
from napari_stentrans.gui.control.bench import Bench
from napari_stentrans.gui.control.sections import SectionControl
from napari_stentrans.gui.jobs import section_tasks
from napari_stentrans.gui.state.session import JobStatus
from napari_stentrans.section.section import Section

if TYPE_CHECKING:
    from anndata import AnnData


class ForeignControl:
    """Makes sections of the AnnData that layers of other plugins carry."""

    def __init__(self, bench: Bench, sections: SectionControl) -> None:
        self._bench, self._sections = bench, sections
        self._taken: WeakKeyDictionary[Section, AnnData] = bench.new_notes()
        self._layers = bench.stage.viewer.layers
        self._layers.events.renamed.connect(self.follow)

    def use(self, name: str, *, allow_normalised: bool = False) -> None:
        """Work on what a layer carries; the layer itself stays as it is."""
        layers = self._layers
        session, background = self._bench.session, self._bench.background
        if name not in layers or session.status.is_busy:
            return
        layer = layers[name]
        adata = carried(layer)
        if adata is None:
            return
        steps = partial(
            section_tasks.adopting,
            adata,
            name,
            Things.of(layer, adata).spots_xy,
            allow_normalised=allow_normalised,
        )
        background.run(
            JobStatus.OPENING,
            steps,
            partial(self._adopted, adata),
            self._sections.not_opened,
        )
        background.say(f"Taking over {name} …")

    def follow(self, _event: object = None) -> None:
        """Bring the session into the state of the layer list.

        What was taken over is not offered again while its section is open.
        """
        session, layers = self._bench.session, self._layers
        taken = {id(self._taken.get(section)) for section in session.sections}
        session.about.offers = tuple(
            name for name in carriers(layers) if id(carried(layers[name])) not in taken
        )

    def close(self) -> None:
        """Let go of the viewer."""
        self._layers.events.renamed.disconnect(self.follow)

    def _adopted(self, adata: AnnData, section: Section) -> None:
        self._taken[section] = adata
        self._sections.opened(section)
