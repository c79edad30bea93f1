"""What is missing: painted on a canvas, and counted as it happens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_stentrans.errors import InvalidRequestError
from napari_stentrans.gui.canvas.layers import raster_of
from napari_stentrans.gui.control.bench import Bench
from napari_stentrans.gui.control.view import ViewControl
from napari_stentrans.gui.state.regions import Painted
from napari_stentrans.section.missing import PREDICT, MissingRegions

if TYPE_CHECKING:
    from napari.layers import Labels


class RegionControl:
    """Lets the user paint, and keeps the session true to the canvas."""

    def __init__(self, bench: Bench, view: ViewControl) -> None:
        self._bench, self._view = bench, view
        self._canvas: Labels | None = None

    def paint(self, label: int = PREDICT) -> None:
        """Arm the brush on the section: predict here, outside the tissue, or erase."""
        section, stage = self._bench.session.section, self._bench.stage
        if section is not None:
            stage.add_canvas(section)
            self._view.arrange()  # first: a layer that moves or hides drops its brush
            stage.arm_brush(section, label)

    def missing(self) -> MissingRegions | None:
        """Return what is painted; None where the section has no canvas.

        Raises
        ------
        InvalidRequestError
            If other labels than those that mean something are painted.
        """
        section = self._bench.session.section
        canvas = None if section is None else self._bench.stage.canvas(section)
        if section is None or canvas is None:
            return None
        return MissingRegions.from_labels(canvas.data, raster_of(section))

    def follow(self) -> None:
        """Count on the canvas of the section that is current now."""
        section = self._bench.session.section
        self._listen(None if section is None else self._bench.stage.canvas(section))
        self._count()

    def close(self) -> None:
        """Let go of the canvas."""
        self._listen(None)

    def _listen(self, canvas: Labels | None) -> None:
        if canvas is self._canvas:
            return
        for layer, action in ((self._canvas, "disconnect"), (canvas, "connect")):
            if layer is not None:  # strokes tell the first, undoing tells the second
                getattr(layer.events.labels_update, action)(self._count)
                getattr(layer.events.set_data, action)(self._count)
        self._canvas = canvas

    def _count(self, _event: object = None) -> None:
        state = self._bench.session.regions
        try:
            missing = self.missing()
        except InvalidRequestError as error:
            state.painted = Painted(problem=str(error))
            return
        state.painted = None if missing is None else Painted.of(missing)
