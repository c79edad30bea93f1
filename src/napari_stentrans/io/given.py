"""A section out of what a script has in hand."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from napari_stentrans.errors import InvalidRequestError
from napari_stentrans.section.section import Section

if TYPE_CHECKING:
    from anndata import AnnData


def as_section(given: Section | AnnData, asking: str) -> Section:
    """Return a section as it is, and an AnnData read as one.

    Parameters
    ----------
    given
        What was passed to a function.
    asking
        Name of that function.

    Raises
    ------
    InvalidRequestError
        If it is a path, which has to be read first.
    ReadError, InvalidSectionError
        If the AnnData holds no section.
    """
    if isinstance(given, Section):
        return given
    if isinstance(given, str | Path):
        msg = f"read the section first: {asking}(read_section({str(given)!r}), ...)"
        raise InvalidRequestError(msg)
    from napari_stentrans.io.formats.h5ad.reader import section_from_anndata

    return section_from_anndata(given)
