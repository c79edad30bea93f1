"""The tagged layers of a viewer: finding, adding, linking and showing them.

Works with ``napari.components.ViewerModel``, so with no window at all. The layer list
is the one truth about what is shown: a layer that the user deletes is gone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from napari.layers import Layer

from napari_stentrans import keys
from napari_stentrans.enhanced import EnhancedSection
from napari_stentrans.gui.canvas import layers as looks
from napari_stentrans.gui.canvas.changes import (
    drawn_once,
    remove,
    set_visible,
    show_as,
)
from napari_stentrans.gui.canvas.gene_sets import GeneSet
from napari_stentrans.gui.canvas.layers import LayerData, LayerTag, Role, tag_of
from napari_stentrans.gui.canvas.painted import let_be_painted
from napari_stentrans.gui.jobs.turns import Pieces
from napari_stentrans.section.section import Section

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Labels

_LINKED = ("contrast_limits", "colormap", "gamma")
_TOP = (Role.MISSING, Role.SUGGESTED)
_BACKGROUND = (Role.IMAGE, Role.ORIGIN, *_TOP)
_BRUSH_PIXELS = 3


class Stage:
    """Our layers in one viewer.

    Attributes
    ----------
    viewer
    even
        Whether genes are shown at one sequencing depth.
    """

    def __init__(self, viewer: ViewerModel) -> None:
        self.viewer = viewer
        if hasattr(viewer, "window"):
            from napari_stentrans.gui.canvas.painted_drawn import draw_painted

            draw_painted()
        self.even = False
        self._put_aside: WeakKeyDictionary[Layer, bool] = WeakKeyDictionary()

    def tagged(self) -> Iterator[tuple[Layer, LayerTag]]:
        """Yield every layer of ours with its tag, the lowest first."""
        for layer in self.viewer.layers:
            tag = tag_of(layer.metadata)
            if tag is not None:
                yield layer, tag

    def sections(self) -> tuple[Section, ...]:
        """Sections that have a layer, in order of appearance."""
        return tuple(dict.fromkeys(tag.section for _, tag in self.tagged()))

    def genes(self, section: Section) -> tuple[str, ...]:
        """Genes of a section that have a layer."""
        found = [tag.gene for _, tag in self.tagged() if tag.section is section]
        return tuple(dict.fromkeys(gene for gene in found if gene is not None))

    def find(
        self,
        section: Section,
        role: Role,
        gene: str | None = None,
        of: GeneSet | None = None,
    ) -> Layer | None:
        """Return the layer that shows this, or None."""
        wanted = (role, gene, of)
        for layer, tag in self.tagged():
            if tag.section is section and (tag.role, tag.gene, tag.of) == wanted:
                return layer
        return None

    def open(self, section: Section) -> None:
        """Add the layers of a section that was opened, and look at it."""
        mine = [self._add(data) for data in looks.section_to_layers(section)]
        self.viewer.fit_to_view(layers=mine[-1:])  # the spots: pictures may be wider

    def focus(self, section: Section) -> None:
        """Show the layers of one section, as they were when it was last looked at.

        Sections lie at the same place in the world, so only one makes sense at a time.
        """
        mine = []
        for layer, tag in self.tagged():
            if tag.section is section:
                set_visible(layer, visible=self._put_aside.pop(layer, layer.visible))
                mine.append(layer)
            elif layer not in self._put_aside:
                self._put_aside[layer] = layer.visible
                set_visible(layer, visible=False)
        if self._put_aside:
            self.viewer.fit_to_view(layers=mine)

    def add(self, data: LayerData, above: Layer | None = None) -> Layer:
        """Add a layer above another one, else on top of all but the painting."""
        return self._add(data, above)

    def add_gene(
        self,
        section: Section,
        gene: str,
        enhanced: EnhancedSection | None,
        *,
        with_sd: bool = False,
    ) -> None:
        """Add the layers of a gene, on top, and hide the expression below."""
        self.add_measured(section, gene)
        if enhanced is not None:
            self.show_enhanced(enhanced, gene, with_sd=with_sd)

    def add_measured(self, section: Section, gene: str) -> None:
        """Add the layer of the counts of a gene, if there is none."""
        if self.find(section, Role.GENE, gene) is None:
            data = looks.gene_layer(section, gene, even=self.even)
            with drawn_once(self.viewer.layers):
                self.hide_expression(section)
                self._add(data)

    def remove_gene(self, section: Section, gene: str) -> None:
        """Remove every layer of a gene."""
        gone = [
            layer
            for layer, tag in self.tagged()
            if tag.section is section and tag.gene == gene
        ]
        remove(self.viewer.layers, gone)

    def show_enhanced(
        self, enhanced: EnhancedSection, gene: str, *, with_sd: bool = False
    ) -> None:
        """Put a result into the enhanced layers of a gene, at once."""
        for _ in self.showing_enhanced(enhanced, gene, with_sd=with_sd):
            pass

    def showing_enhanced(
        self, enhanced: EnhancedSection, gene: str, *, with_sd: bool = False
    ) -> Pieces:
        """Put a result into the enhanced layers of a gene, adding them if need be.

        A preview and the result that replaces it have the same positions, so the
        layers are kept and with them whatever the user changed about them. A layer of
        the sd is added only if it is asked for: adding layers is slow.
        """
        measured = self.find(enhanced.section, Role.GENE, gene)
        limits = None if measured is None else tuple(measured.contrast_limits)
        layers = looks.enhanced_layers(enhanced, gene, limits, even=self.even)
        yield from self.putting_enhanced(*layers, with_sd=with_sd)

    def putting_enhanced(
        self, of_mean: LayerData, of_sd: LayerData, *, with_sd: bool = False
    ) -> Pieces:
        """Put what is enhanced into the layers that its tags name."""
        tag: LayerTag = of_mean[1]["metadata"][keys.LAYER_TAG]
        measured, enhanced, sd = self._of_gene(tag)
        if enhanced is not None and _fits(enhanced, of_mean):
            self.fill(of_mean, enhanced)
        else:
            was_visible = enhanced is not None and enhanced.visible
            with drawn_once(self.viewer.layers):
                shown = self.fill(of_mean, enhanced, above=measured)
                if measured is not None:
                    self.replace(measured, shown)
                    set_visible(shown, visible=shown.visible or was_visible)
        if sd is None and with_sd:
            yield  # two layers are too much for one turn
        enhanced, sd = self._of_gene(tag)[1:]
        if sd is not None or (with_sd and enhanced is not None):
            self.fill(of_sd, sd, above=enhanced)

    def _of_gene(
        self, tag: LayerTag
    ) -> tuple[Layer | None, Layer | None, Layer | None]:
        """Layers of a gene, or of several: measured, enhanced, and the sd."""
        measured, enhanced, sd = (
            self.find(tag.section, role, tag.gene, tag.of)
            for role in (Role.GENE, Role.ENHANCED, Role.SD)
        )
        return measured, enhanced, sd

    def fill(
        self, data: LayerData, layer: Layer | None, *, above: Layer | None = None
    ) -> Layer:
        """Put data into a layer of the same shape, else into a new one in its place."""
        if layer is not None and _fits(layer, data):
            layer.data = data[0]
            _follow_depth(layer, data[1])
            if keys.RESULT in data[1]["metadata"]:
                layer.metadata[keys.RESULT] = data[1]["metadata"][keys.RESULT]
            return layer
        if layer is not None:
            remove(self.viewer.layers, [layer])
        return self.add(data, above)

    def remove_enhanced(self, section: Section) -> None:
        """Remove every layer that shows a result, and show the measured ones again."""
        gone = []
        for layer, tag in self.tagged():
            if tag.section is section and tag.role in (Role.ENHANCED, Role.SD):
                measured = self.find(section, Role.GENE, tag.gene, tag.of)
                if measured is not None and tag.role is Role.ENHANCED:
                    set_visible(measured, visible=measured.visible or layer.visible)
                gone.append(layer)
        remove(self.viewer.layers, gone)

    def hide_expression(self, section: Section) -> None:
        """Hide what a new layer would be confused with."""
        wanted = {
            layer: False
            for layer, tag in self.tagged()
            if tag.section is section and tag.role not in _BACKGROUND
        }
        show_as(self.viewer.layers, wanted)

    def show_sd(self, section: Section, *, shown: bool) -> None:
        """Show or hide the uncertainty of the genes whose result is visible."""
        wanted = {}
        for layer, tag in self.tagged():
            if tag.section is section and tag.role is Role.SD:
                enhanced = self.find(section, Role.ENHANCED, tag.gene, tag.of)
                wanted[layer] = shown and enhanced is not None and enhanced.visible
        show_as(self.viewer.layers, wanted)

    def canvas(self, section: Section) -> Labels | None:
        """Layer on which missing regions of a section are painted, or None."""
        return self.find(section, Role.MISSING)

    def add_canvas(self, section: Section) -> Labels:
        """Return the layer to paint on, visible, adding it if need be."""
        canvas = self.canvas(section)
        if canvas is None:
            canvas = self._add(looks.missing_layer(section))
            canvas.brush_size = _BRUSH_PIXELS
        set_visible(canvas, visible=True)
        return canvas

    def arm_brush(self, section: Section, label: int = 1, mode: str = "paint") -> None:
        """Let the mouse paint a label on the canvas, in one of napari's modes."""
        canvas = self.add_canvas(section)
        canvas.selected_label = label
        self.viewer.layers.selection.active = canvas
        canvas.mode = mode

    def show_suggestions(self, section: Section, data: LayerData | None) -> None:
        """Show outlines of suggestions instead of those before; None for none."""
        shown, active = self.find(section, Role.SUGGESTED), None
        if shown is not None:
            active = self.viewer.layers.selection.active
            remove(self.viewer.layers, [shown])
        if data is not None:
            active = self.viewer.layers.selection.active if shown is None else active
            self._add(data)
        if active in self.viewer.layers:  # a new layer would take the mouse
            self.viewer.layers.selection.active = active

    def put_brush_away(self, section: Section, *, hide: bool = False) -> None:
        """Let the mouse move the view again; hide what is painted, if asked to."""
        canvas = self.canvas(section)
        if canvas is not None:
            canvas.mode = "pan_zoom"
            set_visible(canvas, visible=canvas.visible and not hide)

    def replace(self, measured: Layer, enhanced: Layer) -> None:
        """Show a result where the measured gene was shown, in the same colours."""
        enhanced.colormap = measured.colormap
        is_seen = measured.visible
        set_visible(enhanced, visible=is_seen)
        set_visible(measured, visible=False)
        self.viewer.layers.link_layers([measured, enhanced], _LINKED)

    def _add(self, data: LayerData, above: Layer | None = None) -> Layer:
        """Add a layer at its place: the canvas on top, results above their gene."""
        layer = Layer.create(*data)
        let_be_painted(layer)
        layers = self.viewer.layers
        place = len(layers)
        if above is not None and above in layers:
            place = layers.index(above) + 1
        elif not self._is_on_top(layer):
            while place and self._is_on_top(layers[place - 1]):
                place -= 1
        layers.insert(place, layer)
        return layer

    @staticmethod
    def _is_on_top(layer: Layer) -> bool:
        tag = tag_of(layer.metadata)
        return tag is not None and tag.role in _TOP


def _fits(layer: Layer, data: LayerData) -> bool:
    """Whether a layer can hold other data of the same shape."""
    return bool(layer.data.shape == data[0].shape)


def is_even(layer: Layer) -> bool:
    """Whether a layer shows expression at one sequencing depth."""
    tag = tag_of(layer.metadata)
    return tag is not None and tag.even


def _follow_depth(layer: Layer, options: dict[str, Any]) -> None:
    """Let a layer say what depth it shows now, in colours that fit."""
    tag, now = tag_of(layer.metadata), tag_of(options["metadata"])
    if tag is None or now is None or tag.even is now.even:
        return
    layer.metadata = layer.metadata | {keys.LAYER_TAG: replace(tag, even=now.even)}
    layer.name = options["name"]
    layer.contrast_limits = options["contrast_limits"]
