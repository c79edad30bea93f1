"""Work of the main thread in small pieces, one in each turn of its event loop.

Layers cannot be made in a background thread, and each keeps the window waiting for a
tenth of a second: made one a turn, the window lives on between them. Knows no Qt.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Hashable
from dataclasses import dataclass
from typing import TypeAlias

Pieces: TypeAlias = Generator[None, None, None]
"""Work that yields wherever the window may be given a turn."""
Later: TypeAlias = Callable[[Callable[[], None]], None]
"""Calls a function soon, in the main thread, after what waits there already."""
_ENOUGH = 0.03
"""Seconds after which a turn is over."""


@dataclass(frozen=True, eq=False)
class _Work:
    pieces: Pieces
    key: Hashable
    has_time: bool


class Turns:
    """Does one work after the other, piece by piece, in the order they were asked for.

    Between two pieces anything can happen: a piece looks at the state anew.

    Parameters
    ----------
    later
        How the next turn comes about. None: all pieces are done at once, as is right
        where there is no window.
    clock
        Tells the seconds.
    """

    def __init__(
        self, later: Later | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._later, self._clock = later, clock
        self._waiting: list[_Work] = []
        self._at_work: _Work | None = None
        self._is_to_come = False

    @property
    def are_over(self) -> bool:
        """Whether nothing is left to do."""
        return not self._waiting

    def take(
        self,
        pieces: Pieces,
        key: Hashable = None,
        *,
        at_once: bool = True,
        has_time: bool = False,
    ) -> None:
        """Do work; its first piece now, if nothing else is waiting.

        Parameters
        ----------
        pieces
            The work.
        key
            Work of the same key that is not done yet is given up. None: of no key.
        at_once
            Whether the first piece may be done before this returns.
        has_time
            Whether it comes after all work that has no time. It is taken for small:
            several such pieces may be done in one turn, since each turn is painted.
        """
        if key is not None:
            self.give_up(key)
        work = _Work(pieces, key, has_time)
        ahead = [each for each in self._waiting if has_time or not each.has_time]
        self._waiting.insert(len(ahead), work)
        if self._at_work is not None:
            return
        if self._later is None or (at_once and not ahead):
            self._go_on()
        else:
            self._come_back()

    def give_up(self, key: Hashable) -> None:
        """Give up the work of a key, as far as it is not done."""
        self._leave([work for work in self._waiting if work.key == key])

    def finish(self) -> None:
        """Do all that is left now; nothing, if this comes from within a piece."""
        while self._waiting and self._at_work is None:
            self._do_piece()

    def drop(self) -> None:
        """Give up all that is left."""
        self._leave(list(self._waiting))

    def _turn(self) -> None:
        self._is_to_come = False
        self._go_on()

    def _go_on(self) -> None:
        """Do one piece or a few small ones, or all of them where no turn will come."""
        began = self._clock()
        try:
            self._do_piece()
            while self._waiting and (self._later is None or self._fits(began)):
                self._do_piece()
        finally:  # a piece that fails leaves the others be
            self._come_back()

    def _fits(self, began: float) -> bool:
        """Whether another piece fits into the turn."""
        is_small = self._waiting[0].has_time and self._at_work is None
        return is_small and self._clock() - began < _ENOUGH

    def _come_back(self) -> None:
        """Ask for another turn, if there is something left."""
        if self._waiting and self._later is not None and not self._is_to_come:
            self._is_to_come = True
            self._later(self._turn)

    def _do_piece(self) -> None:
        """Do the next piece of the work that is first."""
        if not self._waiting or self._at_work is not None:
            return
        work, is_done = self._waiting[0], True
        self._at_work = work
        try:
            is_done = next(work.pieces, self) is self
        finally:
            self._at_work = None
            if work not in self._waiting:  # given up by its own piece
                work.pieces.close()
            elif is_done:
                self._waiting.remove(work)

    def _leave(self, works: list[_Work]) -> None:
        for work in works:
            self._waiting.remove(work)
            if work is not self._at_work:  # one cannot be closed while it runs
                work.pieces.close()
