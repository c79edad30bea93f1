"""What was shown of a section, shown of the one that takes its place.

A section never changes: another picture or lattice makes another section of it. What
a person chose to see, and painted where the sites are the same, is not lost by that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from napari_stentrans import keys
from napari_stentrans.gui.canvas import layers as looks
from napari_stentrans.gui.canvas.changes import drawn_once, set_visible
from napari_stentrans.gui.canvas.layers import LayerData, LayerTag, Role
from napari_stentrans.gui.canvas.stage import Stage
from napari_stentrans.section.regions import Regions
from napari_stentrans.section.section import Section


@dataclass(frozen=True, eq=False)
class Shown:
    """What is shown of a section, but results.

    Attributes
    ----------
    section
        The section.
    expression
        Tags of the measured layers of genes and of sets of genes, the lowest first.
    visible
        Whether each layer can be seen, by what it shows.
    regions
        What is painted; None where there is no canvas.
    """

    section: Section
    expression: tuple[LayerTag, ...]
    visible: Mapping[tuple[object, ...], bool]
    regions: Regions | None

    @classmethod
    def of(cls, stage: Stage, section: Section) -> Shown:
        """Look at a section; the layers of its results go first."""
        stage.expression.remove_enhanced(section)
        mine = [(each, tag) for each, tag in stage.tagged() if tag.section is section]
        canvas = stage.canvas(section)
        regions = None if canvas is None else canvas.metadata.get(keys.REGIONS)
        return cls(
            section,
            tuple(tag for _, tag in mine if tag.role is Role.GENE),
            {_what(tag): layer.visible for layer, tag in mine},
            regions if isinstance(regions, Regions) else None,
        )

    def put_on(self, stage: Stage, section: Section) -> bool:
        """Show the same of another section, which is open.

        Returns
        -------
        bool
            Whether what was painted is gone, since the sites are other ones.
        """
        added = [_measured(tag, section) for tag in self.expression]
        painted = None if self.regions is None else _painted(self.regions, section)
        added += [] if painted is None else [painted]
        with drawn_once(stage.viewer.layers):
            for data in added:
                stage.add(data)
            for layer, tag in stage.tagged():
                if tag.section is section:
                    visible = self.visible.get(_what(tag), layer.visible)
                    set_visible(layer, visible=visible)
        has_regions = self.regions is not None and bool(self.regions.listed)
        return has_regions and painted is None


def _what(tag: LayerTag) -> tuple[object, ...]:
    return tag.role, tag.gene, tag.of


def _measured(tag: LayerTag, section: Section) -> LayerData:
    """Layer of the same gene, or set of genes, of another section."""
    if tag.of is not None:
        return tag.of.measured_layer(section, even=tag.even)
    values, options, kind = looks.gene_layer(section, tag.gene or "", even=tag.even)
    now: LayerTag = options["metadata"][keys.LAYER_TAG]
    metadata = options["metadata"] | {
        keys.LAYER_TAG: replace(now, pinned=tag.pinned),
    }
    return values, options | {"metadata": metadata}, kind


def _painted(regions: Regions, section: Section) -> LayerData | None:
    """Canvas with the same regions; None if the sites of the section are other ones."""
    sites, before = regions.sites, regions.sites.section
    is_same = section.lattice is before.lattice
    if not is_same or not np.array_equal(section.array_rc, before.array_rc):
        return None
    _, options, kind = looks.missing_layer(section)
    of_section = replace(regions, sites=replace(sites, section=section))
    metadata = options["metadata"] | {keys.REGIONS: of_section}
    return of_section.picture.copy(), options | {"metadata": metadata}, kind
