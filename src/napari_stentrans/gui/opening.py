"""Files that napari opens, by drop or menu: read while the window goes on."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

from napari_stentrans.errors import ReadError, StEnTransError
from napari_stentrans.gui.jobs.section_tasks import looked_through
from napari_stentrans.io import read_section
from napari_stentrans.section.section import Section


def read_responsively(path: Path) -> Section:
    """Read a section in a thread, if there is a window that would wait for it.

    Raises
    ------
    StEnTransError
        Saying everything that is wrong with the file.
    """
    if "qtpy.QtCore" not in sys.modules:  # no window; perhaps no Qt to be had
        return _read(path)
    from napari_stentrans.gui.jobs.responsive import responsively

    return responsively(partial(_read, path), f"Opening {path.name} …")


def _read(path: Path, _report: object = None) -> Section:
    try:
        return looked_through(read_section(path))
    except StEnTransError as error:
        if "allow_normalised" not in str(error):
            raise
        here = "In the tab Section: tick 'Take normalised values', then open it there."
        msg = f"{error}\n{here}"
        raise ReadError(msg) from error
