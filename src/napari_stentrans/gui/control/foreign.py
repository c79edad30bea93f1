"""Sections that other plugins opened: offered, and taken over when asked for."""

from __future__ import annotations

from functools import partial

from napari_stentrans.gui.canvas.foreign import carried, carriers, spots_xy
from napari_stentrans.gui.control.bench import Bench
from napari_stentrans.gui.control.sections import SectionControl
from napari_stentrans.gui.jobs import section_tasks
from napari_stentrans.gui.state.session import JobStatus


class ForeignControl:
    """Makes sections of the AnnData that layers of other plugins carry."""

    def __init__(self, bench: Bench, sections: SectionControl) -> None:
        self._bench, self._sections = bench, sections

    def use(self, name: str, *, allow_normalised: bool = False) -> None:
        """Work on what a layer carries; the layer itself stays as it is."""
        layers = self._bench.stage.viewer.layers
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
            spots_xy(layer, adata),
            allow_normalised=allow_normalised,
        )
        background.run(
            JobStatus.OPENING, steps, self._sections.opened, self._sections.not_opened
        )
        background.say(f"Taking over {name} …")

    def follow(self) -> None:
        """Bring the session into the state of the layer list."""
        layers = self._bench.stage.viewer.layers
        self._bench.session.about.offers = carriers(layers)
