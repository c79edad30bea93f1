"""Spots at which not a single molecule was counted. Knows no file format."""

from __future__ import annotations

from dataclasses import replace

from napari_stentrans.section.section import Section


def without_empty_spots(section: Section) -> Section:
    """Leave out spots without any count, and say so.

    Nothing was measured there: as zeros of every gene they would be taken for a place
    where nothing is expressed, and darken what is predicted around them. Their sites
    are predicted like those of other missing spots. A section of nothing else stays as
    it is.
    """
    measured = section.library_size != 0
    n_empty = int((~measured).sum())
    if n_empty in (0, section.n_spots):
        return section
    note = f"{n_empty} spots without any count left out: nothing was measured there."
    return replace(section.subset(measured), notes=(*section.notes, note))
