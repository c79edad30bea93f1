"""How a bar in µm is drawn: by napari, which is told how long a unit of the world is.

Needs Qt, so it is imported only where there is a window.
"""

from __future__ import annotations

import math
from typing import Any

import pint
from napari._vispy.overlays.scale_bar import VispyScaleBarOverlay
from napari._vispy.utils.visual import overlay_to_visual
from napari.utils.events import disconnect_events

from napari_stentrans.gui.canvas.scale_bar import MicrometreBar


class VispyMicrometreBar(VispyScaleBarOverlay):  # type: ignore[misc]
    """Draws the bar; where layers have real units, napari's own reading is kept."""

    overlay: MicrometreBar
    x_size: float
    y_size: float
    _unit: Any

    def __init__(self, *, overlay: MicrometreBar, **parts: object) -> None:
        super().__init__(overlay=overlay, **parts)
        overlay.events.um_per_unit.connect(self._on_unit_change)

    def _on_unit_change(self) -> None:
        super()._on_unit_change()
        units = pint.get_application_registry()  # type: ignore[no-untyped-call]
        if self._unit.units == units.pixel:
            self._unit = self.overlay.um_per_unit * units.micrometer
            self._on_size_or_zoom_change(force=True)

    def _on_position_change(self, event: object = None) -> None:
        """Take up whole pixels.

        napari puts everything in its place while it draws. A place that single
        precision cannot hold is another one each time, and all is drawn once more.
        """
        self.x_size, self.y_size = math.ceil(self.x_size), math.ceil(self.y_size)
        super()._on_position_change(event)

    def close(self) -> None:
        """Follow nothing more: napari's own drawing would go on to."""
        self.overlay.events.um_per_unit.disconnect(self._on_unit_change)
        for emitter in (self.viewer.scene.camera.events, self.viewer.dims.events):
            disconnect_events(emitter, self)
        super().close()


def draw_micrometres() -> None:
    """Let napari draw bars in µm as such."""
    overlay_to_visual[MicrometreBar] = VispyMicrometreBar
