"""What is under the mouse, said in the status bar in words of the section.

napari writes its own line whenever the mouse moves; ours answers to that one, so it
comes last, costs no thread, and is silent where the user switched the line off.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_stentrans.gui.canvas.gene_sets import GeneSet
from napari_stentrans.gui.canvas.layers import Role
from napari_stentrans.gui.control.bench import Bench
from napari_stentrans.gui.control.looking import Looking
from napari_stentrans.readings import counts_of, shown_reading
from napari_stentrans.section.raster import raster_of
from napari_stentrans.section.section import Section

if TYPE_CHECKING:
    from napari.layers import Layer

_BETWEEN = " · "


class Hover:
    """Writes the status bar while the mouse is over the current section.

    Parameters
    ----------
    bench
        The viewer and the session.
    looking
        Says which gene is looked at, or which several together.
    """

    def __init__(self, bench: Bench, looking: Looking) -> None:
        self._bench, self._looking = bench, looking
        self._told = ""
        bench.stage.viewer.events.status.connect(self._answer)

    def close(self) -> None:
        """Write no more."""
        self._bench.stage.viewer.events.status.disconnect(self._answer)

    def text_at(self, world_yx: tuple[float, float]) -> str:
        """Barcode, measured, enhanced ± sd, origin at a point; empty off a section."""
        section = self._bench.session.section
        if section is None:
            return ""
        gene, genes = self._looking.gene, self._looking.genes
        name = gene
        if gene is None and genes is not None:
            name, said = genes.name, self._together(section, genes, world_yx)
        else:
            said = self._measured(section, gene, world_yx)
            said += [] if gene is None else self._enhanced(gene, world_yx)
        named = [name] if name is not None and said else []
        if named and self._is_even:
            said.append("depth-normalised")
        return _BETWEEN.join(named + said)

    def _together(
        self, section: Section, genes: GeneSet, world_yx: tuple[float, float]
    ) -> list[str]:
        """Tell several genes as one value: as they are drawn, since that takes long."""
        stage, result = self._bench.stage, self._bench.session.enhanced
        measured, mean, sd = (
            _value(stage.find(section, role, of=genes), world_yx)
            for role in (Role.GENE, Role.ENHANCED, Role.SD)
        )
        said = []
        spot = raster_of(section).position_at(world_yx)
        if spot is not None and measured is not None:
            said += [str(section.barcodes[spot]), f"measured {measured:.3g}"]
        at = None if result is None else result.raster.position_at(world_yx)
        if result is not None and at is not None and mean is not None:
            spread = "" if sd is None else f" ± {sd:.2g}"
            origin = f"origin {result.targets.origin[at]}"
            said += [f"enhanced {mean:.3g}{spread}", origin]
        return said

    def _measured(
        self, section: Section, gene: str | None, world_yx: tuple[float, float]
    ) -> list[str]:
        spot = raster_of(section).position_at(world_yx)
        if spot is None:
            return []
        if gene is None:
            said = f"{section.library_size[spot]:g} counts"
        else:
            counts = counts_of(section, gene, even=self._is_even)
            said = f"measured {counts[spot]:{'.3g' if self._is_even else 'g'}}"
        return [str(section.barcodes[spot]), said]

    def _enhanced(self, gene: str, world_yx: tuple[float, float]) -> list[str]:
        result = self._bench.session.enhanced
        position = None if result is None else result.raster.position_at(world_yx)
        if result is None or position is None:
            return []
        reading = shown_reading(result, gene, even=self._is_even)
        mean, sd = reading.mean[position, 0], reading.sd[position, 0]
        origin = f"origin {result.targets.origin[position]}"
        return [f"enhanced {mean:.3g} ± {sd:.2g}", origin]

    @property
    def _is_even(self) -> bool:
        return self._bench.session.view.is_even

    def _answer(self, _event: object = None) -> None:
        viewer = self._bench.stage.viewer
        if viewer.status == self._told or not viewer.mouse_over_canvas:
            return
        y, x = viewer.cursor.position[-2:]
        self._told = self.text_at((float(y), float(x)))
        if self._told:
            viewer.status = self._told


def _value(layer: Layer | None, world_yx: tuple[float, float]) -> float | None:
    """Value of the pixel at a world point, seen or not; None where there is none."""
    if layer is None:
        return None
    row, col = np.rint(layer.world_to_data(world_yx)).astype(int)
    rows, cols = layer.data.shape
    inside = 0 <= row < rows and 0 <= col < cols
    value = float(layer.data[row, col]) if inside else np.nan
    return value if np.isfinite(value) else None
