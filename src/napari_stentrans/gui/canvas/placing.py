"""Where pictures lie that a person moved.

A section stays the section it is: its results and layers go on knowing it. What
computes with its picture, or leaves the window, gets the picture as it lies. That is
kept with each of its layers: a panel opened anew and napari's own saving find it there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from napari_stentrans import keys
from napari_stentrans.enhanced import EnhancedSection
from napari_stentrans.gui.canvas.layers import LayerData, Role, tag_of
from napari_stentrans.gui.canvas.tagged_layers import TaggedLayers
from napari_stentrans.section.alignment import Alignment
from napari_stentrans.section.image import TissueImage
from napari_stentrans.section.section import Section

_UNMOVED = {
    "translate": np.zeros(2),
    "rotate": np.eye(2),
    "scale": np.ones(2),
    "shear": np.zeros(1),
}
"""What napari has besides an affine map."""


class Placing:
    """Lays the pictures of the sections in one viewer."""

    def __init__(self, layers: TaggedLayers) -> None:
        self._layers = layers

    def lay(self, section: Section, alignment: Alignment) -> None:
        """Let the picture of a section lie like this from now on."""
        for layer, tag in self._layers.tagged():
            if tag.section is not section:
                continue
            layer.metadata[keys.ALIGNMENT] = alignment
            if tag.role is Role.IMAGE and section.image is not None:
                for name, value in _UNMOVED.items():
                    if not np.array_equal(getattr(layer, name), value):
                        setattr(layer, name, value)
                layer.affine = section.image.aligned(alignment).shown_affine

    def noted(self, data: LayerData) -> LayerData:
        """Return a layer to be added that knows where the picture lies, too."""
        values, options, kind = data
        tag = tag_of(options["metadata"])
        alignment = None if tag is None else self._of(tag.section)
        if alignment is None:
            return data
        metadata = options["metadata"] | {keys.ALIGNMENT: alignment}
        return values, options | {"metadata": metadata}, kind

    def picture_of(self, section: Section) -> TissueImage | None:
        """Return the picture of a section as it lies now."""
        return _laid(section.image, self._of(section))

    def placed(self, section: Section) -> Section:
        """Return the section with its picture as it lies now."""
        return _placed(section, self._of(section))

    def placed_result(self, result: EnhancedSection) -> EnhancedSection:
        """Return the result with the picture as it lies now."""
        return _placed_result(result, self._of(result.section))

    def _of(self, section: Section) -> Alignment | None:
        tagged = self._layers.tagged()
        return _known(layer.metadata for layer, tag in tagged if tag.section is section)


def placed(
    what: Section | EnhancedSection, metadata: Iterable[Mapping[str, Any]]
) -> Section | EnhancedSection:
    """Return what lies behind layers, its picture as their metadata say it lies."""
    alignment = _known(metadata)
    if isinstance(what, Section):
        return _placed(what, alignment)
    return _placed_result(what, alignment)


def _known(metadata: Iterable[Mapping[str, Any]]) -> Alignment | None:
    found = (each[keys.ALIGNMENT] for each in metadata if keys.ALIGNMENT in each)
    return next(found, None)


def _laid(image: TissueImage | None, alignment: Alignment | None) -> TissueImage | None:
    return image if image is None or alignment is None else image.aligned(alignment)


def _placed(section: Section, alignment: Alignment | None) -> Section:
    image = _laid(section.image, alignment)
    return section if image is section.image else replace(section, image=image)


def _placed_result(
    result: EnhancedSection, alignment: Alignment | None
) -> EnhancedSection:
    section = _placed(result.section, alignment)
    return result if section is result.section else result.of_section(section)
