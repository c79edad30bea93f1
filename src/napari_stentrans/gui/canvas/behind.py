"""What lies behind layers: the section or the result that they show, to be saved."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from napari_stentrans import keys
from napari_stentrans.enhanced import EnhancedSection
from napari_stentrans.errors import InvalidRequestError
from napari_stentrans.gui.canvas.layers import Role, tag_of
from napari_stentrans.section.section import Section

_MEASURED = (Role.IMAGE, Role.COUNTS, Role.GENE, Role.MISSING)


def behind(metadata: Iterable[Mapping[str, Any]]) -> Section | EnhancedSection:
    """Return the one section or result behind layers, by their metadata.

    A result, where one of the layers shows it; else the measured section.

    Raises
    ------
    InvalidRequestError
        If none of them is a layer of ours, all are painted regions, or they show
        several sections or results.
    """
    listed = list(metadata)
    tags = [tag for each in listed if (tag := tag_of(each)) is not None]
    if not tags:
        msg = (
            "none of the selected layers shows a section, so there is nothing to write "
            "in this format; save them as pictures (tif), or select layers of a section"
        )
        raise InvalidRequestError(msg)
    if all(tag.role is Role.MISSING for tag in tags):
        msg = (
            "regions alone are no section or result: save them on the tab Missing of "
            "the stEnTrans panel (GeoJSON, csv or png), or as a picture (tif); to "
            "write the section, select another of its layers, too"
        )
        raise InvalidRequestError(msg)
    sections = _distinct(tag.section for tag in tags)
    results = _distinct(each[keys.RESULT] for each in listed if keys.RESULT in each)
    if len(sections) > 1 or len(results) > 1:
        what = "sections" if len(sections) > 1 else "results"
        msg = f"the selected layers show several {what}; select layers of one of them"
        raise InvalidRequestError(msg)
    if not results and any(tag.role not in _MEASURED for tag in tags):
        msg = (
            "the result behind these layers is not known to them; select the layer of "
            "a single enhanced gene, too, or save the result from the stEnTrans panel"
        )
        raise InvalidRequestError(msg)
    found: Section | EnhancedSection = results[0] if results else sections[0]
    return found


def _distinct(things: Iterable[Any]) -> list[Any]:
    """Return each thing once, in order."""
    return list({id(thing): thing for thing in things}.values())
