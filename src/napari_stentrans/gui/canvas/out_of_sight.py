"""A layer that is hidden for a while, and then shown again; knows not why."""

from __future__ import annotations

from collections.abc import Callable

from napari.layers import Layer

from napari_stentrans.gui.canvas.changes import set_visible


class OutOfSight:
    """Hides one layer at a time, unless the user has decided since what is seen.

    Parameters
    ----------
    is_ours
        Whether layers are shown and hidden just now by the program, not by the user.
    """

    def __init__(self, is_ours: Callable[[], bool]) -> None:
        self._is_ours = is_ours
        self._layer: Layer | None = None

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to show again."""
        return self._layer is None

    def hide(self, layer: Layer | None) -> None:
        """Hide a layer; one that is hidden already is not shown again."""
        self.forget()
        if layer is None or not layer.visible:
            return
        set_visible(layer, visible=False)
        layer.events.visible.connect(self._follow)
        self._layer = layer

    def show_again(self) -> None:
        """Show the layer that was hidden."""
        layer = self._layer
        self.forget()
        if layer is not None:
            set_visible(layer, visible=True)

    def forget(self) -> None:
        """Leave the layer as it is."""
        if self._layer is not None:
            self._layer.events.visible.disconnect(self._follow)
        self._layer = None

    def _follow(self, _event: object = None) -> None:
        if not self._is_ours():
            self.forget()
