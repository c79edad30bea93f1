"""Keys on the canvas, for as long as a panel wants them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from app_model.types import KeyCombo
    from napari.components import ViewerModel
    from napari.layers import Layer


class Keyboard:
    """Binds keys of a viewer or layer, and gives them back.

    Of several panels in one viewer, the latest that is not closed has the keys.

    Parameters
    ----------
    where
        What the keys are pressed on.
    acts
        What each key does.
    """

    def __init__(
        self,
        where: ViewerModel | Layer,
        acts: Mapping[str | KeyCombo, Callable[[], None]],
    ) -> None:
        self._where = where
        self._bound: dict[str | KeyCombo, _Bound] = {}
        for key, act in acts.items():
            bound = self._bound[key] = _Bound(act)
            bound.before = where.bind_key(key, bound.press, overwrite=True)

    def close(self) -> None:
        """Let the keys do what they did before, unless others took them since."""
        for key, bound in self._bound.items():
            bound.act = None
            there = self._where.bind_key(key, None)
            self._where.bind_key(key, _in_use(there), overwrite=True)
        self._bound = {}


class _Bound:
    """What a key does, and what it did before.

    napari takes functions and methods alone: ``press`` is what it gets.
    """

    def __init__(self, act: Callable[[], None]) -> None:
        self.act: Callable[[], None] | None = act
        self.before: Any = None

    def press(self, _where: object) -> None:
        """Do it, until it is closed."""
        if self.act is not None:
            self.act()


def _in_use(there: Any) -> Any:
    """Return what a key does, or did before what was closed."""
    bound = getattr(there, "__self__", None)
    if isinstance(bound, _Bound) and bound.act is None:
        return _in_use(bound.before)
    return there
