"""How a bar in µm is drawn: by napari, which is told how long a unit of the world is.

Needs Qt, so it is imported only where there is a window.
"""

from __future__ import annotations

from typing import Any

import pint
from napari._vispy.overlays.scale_bar import VispyScaleBarOverlay
from napari._vispy.utils.visual import overlay_to_visual
from napari.utils.events import disconnect_events

from napari_stentrans.gui.canvas.scale_bar import MicrometreBar


class VispyMicrometreBar(VispyScaleBarOverlay):  # type: ignore[misc]
    """Draws the bar; where layers have real units, napari's own reading is kept."""

    overlay: MicrometreBar
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

    def close(self) -> None:
        """Follow nothing more: napari's own drawing would go on to."""
        self.overlay.events.um_per_unit.disconnect(self._on_unit_change)
        for emitter in (self.viewer.scene.camera.events, self.viewer.dims.events):
            disconnect_events(emitter, self)
        super().close()


def draw_micrometres() -> None:
    """Let napari draw bars in µm as such."""
    overlay_to_visual[MicrometreBar] = VispyMicrometreBar
