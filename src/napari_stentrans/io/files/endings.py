"""Which of the known endings a name has: it says what is written."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

from napari_stentrans.errors import InvalidRequestError


def ending_among(path: Path, known: Collection[str], told: Mapping[str, str]) -> str:
    """Return the ending of a name, the longest that fits.

    Parameters
    ----------
    path
        What is to be written.
    known
        Every ending, in small letters; "" if a name without one says something, too.
    told
        What to say of the endings to somebody who gave none of them.

    Raises
    ------
    InvalidRequestError
        If the name has none of them.
    """
    name = path.name.lower()
    found = [ending for ending in known if ending and name.endswith(ending)]
    if found:
        return max(found, key=len)
    if "" in known and not path.suffix:
        return ""
    lines = [f"  {f'NAME{ending}':14} {what}" for ending, what in told.items()]
    msg = "\n".join(
        [f"{path.name}: give it an ending that says what to write:", *lines]
    )
    raise InvalidRequestError(msg)
