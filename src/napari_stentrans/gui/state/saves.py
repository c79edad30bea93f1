"""State of the panel that saves."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from psygnal import SignalGroupDescriptor

if TYPE_CHECKING:
    from psygnal import SignalGroup


@dataclass(eq=False)
class SaveState:
    """What was saved.

    Attributes
    ----------
    last
        The file that was written last.
    """

    events: ClassVar[SignalGroupDescriptor | SignalGroup] = SignalGroupDescriptor()

    last: Path | None = None
