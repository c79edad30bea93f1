"""Options that take several words, with spaces or commas between them."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Collection, Sequence
from typing import Any


class Listed(argparse.Action):
    """Gathers words, also of an option that is given twice.

    Parameters
    ----------
    kind
        What makes a value of a word; complains by `argparse.ArgumentTypeError`.
    allowed
        What the words may be; by default anything.
    """

    def __init__(
        self,
        option_strings: Sequence[str],
        dest: str,
        kind: Callable[[str], Any] = str,
        allowed: Collection[str] = (),
        **options: Any,
    ) -> None:
        super().__init__(option_strings, dest, nargs="+", **options)
        self._kind, self._allowed = kind, allowed

    def __call__(
        self,
        _parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        _option: str | None = None,
    ) -> None:
        """Add the values of one time that the option was given."""
        words = [word for text in values or () for word in text.split(",") if word]
        found = [self._value_of(word) for word in words]
        before = getattr(namespace, self.dest) or []
        setattr(namespace, self.dest, [*before, *found])

    def _value_of(self, word: str) -> Any:
        if self._allowed and word not in self._allowed:
            msg = f"there is no {word!r}; choose from {', '.join(self._allowed)}"
            raise argparse.ArgumentError(self, msg)
        try:
            return self._kind(word)
        except argparse.ArgumentTypeError as error:
            raise argparse.ArgumentError(self, str(error)) from None
