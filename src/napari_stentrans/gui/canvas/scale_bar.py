"""napari's scale bar in µm, while it is known how long a pixel of the world is.

The world stays in full-resolution pixels, so that layers of other plugins lie where
they belong and painting and hovering are as they are: only what the bar says changes.
For as long, a bar of our own stands in the place of napari's, so that its menu works.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from napari.components.overlays import ScaleBarOverlay

if TYPE_CHECKING:
    from napari.components import ViewerModel

_KEPT = ("color", "colored", "ticks", "font_size", "position", "box_color", "opacity")
"""What the user may have set about napari's bar."""


class MicrometreBar(ScaleBarOverlay):  # type: ignore[misc]
    """A scale bar that knows how many µm a unit of the world is."""

    um_per_unit: float = 1.0
    unit = ScaleBarOverlay.unit  # a signal of it, that napari's drawing listens to


class ScaleBar:
    """Puts a bar in µm in the place of napari's, and napari's back.

    Parameters
    ----------
    viewer
        Where it is shown.
    switched
        Called with whether it is shown, when the user switches it by napari's menu.
    """

    def __init__(self, viewer: ViewerModel, switched: Callable[[bool], None]) -> None:
        self._viewer, self._switched = viewer, switched
        self._before: ScaleBarOverlay | None = None
        self._bar: MicrometreBar | None = None

    def show(self, um_per_unit: float | None, *, shown: bool) -> None:
        """Show or hide the bar; where the length of a unit is unknown, hand it back."""
        if um_per_unit is None:
            self.close()
            return
        bar = self._bar or self._put_up()
        bar.um_per_unit = um_per_unit
        bar.visible = shown

    def close(self) -> None:
        """Put napari's own bar back, as it was."""
        if self._bar is None or self._before is None:
            return
        self._bar.events.visible.disconnect(self._follow)
        self._overlays.scale_bar = self._before
        self._bar = self._before = None

    @property
    def _overlays(self) -> ScaleBarOverlay:
        return self._viewer.canvas.overlays

    def _put_up(self) -> MicrometreBar:
        self._before = before = self._overlays.scale_bar
        # In a box: white on a bright picture of tissue could not be seen.
        bar = MicrometreBar(box=True, **{name: getattr(before, name) for name in _KEPT})
        if hasattr(self._viewer, "window"):
            from napari_stentrans.gui.canvas.scale_bar_drawn import draw_micrometres

            draw_micrometres()
        bar.events.visible.connect(self._follow)
        self._overlays.scale_bar = self._bar = bar
        return bar

    def _follow(self, _event: object = None) -> None:
        if self._bar is not None:
            self._switched(self._bar.visible)
