"""A layer to paint on and the regions painted there, kept in step.

Each change by hand is taken over site by site and drawn back whole, while the mouse
still moves: what is seen is what is used. Regions live in the layer's metadata, so the
layer list is the one truth, and a widget that is opened again finds them.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any

import numpy as np
from napari.layers import Labels

from napari_stentrans import keys
from napari_stentrans.errors import InvalidRequestError
from napari_stentrans.gui.canvas.layers import tag_of
from napari_stentrans.gui.canvas.region_looks import region_colours
from napari_stentrans.progress import Progress, Steps
from napari_stentrans.section.filling import filled
from napari_stentrans.section.missing import OUTSIDE
from napari_stentrans.section.raster import raster_of
from napari_stentrans.section.regions import Regions
from napari_stentrans.section.sites import PaintSites


@dataclass(frozen=True, eq=False)
class CanvasListener:
    """What to call when something happens on the canvas.

    Attributes
    ----------
    painted
        The regions changed by hand; in the course of a stroke, many times.
    stroke_ended
        A stroke, or anything else by hand, is over, or another one begins.
    tool_changed
        Another mode, label or size of the brush was chosen, perhaps elsewhere.
    complain
        Something painted cannot be used, in plain words.
    """

    painted: Callable[[Regions], None]
    stroke_ended: Callable[[], None]
    tool_changed: Callable[[], None]
    complain: Callable[[str], None]


class RegionCanvas:
    """Draws regions on a layer, and takes over what is painted there.

    Parameters
    ----------
    layer
        The layer to paint on.
    listener
        Who wants to know.

    Attributes
    ----------
    regions
        What is painted.
    """

    def __init__(self, layer: Labels, listener: CanvasListener) -> None:
        self.layer, self._listener = layer, listener
        self._pixel: tuple[int, ...] | None = None
        self._colours: dict[int | None, str] = {}
        self.regions = _regions_of(layer)
        self.show(self.regions)
        for event, act in self._events():
            event.connect(act)
        layer.mouse_drag_callbacks.insert(0, self._follow_mouse)

    @property
    def problem(self) -> str:
        """Why what is painted cannot be used; empty if it can."""
        fault = _fault(self.layer, self.regions.sites)
        return fault and f"the canvas {fault}; delete its layer and paint anew"

    def show(self, regions: Regions) -> None:
        """Draw regions instead of what is there."""
        self.regions = regions
        self.layer.metadata[keys.REGIONS] = regions
        changed = not self.problem and not np.array_equal(
            self.layer.data, regions.picture
        )
        if changed:  # before the colours, whose change makes the layer tell of its data
            self.layer.data[...] = regions.picture
        colours = region_colours(regions.listed)
        if colours != self._colours:
            self._colours = colours
            self.layer.colormap = colours
        if changed:
            self.layer.refresh()

    def close(self) -> None:
        """Let go of the layer."""
        for event, act in self._events():
            event.disconnect(act)
        if self._follow_mouse in self.layer.mouse_drag_callbacks:
            self.layer.mouse_drag_callbacks.remove(self._follow_mouse)

    def _events(self) -> list[tuple[Any, Callable[[Any], None]]]:
        events = self.layer.events
        return [
            (events.labels_update, self._look),
            (events.set_data, self._look),
            (events.paint, self._end_stroke),
            (events.mode, self._tell_tool),
            (events.selected_label, self._tell_tool),
            (events.brush_size, self._tell_tool),
        ]

    def _look(self, _event: object = None) -> None:
        """Take over what changed, and draw whole sites."""
        if self.problem:
            self._listener.painted(self.regions)
            return
        before, picture = self.regions, np.asarray(self.layer.data)
        if np.array_equal(picture, before.picture):
            return
        if self.layer.mode == "fill" and self._pixel is not None:
            after = self._filled()
        else:
            after = before.stroked(picture)
            if after is before:
                self._listener.complain("There is no position for a spot here.")
        self.show(after)
        if after is not before:
            self._listener.painted(after)

    def _filled(self) -> Regions:
        """Fill as it makes sense on spots, instead of what napari filled.

        A label that no region has becomes one, as in a stroke.
        """
        index, pixel = self.regions.sites.index, self._pixel
        label = int(self.layer.selected_label)
        if pixel is None or index[pixel] < 0:
            return self.regions
        try:
            return filled(self.regions.having(label), int(index[pixel]), label)
        except InvalidRequestError as error:
            self._listener.complain(f"Nothing is filled: {error}")
            return self.regions

    def _follow_mouse(self, layer: Labels, event: Any) -> Generator[None, None, None]:
        """Know where the mouse is, and where a stroke begins and ends."""
        self._listener.stroke_ended()
        self._pixel = self._pixel_at(event)
        is_painting = layer.mode in ("paint", "erase", "fill", "polygon")
        yield
        while event.type == "mouse_move":
            self._pixel = self._pixel_at(event) or self._pixel
            yield
        if is_painting and self._pixel_at(event) is None:
            self._listener.complain(
                "The canvas ends two steps beyond the outermost spots; what is farther "
                "out is not painted."
            )
        self._listener.stroke_ended()

    def _pixel_at(self, event: Any) -> tuple[int, ...] | None:
        """Pixel under the mouse, None outside the picture."""
        pixel = np.rint(self.layer.world_to_data(event.position)).astype(int)[-2:]
        inside = ((pixel >= 0) & (pixel < self.layer.data.shape)).all()
        return tuple(pixel.tolist()) if inside else None

    def _end_stroke(self, _event: object = None) -> None:
        self._listener.stroke_ended()

    def _tell_tool(self, _event: object = None) -> None:
        self._listener.tool_changed()


def warming_up() -> Steps[None]:
    """Let napari compile what draws labels, which takes it seconds the first time.

    Its outline of a polygon computes every kind of dash, and remembers them.
    """
    from vispy.visuals.line.dash_atlas import DashAtlas

    yield Progress("Preparing the canvas", 0, 1)
    DashAtlas()
    Labels(np.zeros((2, 2), dtype=np.uint8), colormap=region_colours(()) | {1: "red"})


def _fault(layer: Labels, sites: PaintSites) -> str:
    """What about a layer does not fit the regions of a section; empty if all does."""
    data, expected = layer.data, sites.raster.shape
    if data.shape != expected:
        return f"has {data.shape} pixels instead of {expected}"
    if data.dtype != np.uint8:
        return f"holds numbers of the type {data.dtype} instead of uint8"
    return ""


def _regions_of(layer: Labels) -> Regions:
    """Regions that a layer shows, whoever painted them."""
    known, picture = layer.metadata.get(keys.REGIONS), np.asarray(layer.data)
    if isinstance(known, Regions):
        return known if _fault(layer, known.sites) else known.stroked(picture)
    tag = tag_of(layer.metadata)
    if tag is None:
        msg = f"{layer.name} is no canvas for regions"
        raise ValueError(msg)
    sites = PaintSites.of(tag.section, raster_of(tag.section))
    if _fault(layer, sites) or picture.max(initial=0) > OUTSIDE:
        return Regions.none(sites)
    return Regions.from_labels(sites, sites.read(picture))
