"""What is painted on the section, counted as it happens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_stentrans.errors import InvalidRequestError
from napari_stentrans.gui.layers import raster_of
from napari_stentrans.gui.session import EnhanceSession, Painted
from napari_stentrans.gui.stage import Stage
from napari_stentrans.section.missing import MissingRegions

if TYPE_CHECKING:
    from napari.layers import Labels


class Painting:
    """Keeps ``session.painted`` true to the canvas of the current section."""

    def __init__(self, stage: Stage, session: EnhanceSession) -> None:
        self._stage, self._session = stage, session
        self._canvas: Labels | None = None

    def regions(self) -> MissingRegions | None:
        """Return what is painted; None where the section has no canvas.

        Raises
        ------
        InvalidRequestError
            If other labels than those that mean something are painted.
        """
        section = self._session.section
        canvas = None if section is None else self._stage.canvas(section)
        if section is None or canvas is None:
            return None
        return MissingRegions.from_labels(canvas.data, raster_of(section))

    def follow(self) -> None:
        """Count on the canvas of the section that is current now."""
        section = self._session.section
        self._listen(None if section is None else self._stage.canvas(section))
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
        try:
            regions = self.regions()
        except InvalidRequestError as error:
            self._session.painted = Painted(problem=str(error))
            return
        self._session.painted = None if regions is None else Painted.of(regions)
