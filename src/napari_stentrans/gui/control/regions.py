"""What is missing: painted as named regions, with the tools of the mouse."""

from __future__ import annotations

from dataclasses import replace

from napari.utils.transforms import Affine

from napari_stentrans.errors import InvalidRequestError
from napari_stentrans.gui.canvas.region_canvas import RegionCanvas, warming_up
from napari_stentrans.gui.control.bench import Bench
from napari_stentrans.gui.control.region_board import RegionBoard
from napari_stentrans.gui.control.view import ViewControl
from napari_stentrans.gui.jobs.desk import JobDesk, JobListener
from napari_stentrans.gui.jobs.turns import Pieces
from napari_stentrans.gui.state.regions import Tool
from napari_stentrans.gui.state.view import ViewMode
from napari_stentrans.section.regions import RegionKind
from napari_stentrans.section.section import Section

_ARMING = "arming a brush"
_NAMING = "name of a region"
_FLAT = 2
"""Dimensions that are displayed where the mouse can paint."""


class RegionControl(RegionBoard):
    """Lets the user paint regions, name them and choose among them."""

    def __init__(self, bench: Bench, view: ViewControl) -> None:
        super().__init__(bench)
        self._view = view
        self._preparing = JobDesk(bench.start)
        self._dims = bench.stage.viewer.dims
        self._dims.events.ndisplay.connect(self._follow_dims)

    def prepare(self) -> None:
        """Get ready in the background, so that the first stroke need not wait."""
        # The first layer reads the definitions of units. A second thread that comes
        # while they are read would find them incomplete: so they are read here.
        Affine(ndim=2)
        listener = JobListener(failed=self._bench.background.failed)
        self._preparing.run(warming_up, listener)

    # -- painting ------------------------------------------------------------------

    def paint(self, kind: RegionKind = RegionKind.PREDICT) -> None:
        """Arm the brush for the latest region of a kind, adding one if need be."""
        self._take(self._painting(kind))

    def _painting(self, kind: RegionKind) -> Pieces:
        yield from self._making_canvas()
        regions = self.regions
        of_kind = (
            [] if regions is None else [r for r in regions.listed if r.kind is kind]
        )
        if of_kind:
            current = self._bench.session.regions.current
            labels = [region.label for region in of_kind]
            self.choose(current if current in labels else labels[-1])
            yield from self._arming(Tool.BRUSH)
        else:
            yield from self._adding(kind)

    def use(self, tool: Tool | None) -> None:
        """Give the mouse a tool; None lets it move the view."""
        section = self._bench.session.section
        if tool is not None:
            self._take(self._using(tool))
        elif section is not None:
            self.put_brush_away(section)

    def put_brush_away(self, section: Section) -> None:
        """Let the mouse move the view, also if it is just about to get a tool."""
        self._bench.turns.give_up(_ARMING)
        self._bench.stage.painting.put_brush_away(section)

    def _using(self, tool: Tool) -> Pieces:
        yield from self._making_canvas()
        if self._with_region() is not None:
            yield from self._arming(tool)

    def set_brush(self, width: int) -> None:
        """Set the width of the brush, in pixels of the canvas."""
        if self._canvas is not None:
            self._canvas.layer.brush_size = width

    # -- regions -------------------------------------------------------------------

    def add(self, kind: RegionKind = RegionKind.PREDICT) -> None:
        """Add a region without area, and arm the brush for it."""
        self._take(self._adding(kind))

    def _adding(self, kind: RegionKind) -> Pieces:
        yield from self._making_canvas()
        canvas = self._with_canvas()
        if canvas is None:
            return
        try:
            regions, region = canvas.regions.with_new(kind)
        except InvalidRequestError as error:
            self._bench.background.complain(error)
            return
        self.put(regions)
        canvas.layer.selected_label = region.label
        tool = self._bench.session.regions.tool or Tool.BRUSH
        yield from self._arming(tool, region.label)

    def choose(self, label: int) -> None:
        """Let the mouse paint this region."""
        if self._canvas is not None:
            self._canvas.layer.selected_label = label

    def rename(self, label: int, name: str) -> None:
        """Give a region another name, if no region of its kind has it."""
        regions, name = self.regions, name.strip()
        region = None if regions is None else regions.get(label)
        if regions is None or region is None or name == region.name:
            return
        if not name:
            told = f"A region needs a name; it is still called {region.name!r}."
            self._bench.background.say(told, about=_NAMING)
        elif regions.named(name, region.kind) is not None:
            told = f"There is a region {name!r} already."
            self._bench.background.say(told, about=_NAMING)
        else:
            self._bench.background.take_back(_NAMING)
            self.put(regions.changed(replace(region, name=name)))

    def switch(self, label: int, *, enabled: bool) -> None:
        """Take a region into account, or not."""
        regions = self.regions
        region = None if regions is None else regions.get(label)
        if regions is not None and region is not None and region.enabled != enabled:
            self.put(regions.changed(replace(region, enabled=enabled)))

    def remove(self, label: int) -> None:
        """Remove a region and what it covers; the mouse paints another from then on."""
        regions = self.regions
        region = None if regions is None else regions.get(label)
        if regions is None or region is None:
            return
        was_current = self._bench.session.regions.current == label
        left = regions.without(label)
        self.put(left)
        alike = [each for each in left.listed if each.kind is region.kind]
        if was_current and left.listed:
            self.choose((alike or left.listed)[-1].label)

    def close(self) -> None:
        """Let go of the canvas, and prepare no more."""
        self._dims.events.ndisplay.disconnect(self._follow_dims)
        self._preparing.discard()
        super().close()

    def _with_region(self) -> RegionCanvas | None:
        """Return the canvas, with a current region to paint."""
        canvas = self._with_canvas()
        if canvas is not None and self._bench.session.regions.current is None:
            regions = canvas.regions
            if not regions.listed:
                regions, _ = regions.with_new(RegionKind.PREDICT)
                self.put(regions)
            canvas.layer.selected_label = regions.listed[-1].label
        return canvas

    def _follow_dims(self, _event: object = None) -> None:
        """Put the brush away in 3D, where napari paints nothing on a flat layer."""
        section = self._bench.session.section
        is_armed = self._bench.session.regions.tool is not None
        if section is not None and is_armed and self._dims.ndisplay != _FLAT:
            self.put_brush_away(section)
            self._bench.background.say(
                "Nothing can be painted in 3D: the mouse moves the view now. Choose a "
                "tool, and the view is in 2D again."
            )

    def _take(self, pieces: Pieces) -> None:
        """Do what arms a brush, in place of what would have armed it."""
        self._bench.turns.take(pieces, key=_ARMING)

    def _making_canvas(self) -> Pieces:
        """Make the canvas of the section, if need be, and wait for a turn."""
        if self._canvas is None and self._with_canvas() is not None:
            yield

    def _arming(self, tool: Tool, label: int | None = None) -> Pieces:
        section, state = self._bench.session.section, self._bench.session.regions
        label = label or state.current
        if section is not None and label is not None:
            if self._dims.ndisplay != _FLAT:
                self._dims.ndisplay = _FLAT
                self._bench.background.say("To paint, the view is in 2D again.")
            canvas = self._bench.stage.painting.add_canvas(section)
            # First: a layer that moves or hides drops its brush.
            yield from self._view.arranging()
            if not canvas.visible:  # several genes side by side leave it no room
                self._view.set_mode(ViewMode.OVERLAY)
                yield from self._view.arranging()
                self._bench.background.say(
                    "To paint, the pictures lie on top of one another again: side by "
                    "side there is room for it with a single gene."
                )
            self._bench.stage.painting.arm_brush(section, label, tool.value)
            self._show()
