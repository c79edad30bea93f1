"""Glue between the viewer, the session and the library: one part a panel.

Hands frozen values to jobs and applies their results in the main thread. Knows neither
Qt nor any widget, and runs on ``napari.components.ViewerModel`` with any `StartJob`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_stentrans.gui.canvas.painted import let_be_painted
from napari_stentrans.gui.canvas.stage import Stage
from napari_stentrans.gui.control.bench import Bench
from napari_stentrans.gui.control.files import FileControl
from napari_stentrans.gui.control.foreign import ForeignControl
from napari_stentrans.gui.control.gene_sets import GeneSetControl
from napari_stentrans.gui.control.genes import GeneControl
from napari_stentrans.gui.control.losses import Losses
from napari_stentrans.gui.control.memory import Memory
from napari_stentrans.gui.control.picture import PictureControl
from napari_stentrans.gui.control.region_files import RegionFileControl
from napari_stentrans.gui.control.regions import RegionControl
from napari_stentrans.gui.control.replacement import ReplacementControl
from napari_stentrans.gui.control.runs import RunControl
from napari_stentrans.gui.control.scale import ScaleControl
from napari_stentrans.gui.control.sections import SectionControl
from napari_stentrans.gui.control.set_collection import SetCollection
from napari_stentrans.gui.control.suggestions import SuggestionControl
from napari_stentrans.gui.control.trials import TrialControl
from napari_stentrans.gui.control.view import ViewControl
from napari_stentrans.gui.jobs.background import Background
from napari_stentrans.gui.jobs.desk import StartJob
from napari_stentrans.gui.jobs.turns import Later, Turns
from napari_stentrans.gui.jobs.workers import start_job
from napari_stentrans.gui.state.session import EnhanceSession

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.utils.events import Event


class Controller:
    """Does what the user asks for.

    Parameters
    ----------
    viewer
        Where layers are shown.
    session
        State that widgets show.
    start
        How jobs are run in the background.
    memory
        What is remembered between launches; nothing, if not given.
    later
        How the next turn of the event loop comes about, in which another layer is made.
        None, where there is no window: all layers are made at once.

    Attributes
    ----------
    sections, replacement, picture, foreign, genes, gene_sets, collection, regions,
    suggestions, region_files, runs, trials, view, scale, files
        What can be asked for, panel by panel.
    turns
        What makes layers, a few at a time.
    """

    def __init__(
        self,
        viewer: ViewerModel,
        session: EnhanceSession,
        start: StartJob = start_job,
        memory: Memory | None = None,
        later: Later | None = None,
    ) -> None:
        self.session = session
        self.stage, self.turns = Stage(viewer), Turns(later)
        self.background = Background(session, start)
        bench = Bench(self.stage, session, self.background, start, self.turns)
        self.view = ViewControl(bench)
        memory = memory or Memory()
        self.gene_sets = GeneSetControl(bench, self.view)
        self.collection = SetCollection(bench, memory)
        self.genes = GeneControl(bench, self.view, memory, self.gene_sets)
        self.regions = RegionControl(bench, self.view)
        self.suggestions = SuggestionControl(bench, self.regions)
        self.region_files = RegionFileControl(bench, self.regions, memory.regions)
        self.runs = RunControl(bench, self.view, self.regions, memory)
        self.trials = TrialControl(bench)
        self.picture = PictureControl(bench)
        losses = Losses(bench)
        self.sections = SectionControl(
            bench, self.view, self.runs, self.trials, self.picture, losses
        )
        self.replacement = ReplacementControl(
            bench, self.view, self.runs, self.picture, self.sections, losses
        )
        self.foreign = ForeignControl(bench, self.sections)
        self.files = FileControl(bench, self.picture)
        self.scale = ScaleControl(bench)
        viewer.layers.events.inserted.connect(self._inserted)
        viewer.layers.events.removed.connect(self._follow)
        session.events.section.connect(self._follow_section)
        self._follow()
        self.runs.take_up()

    def close(self, *, is_window_gone: bool = False) -> None:
        """Let go of the viewer and discard what runs.

        Layers of a window that is gone stay as they are: nobody will see them.
        """
        events = self.stage.viewer.layers.events
        events.inserted.disconnect(self._inserted)
        events.removed.disconnect(self._follow)
        self.session.events.section.disconnect(self._follow_section)
        self.turns.drop()
        if not is_window_gone:
            self.view.clear()
        self.view.close()
        self.genes.close()
        self.gene_sets.close()
        self.collection.close()
        self.regions.close()
        self.region_files.close()
        self.suggestions.close()
        self.runs.close()
        self.sections.close()
        self.foreign.close()
        self.picture.close()
        self.files.close()
        self.scale.close()

    def _inserted(self, event: Event) -> None:
        """Say of a copy of ours that it is nobody's, then follow."""
        if self.stage.disown(event.value):
            self.background.say(
                f"{event.value.name} is a copy of a layer of this panel, which leaves "
                "it alone: what is painted or changed there is not used."
            )
        self._follow()

    def _follow(self, _event: object = None) -> None:
        """Bring the session into the state of the layer list."""
        for layer, _ in self.stage.tagged():  # napari's reader adds layers, too
            let_be_painted(layer)
        self.sections.follow()
        self.foreign.follow()
        self.view.follow()
        self._follow_section()

    def _follow_section(self) -> None:
        """Bring what is told of the current section into its state."""
        self.sections.follow_section()
        self.replacement.follow()
        self.picture.follow()
        self.gene_sets.follow()
        self.collection.follow()
        self.genes.follow()
        self.regions.follow()
        self.suggestions.follow()
        self.region_files.follow()
        self.runs.follow()
        self.trials.follow()
        self.scale.follow()
