"""Measured and enhanced side by side, in napari's grid: one camera for all panels.

A grid panel holds ``stride`` layers that follow one another in the layer list, hidden
ones included, so the list is brought into an order in which every panel begins at a
multiple of the stride. `panel_order` is that puzzle alone, without napari.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar
from weakref import WeakKeyDictionary

from napari.layers import Layer

from napari_stentrans.gui.canvas.captions import Captions
from napari_stentrans.gui.canvas.changes import drawn_once, set_visible
from napari_stentrans.gui.canvas.framing import look_at
from napari_stentrans.gui.canvas.stage import Stage
from napari_stentrans.gui.canvas.tagged_layers import is_on_top
from napari_stentrans.gui.jobs.turns import Pieces, Turns

if TYPE_CHECKING:
    from napari.components import ViewerModel

H = TypeVar("H", bound=Hashable)

_SPACING = 0.01
_FONT_SIZE = 11
_OF_GRID = ("enabled", "stride", "shape", "spacing")
"""What is set of the grid; switched off first, it is not laid out for the others."""


def panel_order(
    panels: Sequence[Sequence[H]], hidden: Sequence[H]
) -> tuple[list[H], int]:
    """Order layers so that each panel is a group of its own.

    Parameters
    ----------
    panels
        Layers of each panel, in order of panels, the first layer of each first.
    hidden
        Layers that are not shown. They fill up panels that hold fewer than others.

    Returns
    -------
    list
        All of them in their new order. Where the hidden ones do not suffice to fill
        up, panels keep their first layer only, and the others are among the hidden.
    int
        Layers a panel.
    """
    stride = max((len(panel) for panel in panels), default=1)
    needed = sum(stride - len(panel) for panel in panels[:-1])
    if needed > len(hidden):
        spare = [layer for panel in panels for layer in panel[1:]]
        return [panel[0] for panel in panels] + spare + list(hidden), 1
    order: list[H] = []
    rest = list(hidden)
    for panel in panels:
        missing = stride - len(panel)
        order += [*panel, *rest[:missing]]
        del rest[:missing]
    return order + rest, stride


class SideBySide:
    """Shows layers as panels that are looked at by one camera.

    Parameters
    ----------
    stage
        The layers.
    turns
        In which the names of panels are put up.
    """

    def __init__(self, stage: Stage, turns: Turns) -> None:
        self._stage, self._turns = stage, turns
        self._before: WeakKeyDictionary[Layer, bool] | None = None
        """Whether each layer was visible, in their order."""
        self._came: WeakKeyDictionary[Layer, bool] = WeakKeyDictionary()
        """Whether each layer that came meanwhile was visible as it came."""
        self._grid_before: dict[str, Any] = {}
        self._panels: list[Layer] = []
        self._captions = Captions()

    @property
    def is_on(self) -> bool:
        """Whether panels are shown."""
        return self._before is not None

    def show(self, panels: Sequence[Sequence[Layer]], per_gene: int) -> None:
        """Lay out panels, or lay them out anew.

        Parameters
        ----------
        panels
            Layers of each panel, the lowest first; panels of one gene in one row.
        per_gene
            Panels of each gene. A single gene may have one more, for the picture.
        """
        layers = self._viewer.layers
        if not panels:
            self.hide()
            return
        begins = self._before is None
        self._remember()
        shown = [layer for panel in panels for layer in panel]
        hidden = [layer for layer in layers if layer not in shown]
        order, stride = panel_order(panels, hidden)
        kept = set(order[: len(panels) * stride]).intersection(shown)
        self._panels = [panel[0] for panel in panels]
        canvas, last = self._viewer.canvas, self._panels[-1]
        size = last.extent.world[1] - last.extent.world[0]
        shape = grid_shape(
            len(panels), per_gene, _height_width(canvas.size), _height_width(size)
        )
        is_new = begins or not canvas.grid.enabled or canvas.grid.shape != shape
        is_seen = all(layer.visible is (layer in kept) for layer in layers)
        if is_new or not is_seen or order != list(layers):
            with drawn_once(layers):
                for layer in layers:
                    set_visible(layer, visible=layer in kept)
                self._reorder(order)
                canvas.grid.stride, canvas.grid.shape = stride, shape
                canvas.grid.spacing = _SPACING
                canvas.grid.enabled = True
        for panel in panels:
            if not panel[0].name_overlay.visible:
                key = ("name", id(panel[0]))
                self._turns.take(self._naming(panel[0]), key, has_time=True)
        if is_new:
            look_at(self._viewer, [last])

    def hide(self) -> None:
        """Put the layers back on top of one another, as they were before."""
        if self._before is None:
            return
        layers = self._viewer.layers
        seen = {layer: was for layer, was in self._before.items() if layer in layers}
        order = list(seen)
        new = [layer for layer in layers if layer not in seen]
        seen |= {layer: self._is_seen_then(layer) for layer in new}
        tops = [place for place, layer in enumerate(order) if is_on_top(layer)]
        place = min(tops, default=len(order))  # below what is painted
        with drawn_once(layers):
            self._give_grid_back()
            self._reorder([*order[:place], *new, *order[place:]])
            for layer, was_seen in seen.items():
                set_visible(layer, visible=was_seen)
        self._captions.hide()
        left = [layer for layer in self._panels if layer in layers]
        # Their layers hold results, which are to go once nobody asks for them.
        self._before, self._grid_before, self._panels = None, {}, []
        self._came.clear()
        look_at(self._viewer, left[-1:])  # others may be of other sections

    @property
    def _viewer(self) -> ViewerModel:
        return self._stage.viewer

    def _remember(self) -> None:
        """Note how layers and grid were, and what came since the panels were laid."""
        layers, grid = self._viewer.layers, self._viewer.canvas.grid
        if self._before is None:
            self._before = WeakKeyDictionary({each: each.visible for each in layers})
            self._grid_before = {name: getattr(grid, name) for name in _OF_GRID}
        for layer in layers:
            if layer not in self._before:
                self._came.setdefault(layer, layer.visible)

    def _give_grid_back(self) -> None:
        """Let the grid be the user's again, who may have switched it off meanwhile."""
        grid, before = self._viewer.canvas.grid, self._grid_before
        is_on = grid.enabled and before["enabled"]
        for name, value in (before | {"enabled": is_on}).items():
            setattr(grid, name, value)

    def _is_seen_then(self, layer: Layer) -> bool:
        """Whether a layer that came meanwhile is seen once the panels are gone.

        Genes of the panels would lie upon each other; of a section that was just opened
        all is seen that is to be. What is not ours is seen as it came.
        """
        section_of = {each: tag.section for each, tag in self._stage.tagged()}
        if layer not in section_of:
            return self._came.get(layer, bool(layer.visible))
        of_panels = {section_of.get(panel) for panel in self._panels}
        is_other = section_of[layer] not in of_panels
        return is_on_top(layer) or (is_other and layer.visible)

    def _naming(self, layer: Layer) -> Pieces:
        """Put up the name of a panel that is still to be seen by then."""
        yield from ()
        if self.is_on and layer in self._viewer.layers and layer.visible:
            self._captions.show(layer, "top_left", _FONT_SIZE)

    def _reorder(self, order: list[Layer]) -> None:
        layers = self._viewer.layers
        for place, layer in enumerate(order):
            now = layers.index(layer)
            if now != place:
                layers.move(now, place)


def grid_shape(
    n_panels: int, per_gene: int, canvas: tuple[float, float], size: tuple[float, float]
) -> tuple[int, int]:
    """(row, column) of the grid that shows the panels as large as the canvas allows.

    Panels of one gene stay in one row; a single gene may have a picture beside it.

    Parameters
    ----------
    n_panels, per_gene
        Panels in all, and of each gene.
    canvas, size
        (height, width) of the canvas, and of what each panel shows.
    """
    if n_panels <= per_gene + 1:
        return 1, n_panels
    n_genes = n_panels // per_gene

    def zoom(shape: tuple[int, int]) -> float:
        rows, columns = shape
        return min(canvas[0] / rows / size[0], canvas[1] / columns / size[1])

    shapes = [(-(-n_genes // wide), wide * per_gene) for wide in range(1, n_genes + 1)]
    return max(shapes, key=zoom)


def _height_width(numbers: Sequence[float]) -> tuple[float, float]:
    height, width = numbers[-2:]
    return float(height), float(width)
