"""A picture that a person lays under a section, where its instrument says it lies."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from napari_stentrans.errors import InvalidRequestError
from napari_stentrans.io.formats.merscope import reader as merscope
from napari_stentrans.io.formats.xenium import reader as xenium
from napari_stentrans.io.pictures.images import misfit_note
from napari_stentrans.io.pictures.laid import read_laid
from napari_stentrans.io.pictures.large import read_picture
from napari_stentrans.section.image import TissueImage
from napari_stentrans.section.lattice import FloatArray
from napari_stentrans.section.section import Section

_SAME_SIZE = 0.01
"""Sizes that differ by less than this share are taken for the same."""


def with_picture(section: Section, path: Path) -> Section:
    """Return the section with this picture instead of its own.

    A picture whose instrument tells where it lies is laid there. Any other is taken for
    the full-resolution one, in whose pixels the spots lie; or, where the section's own
    picture tells the full size, for a copy of it if it is of another size, which then
    lies as that one does.

    Raises
    ------
    InvalidRequestError
        If the section has no pixel positions, which could be laid on a picture.
    ReadError
        If the picture is none, or damaged.
    """
    if section.pixel_xy is None:
        msg = (
            f"{section.name} has no pixel positions, so no picture can be laid under "
            "its spots; leave the image out"
        )
        raise InvalidRequestError(msg)
    laid = _laid(section, path)
    if laid is not None:
        return _shown_with(section, laid, section.pixel_xy)
    image = read_picture(path)
    full_width = _full_width(section)
    if section.image is not None and full_width is not None:
        width = image.data.shape[1] / image.scale
        ratio = width / full_width
        if abs(ratio - 1) > _SAME_SIZE:  # a copy of another size
            image = replace(image, scale=image.scale * ratio)
        image = replace(image, laid=section.image.laid)
    return _shown_with(section, image, section.pixel_xy)


def _shown_with(section: Section, image: TissueImage, spots: FloatArray) -> Section:
    """Return the section with an image, and what is to say of that one alone."""
    gone = [] if section.image is None else misfit_note(section.image, spots)
    kept = (note for note in section.notes if note not in gone)
    return replace(section, image=image, notes=(*kept, *misfit_note(image, spots)))


def _laid(section: Section, path: Path) -> TissueImage | None:
    """Read the picture where the instrument of the section says that it lies."""
    if section.source is None:
        return None
    for instrument in (xenium, merscope):
        found = instrument.laid_picture(Path(section.source), path)
        if found is not None:
            return read_laid(found)
    return None


def _full_width(section: Section) -> float | None:
    """Width of the full-resolution picture, if the section's own picture tells it."""
    if section.image is None or section.pixel_xy is None:
        return None
    if misfit_note(section.image, section.pixel_xy):
        return None  # it is of something else
    return float(section.image.data.shape[1] / section.image.scale)
