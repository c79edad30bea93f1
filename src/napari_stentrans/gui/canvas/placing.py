"""Where pictures lie that a person moved.

A section stays the section it is: its results and layers go on knowing it. What
computes with its picture, or leaves the window, gets the picture as it lies.
"""

from __future__ import annotations

from dataclasses import replace
from weakref import WeakKeyDictionary

from napari_stentrans.enhanced import EnhancedSection
from napari_stentrans.section.image import Alignment, TissueImage
from napari_stentrans.section.section import Section

_moved: WeakKeyDictionary[Section, Alignment] = WeakKeyDictionary()


def lay(section: Section, alignment: Alignment) -> None:
    """Remember how the picture of a section was moved."""
    _moved[section] = alignment


def picture_of(section: Section) -> TissueImage | None:
    """Return the picture of a section as it lies now."""
    alignment = _moved.get(section)
    if section.image is None or alignment is None:
        return section.image
    return section.image.aligned(alignment)


def placed(section: Section) -> Section:
    """Return the section with its picture as it lies now."""
    image = picture_of(section)
    return section if image is section.image else replace(section, image=image)


def placed_result(result: EnhancedSection) -> EnhancedSection:
    """Return the result with the picture as it lies now."""
    section = placed(result.section)
    return result if section is result.section else result.of_section(section)
