"""Pipes and devices, which have names as files have, but can be read only once."""

from __future__ import annotations

from pathlib import Path

from napari_stentrans.errors import ReadError


def refuse_pipe(path: Path) -> None:
    """Refuse what is there, but is neither a file nor a folder.

    What is in a file is looked at before it is read, which takes it out of a pipe.

    Raises
    ------
    ReadError
        Saying what to do.
    """
    if path.exists() and not path.is_file() and not path.is_dir():
        msg = (
            f"{path} is a pipe or a device, which cannot be read; save what comes out "
            "of it as a file, and name that"
        )
        raise ReadError(msg)
