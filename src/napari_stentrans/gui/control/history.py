"""Values to go back to and forth again. Knows nothing of what they are."""

from __future__ import annotations

from typing import Generic, TypeVar

T = TypeVar("T")

_MOST = 100


class History(Generic[T]):
    """The value now, and those before and after it.

    What is put changes the value of now; it becomes a step to go back to once it is
    kept. So a stroke of the brush is one step, however often it changed the value.

    Parameters
    ----------
    first
        Where going back ends.
    """

    def __init__(self, first: T) -> None:
        self.now = first
        self._steps = [first]
        self._undone: list[T] = []

    @property
    def can_undo(self) -> bool:
        """Whether there is something to go back to."""
        return len(self._steps) > 1 or self.now is not self._steps[-1]

    @property
    def can_redo(self) -> bool:
        """Whether something was undone."""
        return bool(self._undone) and self.now is self._steps[-1]

    def put(self, value: T) -> None:
        """Set the value of now."""
        self.now = value

    def keep(self) -> bool:
        """Make now a step; returns whether it differs from the last one."""
        if self.now is self._steps[-1]:
            return False
        self._steps = [*self._steps, self.now][-_MOST:]
        self._undone = []
        return True

    def undo(self) -> T:
        """Go back one step, and return the value then."""
        self.keep()
        if len(self._steps) > 1:
            self._undone.append(self._steps.pop())
        self.now = self._steps[-1]
        return self.now

    def redo(self) -> T:
        """Take back the last undoing, and return the value then."""
        if self.can_redo:
            self._steps.append(self._undone.pop())
        self.now = self._steps[-1]
        return self.now
