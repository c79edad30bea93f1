"""napari's scale bar in µm, while it is known how long a pixel of the world is.

The world stays in full-resolution pixels, so that layers of other plugins lie where
they belong and painting and hovering are as they are: only what the bar says changes.
For as long, a bar of our own stands in the place of napari's, so that its menu works.
Several panels in one viewer share it: the last one to let go puts napari's back.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from napari.components.overlays import ScaleBarOverlay
from pydantic import PrivateAttr

if TYPE_CHECKING:
    from napari.components import ViewerModel

_KEPT = ("color", "colored", "ticks", "font_size", "position", "box_color", "opacity")
"""What the user may have set about napari's bar."""


class MicrometreBar(ScaleBarOverlay):  # type: ignore[misc]
    """A scale bar that knows how many µm a unit of the world is."""

    um_per_unit: float = 1.0
    unit = ScaleBarOverlay.unit  # a signal of it, that napari's drawing listens to
    _before: ScaleBarOverlay = PrivateAttr()
    _n_users: int = PrivateAttr(0)

    @classmethod
    def in_place_of(cls, before: ScaleBarOverlay) -> MicrometreBar:
        """Make a bar that looks like napari's, to be put in its place."""
        # In a box: white on a bright picture of tissue could not be seen.
        bar = cls(box=True, **{name: getattr(before, name) for name in _KEPT})
        bar._before = before
        return bar

    def take(self) -> None:
        """Note one more that uses the bar."""
        self._n_users += 1

    def let_go(self) -> ScaleBarOverlay:
        """Note one fewer; returns the bar that is to be shown from now on."""
        self._n_users -= 1
        return self if self._n_users else self._before


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
        """Put napari's own bar back, as it was, unless others use this one."""
        if self._bar is None:
            return
        bar, self._bar = self._bar, None
        bar.events.visible.disconnect(self._follow)
        left = bar.let_go()
        if self._overlays.scale_bar is bar:  # nobody else put another one there
            self._overlays.scale_bar = left

    @property
    def _overlays(self) -> ScaleBarOverlay:
        return self._viewer.canvas.overlays

    def _put_up(self) -> MicrometreBar:
        """Use the bar of another panel, or put one in the place of napari's."""
        bar = self._overlays.scale_bar
        if not isinstance(bar, MicrometreBar):
            if hasattr(self._viewer, "window"):
                from napari_stentrans.gui.canvas.scale_bar_drawn import draw_micrometres

                draw_micrometres()
            bar = MicrometreBar.in_place_of(bar)
            self._overlays.scale_bar = bar
        bar.take()
        bar.events.visible.connect(self._follow)
        self._bar = bar
        return bar

    def _follow(self, _event: object = None) -> None:
        if self._bar is not None:
            self._switched(self._bar.visible)
