"""The layers of several genes together, and napari's slider through them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from napari.layers import Layer

from napari_stentrans.enhanced import EnhancedSection
from napari_stentrans.gui.canvas.changes import drawn_once
from napari_stentrans.gui.canvas.expression import is_even
from napari_stentrans.gui.canvas.gene_sets import GeneSet, GeneSlider
from napari_stentrans.gui.canvas.layers import (
    LayerData,
    LayerTag,
    Role,
    contrast_limits,
    layer_name,
)
from napari_stentrans.gui.canvas.slider_words import (
    AXIS,
    SliderWords,
    number_shown,
    place,
)
from napari_stentrans.gui.canvas.stage import Stage
from napari_stentrans.gui.jobs.turns import Pieces
from napari_stentrans.section.section import Section

if TYPE_CHECKING:
    from napari.components import ViewerModel


@dataclass(frozen=True, eq=False)
class DrawnSet:
    """Layers of a set of genes: measured, and of the mean and sd of a result.

    ``even``: all of them at one sequencing depth.
    """

    of: GeneSet
    section: Section
    measured: LayerData
    enhanced: tuple[LayerData, LayerData] | None
    even: bool = False

    @classmethod
    def draw(
        cls,
        of: GeneSet,
        section: Section,
        result: EnhancedSection | None,
        *,
        even: bool = False,
    ) -> DrawnSet:
        """Draw a set; a signature of many genes may take a second."""
        measured, enhanced = of.measured_layer(section, even=even), None
        if result is not None:
            limits = measured[1]["contrast_limits"]
            enhanced = of.enhanced_layers(result, limits, even=even)
        return cls(of, section, measured, enhanced, even)


class SetLayers:
    """Puts sets of genes into the viewer, and follows the slider."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._words = SliderWords(stage.viewer)
        self._scaled: WeakKeyDictionary[Layer, tuple[Any, ...]] = WeakKeyDictionary()
        """What each layer has its contrast from."""
        for event in self._events():
            event.connect(self.follow_slider)

    def close(self) -> None:
        """Let go of the viewer, which says again what it said before."""
        for event in self._events():
            event.disconnect(self.follow_slider)
        for layer in self._viewer.layers:
            layer.events.visible.disconnect(self.follow_slider)
        self._words.hush()
        self._words.give_axis_back()

    def of(self, section: Section) -> tuple[GeneSet, ...]:
        """Sets of genes of a section that have a layer."""
        found = [tag.of for _, tag in self._stage.tagged() if tag.section is section]
        return tuple(dict.fromkeys(each for each in found if each is not None))

    def putting(self, drawn: DrawnSet, *, with_sd: bool = False) -> Pieces:
        """Show a set of genes alone, or bring what is shown of it up to date."""
        stage, section, layers = self._stage, drawn.section, self._viewer.layers
        if stage.find(section, Role.GENE, of=drawn.of) is None:
            with drawn_once(layers):
                stage.expression.hide(section)
                stage.add(drawn.measured)
            yield
        measured = stage.find(section, Role.GENE, of=drawn.of)
        if measured is not None and is_even(measured) is not drawn.even:
            stage.expression.fill(drawn.measured, measured)
        if drawn.enhanced is not None and measured is not None:
            of_mean, of_sd = drawn.enhanced
            of_mean[1]["contrast_limits"] = tuple(measured.contrast_limits)
            yield from stage.expression.putting_enhanced(
                of_mean, of_sd, with_sd=with_sd
            )
        self.follow_slider()

    def remove(self, section: Section, of: GeneSet) -> None:
        """Remove every layer of a set of genes."""
        tagged = self._stage.tagged()
        mine = (
            layer for layer, tag in tagged if (tag.section, tag.of) == (section, of)
        )
        self._stage.take_away(section, mine)
        self.follow_slider()

    def follow_slider(self, _event: object = None) -> None:
        """Name the gene that the slider shows, and give it its own contrast."""
        there = [(layer, tag) for layer, tag in self._stage.tagged() if _slides(tag)]
        seen = [(layer, tag) for layer, tag in there if layer.visible]
        if not seen:
            self._words.hush()
        if not there:
            self._words.give_axis_back()
            return
        self._words.name_axis()
        self._come_back(seen)
        for layer, tag in there:
            layer.events.visible.connect(self.follow_slider)  # once, however often
            told = self._slide(layer, tag)
            if layer.visible:  # the others may be of another section
                self._words.tell(told)

    def _come_back(self, seen: Sequence[tuple[Layer, LayerTag]]) -> None:
        """Let the slider end with the genes that are seen, if nothing else slides.

        It reaches as far as the longest, which may be of a section out of sight.
        """
        dims, mine = self._viewer.dims, [layer for layer, _ in seen]
        reach = max((len(tag.of.genes) for _, tag in seen if tag.of), default=0)
        slides = (each for each in self._viewer.layers if each.visible)
        others = [each for each in slides if each.ndim > 2 and each not in mine]
        if seen and not others and place(self._viewer) >= reach:
            dims.set_point(dims.ndim + AXIS, reach - 1)

    @property
    def _viewer(self) -> ViewerModel:
        return self._stage.viewer

    def _events(self) -> tuple[Any, ...]:
        events = self._viewer.dims.events
        return events.current_step, events.ndim

    def _slide(self, layer: Layer, tag: LayerTag) -> str:
        """Bring a layer in line with the slider; returns the gene that it shows."""
        slider = tag.of
        if not isinstance(slider, GeneSlider):
            return ""
        number = number_shown(self._viewer, len(slider.genes))
        gene = slider.genes[number]
        name = layer_name(tag.role, gene, even=tag.even)
        self._stage.name(layer, f"{name} · slider")
        # Linked to what was measured, the result needs no contrast of its own.
        has_own = tag.role is not Role.ENHANCED
        shown = number, tag.even, layer.data if tag.role is Role.SD else None
        if has_own and self._scaled.get(layer) != shown:  # else it is the user's
            self._scaled[layer] = shown
            layer.contrast_limits = (
                slider.limits(tag.section, number, even=tag.even)
                if tag.role is Role.GENE
                else contrast_limits(layer.data[number])
            )
        return f"{gene}  {number + 1} of {len(slider.genes)}"


def _slides(tag: LayerTag) -> bool:
    return isinstance(tag.of, GeneSlider)
