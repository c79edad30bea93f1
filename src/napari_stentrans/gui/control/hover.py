"""What is under the mouse, said in the status bar in words of the section.

napari writes its own line whenever the mouse moves; ours answers to that one, so it
comes last, costs no thread, and is silent where the user switched the line off.
"""

from __future__ import annotations

from collections.abc import Callable

from napari_stentrans.gui.control.bench import Bench
from napari_stentrans.readings import counts_of, shown_reading
from napari_stentrans.section.raster import raster_of
from napari_stentrans.section.section import Section

_BETWEEN = " · "


class Hover:
    """Writes the status bar while the mouse is over the current section.

    Parameters
    ----------
    bench
        The viewer and the session.
    gene
        Says which gene is looked at.
    """

    def __init__(self, bench: Bench, gene: Callable[[], str | None]) -> None:
        self._bench, self._gene = bench, gene
        self._told = ""
        bench.stage.viewer.events.status.connect(self._answer)

    def close(self) -> None:
        """Write no more."""
        self._bench.stage.viewer.events.status.disconnect(self._answer)

    def text_at(self, world_yx: tuple[float, float]) -> str:
        """Barcode, raw, enhanced ± sd and origin at a point; empty off the section."""
        section = self._bench.session.section
        if section is None:
            return ""
        gene = self._gene()
        said = self._measured(section, gene, world_yx)
        if gene is not None:
            said += self._enhanced(gene, world_yx)
        named = [gene] if gene is not None and said else []
        if named and self._is_even:
            said.append("at even depth")
        return _BETWEEN.join(named + said)

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
            said = f"raw {counts[spot]:{'.3g' if self._is_even else 'g'}}"
        return [str(section.barcodes[spot]), said]

    def _enhanced(self, gene: str, world_yx: tuple[float, float]) -> list[str]:
        result = self._bench.session.enhanced
        position = None if result is None else result.raster.position_at(world_yx)
        if result is None or position is None:
            return []
        reading = shown_reading(result, gene, even=self._is_even)
        mean, sd = reading.mean[position, 0], reading.sd[position, 0]
        origin = str(result.targets.origin[position])
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
