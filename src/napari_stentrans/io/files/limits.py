"""How much a file may ask for before it is believed. Knows no format.

A damaged or hostile file can declare any size. What it declares is held against the
memory of the machine and against what the file can really hold, before anything is
allocated.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Final

from napari_stentrans.errors import ReadError

GIGABYTE: Final = 1 << 30
LARGEST_RATIO: Final = 1100
"""Bytes that one packed byte can become: the most that deflate reaches is 1032."""
SMALL: Final = 16 << 20
"""Bytes that are never asked about."""
_SHARE_OF_MACHINE = 0.5
_USUAL_MEMORY = 16 * GIGABYTE


def machine_memory() -> int | None:
    """Bytes that this machine has; None where it does not say."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):  # Windows
        return None


def memory_limit() -> int:
    """Bytes that reading one section may take: half of the machine's memory."""
    return int((machine_memory() or _USUAL_MEMORY) * _SHARE_OF_MACHINE)


def require(n_bytes: float, what: str) -> None:
    """Refuse what would not fit into memory.

    Raises
    ------
    ReadError
        Saying how much it would take and how much there is.
    """
    limit = memory_limit()
    if n_bytes > limit:
        msg = (
            f"{what} would take {n_bytes / GIGABYTE:,.1f} GB of memory; "
            f"{limit / GIGABYTE:,.1f} GB are allowed on this machine. Choose larger "
            "bins or a part of it, or use a machine with more memory."
        )
        raise ReadError(msg)


def require_held(declared: float, stored: float, what: str) -> None:
    """Refuse a declared size, in bytes, that so few stored bytes cannot hold.

    Raises
    ------
    ReadError
        If the file must be damaged.
    """
    if declared > SMALL + LARGEST_RATIO * stored:
        msg = (
            f"{what} declares {declared / GIGABYTE:,.3g} GB, but the file holds only "
            f"{stored:,.0f} bytes of it: it is cut off or damaged; copy it again"
        )
        raise ReadError(msg)
    require(declared, what)


@dataclass
class Budget:
    """What reading one thing piece by piece has taken so far.

    Attributes
    ----------
    what
        What is read.
    used
        Bytes taken.
    """

    what: str
    used: float = 0.0

    def take(self, n_bytes: float) -> None:
        """Count some more.

        Raises
        ------
        ReadError
            If it is more than this machine allows.
        """
        self.used += n_bytes
        require(self.used, self.what)
