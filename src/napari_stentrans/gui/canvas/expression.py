"""Layers of expression: measured, enhanced and its sd, in step with one another.

Adding a layer to a window is slow, and the user may have changed how it looks: layers
that are there are filled with other values wherever that is possible.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from napari.layers import Layer

from napari_stentrans import keys
from napari_stentrans.enhanced import EnhancedSection
from napari_stentrans.gui.canvas import layers as looks
from napari_stentrans.gui.canvas.changes import (
    drawn_once,
    set_visible,
    show_as,
)
from napari_stentrans.gui.canvas.layers import LayerData, LayerTag, Role, tag_of
from napari_stentrans.gui.canvas.tagged_layers import TaggedLayers
from napari_stentrans.gui.jobs.turns import Pieces
from napari_stentrans.section.section import Section

LINKED = ("contrast_limits", "colormap", "gamma")
"""What pictures of one gene have in common: equal colours are equal counts."""


class Expression:
    """Layers of genes, and of several genes together.

    Attributes
    ----------
    even
        Whether genes are shown at one sequencing depth.
    """

    def __init__(self, layers: TaggedLayers) -> None:
        self._layers = layers
        self.even = False

    # -- genes -------------------------------------------------------------------------

    def add_measured(self, section: Section, gene: str) -> None:
        """Add the layer of the counts of a gene, on top, if there is none.

        The expression below is hidden. The layer may have been deleted by hand, with a
        result of the gene still there: it gets the colours of that.
        """
        if self._layers.find(section, Role.GENE, gene) is not None:
            return
        data = looks.gene_layer(section, gene, even=self.even)
        enhanced = self._layers.find(section, Role.ENHANCED, gene)
        layers = self._layers.viewer.layers
        with drawn_once(layers):
            self.hide(section)
            measured = self._layers.add(data)
            if enhanced is not None:
                layers.move(layers.index(measured), layers.index(enhanced))
                _look_alike(enhanced, measured)
                self._replace(measured, enhanced)

    def remove_gene(self, section: Section, gene: str) -> None:
        """Remove every layer of a gene."""
        gone = [
            layer
            for layer, tag in self._layers.tagged()
            if tag.section is section and tag.gene == gene
        ]
        self._layers.take_away(section, gone)

    # -- results -----------------------------------------------------------------------

    def show_enhanced(self, enhanced: EnhancedSection, gene: str) -> None:
        """Put a result into the enhanced layers of a gene, at once."""
        for _ in self.showing_enhanced(enhanced, gene):
            pass

    def showing_enhanced(
        self, enhanced: EnhancedSection, gene: str, *, with_sd: bool = False
    ) -> Pieces:
        """Put a result into the enhanced layers of a gene, adding them if need be.

        A preview and the result that replaces it have the same positions, and results
        of other regions often as many: layers of the same shape are kept, and with them
        whatever the user changed about them. A layer of the sd is added only if it is
        asked for: adding layers is slow.
        """
        measured = self._layers.find(enhanced.section, Role.GENE, gene)
        limits = None if measured is None else tuple(measured.contrast_limits)
        layers = looks.enhanced_layers(enhanced, gene, limits, even=self.even)
        yield from self.putting_enhanced(*layers, with_sd=with_sd)

    def putting_enhanced(
        self, of_mean: LayerData, of_sd: LayerData, *, with_sd: bool = False
    ) -> Pieces:
        """Put what is enhanced into the layers that its tags name."""
        tag: LayerTag = of_mean[1]["metadata"][keys.LAYER_TAG]
        measured, enhanced, sd = self._of(tag)
        if enhanced is not None and _fits(enhanced, of_mean):
            self.fill(of_mean, enhanced)
        else:
            was_visible = enhanced is not None and enhanced.visible
            with drawn_once(self._layers.viewer.layers):
                shown = self.fill(of_mean, enhanced, above=measured)
                if measured is not None:
                    self._replace(measured, shown)
                    set_visible(shown, visible=shown.visible or was_visible)
        if sd is None and with_sd:
            yield  # two layers are too much for one turn
        enhanced, sd = self._of(tag)[1:]
        if sd is not None or (with_sd and enhanced is not None):
            self.fill(of_sd, sd, above=enhanced)

    def fill(
        self, data: LayerData, layer: Layer | None, *, above: Layer | None = None
    ) -> Layer:
        """Put data into a layer of the same shape, else into a new one in its place."""
        if layer is not None and _fits(layer, data):
            layer.data = data[0]
            if not np.array_equal(layer.affine.affine_matrix, data[1]["affine"]):
                layer.affine = data[1]["affine"]
            self._follow_depth(layer, data[1])
            if keys.RESULT in data[1]["metadata"]:
                layer.metadata[keys.RESULT] = data[1]["metadata"][keys.RESULT]
            return layer
        tag = None if layer is None else tag_of(layer.metadata)
        if layer is not None and tag is not None:
            self._layers.take_away(tag.section, [layer])
        return self._layers.add(data, above)

    def remove_enhanced(self, section: Section) -> None:
        """Remove every layer that shows a result, and show the measured ones again."""
        gone = []
        for layer, tag in self._layers.tagged():
            if tag.section is section and tag.role in (Role.ENHANCED, Role.SD):
                measured = self._layers.find(section, Role.GENE, tag.gene, tag.of)
                if measured is not None and tag.role is Role.ENHANCED:
                    set_visible(measured, visible=measured.visible or layer.visible)
                gone.append(layer)
        self._layers.take_away(section, gone)

    # -- what is seen ------------------------------------------------------------------

    def hide(self, section: Section) -> None:
        """Hide what a new layer would be confused with."""
        wanted = {
            layer: False
            for layer, tag in self._layers.tagged()
            if tag.section is section and tag.role not in looks.BACKGROUND
        }
        show_as(self._layers.viewer.layers, wanted)

    def is_seen(self, section: Section) -> bool:
        """Whether any picture of expression can be seen."""
        return any(layer.visible for layer in self._pictures(section))

    def show_uppermost(self, section: Section) -> None:
        """Show the picture that lies on top of the others."""
        for layer in self._pictures(section)[-1:]:
            set_visible(layer, visible=True)

    def show_sd(self, section: Section, *, shown: bool) -> None:
        """Show or hide the uncertainty of the genes whose result is visible."""
        wanted = {}
        for layer, tag in self._layers.tagged():
            if tag.section is section and tag.role is Role.SD:
                enhanced = self._layers.find(section, Role.ENHANCED, tag.gene, tag.of)
                wanted[layer] = shown and enhanced is not None and enhanced.visible
        show_as(self._layers.viewer.layers, wanted)

    def _pictures(self, section: Section) -> list[Layer]:
        return [
            layer
            for layer, tag in self._layers.tagged()
            if tag.section is section and tag.role in looks.PICTURES
        ]

    def _follow_depth(self, layer: Layer, options: dict[str, Any]) -> None:
        """Let a layer say what depth it shows now, in colours that fit."""
        tag, now = tag_of(layer.metadata), tag_of(options["metadata"])
        if tag is None or now is None or tag.even is now.even:
            return
        layer.metadata = layer.metadata | {keys.LAYER_TAG: replace(tag, even=now.even)}
        self._layers.name(layer, options["name"])
        layer.contrast_limits = options["contrast_limits"]

    def _of(self, tag: LayerTag) -> tuple[Layer | None, Layer | None, Layer | None]:
        """Layers of a gene, or of several: measured, enhanced, and the sd."""
        measured, enhanced, sd = (
            self._layers.find(tag.section, role, tag.gene, tag.of)
            for role in (Role.GENE, Role.ENHANCED, Role.SD)
        )
        return measured, enhanced, sd

    def _replace(self, measured: Layer, enhanced: Layer) -> None:
        """Show a result where the measured gene was shown, in the same colours."""
        _look_alike(measured, enhanced)
        is_seen = measured.visible
        set_visible(enhanced, visible=is_seen)
        set_visible(measured, visible=False)
        self._layers.viewer.layers.link_layers([measured, enhanced], LINKED)


def is_even(layer: Layer) -> bool:
    """Whether a layer shows expression at one sequencing depth."""
    tag = tag_of(layer.metadata)
    return tag is not None and tag.even


def _look_alike(source: Layer, goal: Layer) -> None:
    """Give a layer the colours of another: to link them does not make them alike."""
    for name in LINKED:
        setattr(goal, name, getattr(source, name))


def _fits(layer: Layer, data: LayerData) -> bool:
    """Whether a layer can hold other data of the same shape."""
    return bool(layer.data.shape == data[0].shape)
