"""The job that reads what is looked at of a large picture."""

from __future__ import annotations

import time

from napari_stentrans.gui.canvas.tiles import Tiles
from napari_stentrans.progress import Progress, Steps

_PACE = 0.15
"""Seconds between two times that what was read is shown."""


def reading_tiles(tiles: Tiles) -> Steps[str | None]:
    """Read the tiles that are waited for, also those that come to be so meanwhile.

    Returns
    -------
    str or None
        Why a tile could not be read, if one could not.
    """
    problem: str | None = None
    shown = time.monotonic()
    with tiles.picture.opened() as reader:
        while tiles.is_waiting:
            error = tiles.read_next(reader)
            problem = problem or (str(error) if error is not None else None)
            if time.monotonic() - shown > _PACE:
                if (yield Progress("Reading the picture", 0, 0)):
                    break
                shown = time.monotonic()
    return problem
