"""What every part of the controller works with."""

from __future__ import annotations

from dataclasses import dataclass, field

from napari_stentrans.gui.canvas.stage import Stage
from napari_stentrans.gui.jobs.background import Background
from napari_stentrans.gui.jobs.desk import StartJob
from napari_stentrans.gui.jobs.turns import Turns
from napari_stentrans.gui.state.session import EnhanceSession


@dataclass(frozen=True, eq=False)
class Bench:
    """What all parts of the controller share.

    Attributes
    ----------
    stage
        The layers.
    session
        The state that widgets show.
    background
        The desk of long jobs, of which one runs at a time.
    start
        How side jobs are run, such as looking things up.
    turns
        What makes layers, a few at a time.
    """

    stage: Stage
    session: EnhanceSession
    background: Background
    start: StartJob
    turns: Turns = field(default_factory=Turns)
