"""Layers that carry a tag of ours: finding them in a viewer, and putting others in.

The layer list is the one truth about what is shown: nothing is remembered here but
names that were given, and a layer that the user deletes is gone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from napari.layers import Image, Labels, Layer, Shapes

from napari_stentrans import keys
from napari_stentrans.gui.canvas.changes import insert, remove
from napari_stentrans.gui.canvas.gene_sets import GeneSet
from napari_stentrans.gui.canvas.layers import (
    LASTING,
    LayerData,
    LayerTag,
    Role,
    counts_layer,
    tag_of,
)
from napari_stentrans.gui.canvas.names import Names
from napari_stentrans.gui.canvas.painted import let_be_painted
from napari_stentrans.section.section import Section

if TYPE_CHECKING:
    from napari.components import ViewerModel

_ON_TOP = (Role.MISSING, Role.SUGGESTED)
_KINDS = {Role.MISSING: Labels, Role.SUGGESTED: Shapes}
"""Of layers that are no images."""
_ONE_EACH = (*LASTING, Role.SUGGESTED)
"""What there is one layer of; a comparison has several that say the same."""


class TaggedLayers:
    """Our layers in one viewer.

    Attributes
    ----------
    viewer
    """

    def __init__(self, viewer: ViewerModel) -> None:
        self.viewer = viewer
        self._names = Names()

    def tagged(self) -> Iterator[tuple[Layer, LayerTag]]:
        """Yield every layer of ours with its tag, the lowest first.

        napari copies the tag with the layer when it is duplicated or converted: of
        layers that say the same, or have the very same tag, only one can be ours, and
        none that is of another kind.
        """
        seen: set[object] = set()
        for layer in self.viewer.layers:
            tag = tag_of(layer.metadata)
            if tag is None or not isinstance(layer, _KINDS.get(tag.role, Image)):
                continue
            says = (tag.section, tag.role, tag.gene, tag.of)
            shown = says if tag.role in _ONE_EACH else tag
            if shown not in seen:
                seen.add(shown)
                yield layer, tag

    def disown(self, layer: Layer) -> bool:
        """Take all that is ours from a copy of a layer of ours; says whether it is one.

        It would keep the section and its results for as long as the copy is there.
        """
        if tag_of(layer.metadata) is None:
            return False
        if any(layer is ours for ours, _ in self.tagged()):
            return False
        found = layer.metadata.items()
        layer.metadata = {k: value for k, value in found if k not in keys.OF_A_LAYER}
        return True

    def sections(self) -> tuple[Section, ...]:
        """Sections that have a layer, in order of appearance.

        What is made only to compare or suggest keeps no section open.
        """
        lasting = (tag.section for _, tag in self.tagged() if tag.role in LASTING)
        return tuple(dict.fromkeys(lasting))

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

    def canvas(self, section: Section) -> Labels | None:
        """Layer on which missing regions of a section are painted, or None."""
        return self.find(section, Role.MISSING)

    def name(self, layer: Layer, name: str) -> None:
        """Name a layer of ours, with what it is called where one section is open."""
        tag = tag_of(layer.metadata)
        if tag is not None:
            self._names.give(layer, name, tag.section)

    def plain_name(self, layer: Layer) -> str:
        """Return what a layer of ours is called where one section is open."""
        return self._names.plain(layer)

    def tell_apart(self, sections: Sequence[Section]) -> None:
        """Let layers say of which section they are, if several are open."""
        self._names.follow(self.tagged(), sections)

    def add(self, data: LayerData, above: Layer | None = None) -> Layer:
        """Add a layer above another one, else on top of all that is laid over pictures.

        That is the painting, and how positions came to be: opaque, a new picture would
        cover it.
        """
        layer = Layer.create(*data)
        let_be_painted(layer)
        layers = self.viewer.layers
        place = len(layers)
        if above is not None and above in layers:
            place = layers.index(above) + 1
        elif not is_on_top(layer):
            while place and _is_laid_over(layers[place - 1]):
                place -= 1
        painted = self._painted_on()
        insert(self.viewer, place, layer)
        if painted is not None:
            layers.selection.active = painted
        return layer

    def take_away(self, section: Section, gone: Iterable[Layer]) -> None:
        """Remove layers of a section, which stays open: only a user closes it.

        Where none would be left, since the others were deleted by hand, its total
        counts are shown again.
        """
        gone = list(gone)
        left = [
            layer
            for layer, tag in self.tagged()
            if tag.section is section and tag.role in LASTING and layer not in gone
        ]
        if gone and not left:
            self.add(counts_layer(section))
        remove(self.viewer.layers, gone)

    def _painted_on(self) -> Layer | None:
        """Return the layer that has the brush: napari selects what is added."""
        active = self.viewer.layers.selection.active
        if isinstance(active, Labels) and is_on_top(active):
            return active if str(active.mode) != "pan_zoom" else None
        return None


def is_on_top(layer: Layer) -> bool:
    """Whether a layer belongs on top of all others: what is painted, or suggested."""
    tag = tag_of(layer.metadata)
    return tag is not None and tag.role in _ON_TOP


def _is_laid_over(layer: Layer) -> bool:
    """Whether a new picture goes below a layer."""
    tag = tag_of(layer.metadata)
    return tag is not None and tag.role in (*_ON_TOP, Role.ORIGIN)
