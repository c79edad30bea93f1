"""A section out of what a script has in hand."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from napari_stentrans.errors import InvalidRequestError
from napari_stentrans.section.section import Section

if TYPE_CHECKING:
    from anndata import AnnData


def as_section(given: Section | AnnData, asking: str) -> Section:
    """Return a section as it is, and an AnnData read as one.

    What was noted while reading the AnnData is told as warnings, as if by the line that
    called the function: whoever hands one in never sees the section and its notes.

    Parameters
    ----------
    given
        What was passed to a function.
    asking
        Name of that function.

    Raises
    ------
    InvalidRequestError
        If it is a path, which has to be read first, or neither of the two.
    ReadError, InvalidSectionError
        If the AnnData holds no section.
    """
    if isinstance(given, Section):
        return given
    if isinstance(given, str | Path):
        msg = f"read the section first: {asking}(read_section({str(given)!r}), ...)"
        raise InvalidRequestError(msg)
    from anndata import AnnData

    from napari_stentrans.io.formats.h5ad.reader import section_from_anndata

    if not isinstance(given, AnnData):
        msg = (
            f"{asking} takes a Section (of read_section) or an AnnData, not "
            f"{type(given).__name__}"
        )
        raise InvalidRequestError(msg)
    section = section_from_anndata(given)
    for note in section.notes:
        warnings.warn(note, stacklevel=3)
    return section
