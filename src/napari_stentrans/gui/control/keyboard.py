"""Keys on the canvas, for as long as the widget lives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from napari.components import ViewerModel


class Keyboard:
    """Binds keys of a viewer, and gives them back.

    Parameters
    ----------
    viewer
        Where the keys are pressed.
    acts
        What each key does.
    """

    def __init__(
        self, viewer: ViewerModel, acts: Mapping[str, Callable[[], None]]
    ) -> None:
        self._viewer = viewer
        self._before: dict[str, Any] = {}
        for key, act in acts.items():
            self._before[key] = viewer.bind_key(key, _ignoring(act), overwrite=True)

    def close(self) -> None:
        """Let the keys do what they did before."""
        for key, before in self._before.items():
            self._viewer.bind_key(key, before, overwrite=True)
        self._before = {}


def _ignoring(act: Callable[[], None]) -> Callable[[object], None]:
    def press(_viewer: object) -> None:
        act()

    return press
