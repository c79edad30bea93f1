"""The one set of layers through which genes are looked at, each in place of the last.

Adding a layer to a window takes a tenth of a second and lengthens the layer list;
putting another gene into layers that are there takes a hundredth. A gene that is to
stay is pinned: its layers are left alone, and the next gene gets new ones.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from napari.layers import Layer

from napari_stentrans import keys
from napari_stentrans.enhanced import EnhancedSection
from napari_stentrans.gui.canvas import layers as looks
from napari_stentrans.gui.canvas.changes import drawn_once, remove, set_visible
from napari_stentrans.gui.canvas.layers import (
    RESULT_ROLES,
    LayerTag,
    Role,
    tag_of,
)
from napari_stentrans.gui.canvas.stage import Stage
from napari_stentrans.gui.jobs.turns import Pieces
from napari_stentrans.section.section import Section


class Browsing:
    """Shows one gene after another in the same layers."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    def unpinned(self, section: Section) -> str | None:
        """Return the gene whose layers the next gene will take over, if there is one.

        The measured layer tells: the others of the gene go along with it.
        """
        for _, tag in self._stage.tagged():
            is_ours = tag.section is section and tag.role is Role.GENE
            if is_ours and not tag.pinned:
                return tag.gene
        return None

    def showing(
        self,
        section: Section,
        gene: str,
        result: Callable[[], EnhancedSection | None],
        *,
        with_sd: bool = False,
    ) -> Pieces:
        """Show a gene; what the user made of visibility and colours stays.

        ``result`` tells whose picture is shown beside the counts by then.
        """
        stage, before = self._stage, self.unpinned(section)
        there = self._layers(section, gene)
        is_half_made = gene == before and Role.ENHANCED not in there
        if Role.GENE in there and not (is_half_made and result() is not None):
            self._bring_up(section, gene)
            return
        if before is None:
            stage.expression.add_measured(section, gene)
            self._pin(section, gene, pinned=False)
            yield
        elif before != gene:
            self._take_over(section, before, gene, has_result=result() is not None)
        enhanced = result()
        if enhanced is not None and self._layers(section, gene):
            yield from stage.expression.showing_enhanced(
                enhanced, gene, with_sd=with_sd
            )
            self._rescale_sd(section, gene)
        self._bring_up(section, gene)

    def pin(self, section: Section, gene: str) -> None:
        """Keep the layers of a gene when another one is looked at."""
        self._pin(section, gene, pinned=True)

    def _pin(self, section: Section, gene: str, *, pinned: bool) -> None:
        layer = self._stage.find(section, Role.GENE, gene)
        if layer is not None:
            _tag(layer, replace(_tag_of(layer), pinned=pinned))

    def _take_over(
        self, section: Section, before: str, gene: str, *, has_result: bool
    ) -> None:
        """Make the layers of one gene those of another.

        Those of results are filled in later; without a result they go.
        """
        even = self._stage.expression.even
        if not has_result:
            there = self._layers(section, before)
            gone = [there[role] for role in RESULT_ROLES if role in there]
            remove(self._stage.viewer.layers, gone)
        for role, layer in self._layers(section, before).items():
            _tag(layer, replace(_tag_of(layer), gene=gene))
            if role is Role.GENE:
                data, options, _ = looks.gene_layer(section, gene, even=even)
                layer.data = data
                layer.contrast_limits = options["contrast_limits"]
            self._stage.name(layer, looks.layer_name(role, gene, even=even))

    def _rescale_sd(self, section: Section, gene: str) -> None:
        layer = self._stage.find(section, Role.SD, gene)
        if layer is not None:
            layer.contrast_limits = looks.contrast_limits(layer.data)

    def _bring_up(self, section: Section, gene: str) -> None:
        """Show a gene alone: its result, or what was measured where there is none."""
        layers = self._layers(section, gene)
        shown = layers.get(Role.ENHANCED, layers.get(Role.GENE))
        if shown is None or any(layer.visible for layer in layers.values()):
            return
        with drawn_once(self._stage.viewer.layers):
            self._stage.expression.hide(section)
            set_visible(shown, visible=True)

    def _layers(self, section: Section, gene: str) -> dict[Role, Layer]:
        roles = (Role.GENE, *RESULT_ROLES)
        found = {role: self._stage.find(section, role, gene) for role in roles}
        return {role: layer for role, layer in found.items() if layer is not None}


def _tag_of(layer: Layer) -> LayerTag:
    tag = tag_of(layer.metadata)
    if tag is None:  # cannot be: the stage finds tagged layers only
        msg = f"{layer.name} is no layer of ours"
        raise TypeError(msg)
    return tag


def _tag(layer: Layer, tag: LayerTag) -> None:
    layer.metadata = layer.metadata | {keys.LAYER_TAG: tag}
