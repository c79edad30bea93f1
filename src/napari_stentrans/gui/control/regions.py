"""What is missing: painted on a canvas as named regions, counted as it happens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from app_model.types import KeyCode, KeyMod
from napari.utils.transforms import Affine

from napari_stentrans.errors import InvalidRequestError
from napari_stentrans.gui.canvas.region_canvas import (
    CanvasListener,
    RegionCanvas,
    warming_up,
)
from napari_stentrans.gui.control.bench import Bench
from napari_stentrans.gui.control.history import History
from napari_stentrans.gui.control.view import ViewControl
from napari_stentrans.gui.jobs.desk import JobDesk, JobListener
from napari_stentrans.gui.state.regions import Painted, RegionRow, Tool
from napari_stentrans.section.missing import MissingRegions
from napari_stentrans.section.regions import RegionKind, Regions
from napari_stentrans.section.section import Section

if TYPE_CHECKING:
    from napari.layers import Labels

_UNDO = KeyMod.CtrlCmd | KeyCode.KeyZ
_REDO = KeyMod.CtrlCmd | KeyMod.Shift | KeyCode.KeyZ

OnKept = Callable[[Section, Regions], None]


class RegionControl:
    """Lets the user paint, and keeps the session true to the canvas."""

    def __init__(self, bench: Bench, view: ViewControl) -> None:
        self._bench, self._view = bench, view
        self._canvas: RegionCanvas | None = None
        self._histories: WeakKeyDictionary[Labels, History[Regions]] = (
            WeakKeyDictionary()
        )
        self._complaint = ""
        self._preparing = JobDesk(bench.start)
        self.on_kept: OnKept = _ignore

    def prepare(self) -> None:
        """Get ready in the background, so that the first stroke need not wait."""
        # The first layer reads the definitions of units. A second thread that comes
        # while they are read would find them incomplete: so they are read here.
        Affine(ndim=2)
        failed = self._bench.background.failed
        listener = JobListener(lambda _: None, lambda _: None, failed)
        self._preparing.run(warming_up, listener)

    # -- painting ------------------------------------------------------------------

    def paint(self, kind: RegionKind = RegionKind.PREDICT) -> None:
        """Arm the brush for the latest region of a kind, adding one if need be."""
        regions = self.regions
        of_kind = (
            [] if regions is None else [r for r in regions.listed if r.kind is kind]
        )
        if of_kind:
            current = self._bench.session.regions.current
            labels = [region.label for region in of_kind]
            self.choose(current if current in labels else labels[-1])
            self.use(Tool.BRUSH)
        else:
            self.add(kind)

    def use(self, tool: Tool | None) -> None:
        """Give the mouse a tool; None lets it move the view."""
        section, stage = self._bench.session.section, self._bench.stage
        if section is None:
            return
        if tool is None:
            stage.put_brush_away(section)
        elif self._with_region() is not None:
            self._arm(tool)

    def set_brush(self, width: int) -> None:
        """Set the width of the brush, in pixels of the canvas."""
        if self._canvas is not None:
            self._canvas.layer.brush_size = width

    # -- regions -------------------------------------------------------------------

    @property
    def regions(self) -> Regions | None:
        """Regions of the current section; None where it has no canvas."""
        return None if self._canvas is None else self._canvas.regions

    def missing(self) -> MissingRegions | None:
        """Return what is painted; None where the section has no canvas.

        Raises
        ------
        InvalidRequestError
            If what is painted cannot be used.
        """
        if self._canvas is None:
            return None
        if self._canvas.problem:
            raise InvalidRequestError(self._canvas.problem)
        return self._canvas.regions.missing()

    def add(self, kind: RegionKind = RegionKind.PREDICT) -> None:
        """Add a region without area, and arm the brush for it."""
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
        self._arm(self._bench.session.regions.tool or Tool.BRUSH, region.label)

    def choose(self, label: int) -> None:
        """Let the mouse paint this region."""
        if self._canvas is not None:
            self._canvas.layer.selected_label = label

    def rename(self, label: int, name: str) -> None:
        """Give a region another name, if no region of its kind has it."""
        regions, name = self.regions, name.strip()
        region = None if regions is None else regions.get(label)
        if regions is None or region is None or name in ("", region.name):
            self._show()
        elif regions.named(name, region.kind) is not None:
            self._bench.background.say(f"There is a region {name!r} already.")
            self._show()
        else:
            self.put(regions.changed(replace(region, name=name)))

    def switch(self, label: int, *, enabled: bool) -> None:
        """Take a region into account, or not."""
        regions = self.regions
        region = None if regions is None else regions.get(label)
        if regions is not None and region is not None and region.enabled != enabled:
            self.put(regions.changed(replace(region, enabled=enabled)))

    def remove(self, label: int) -> None:
        """Remove a region and what it covers."""
        if self.regions is not None:
            self.put(self.regions.without(label))

    def put(self, regions: Regions) -> None:
        """Show regions instead of those there are; undoing puts these back."""
        canvas = self._with_canvas()
        if canvas is not None:
            self._keep()
            canvas.show(regions)
            self._history(canvas).put(regions)
            self._keep()

    def undo(self) -> None:
        """Go back to before the last stroke or change."""
        if self._canvas is not None:
            self._go_to(self._canvas, self._history(self._canvas).undo())

    def redo(self) -> None:
        """Do again what was undone last."""
        if self._canvas is not None:
            self._go_to(self._canvas, self._history(self._canvas).redo())

    # -- following -----------------------------------------------------------------

    def follow(self) -> None:
        """Look at the canvas of the section that is current now."""
        section = self._bench.session.section
        layer = None if section is None else self._bench.stage.canvas(section)
        if layer is not (None if self._canvas is None else self._canvas.layer):
            self._let_go()
            if layer is not None:
                self._take_up(layer)
        self._show()

    def close(self) -> None:
        """Let go of the canvas."""
        self._preparing.discard()
        self._let_go()

    def _take_up(self, layer: Labels) -> None:
        self._canvas = RegionCanvas(
            layer,
            CanvasListener(self._painted, self._keep, self._show, self._complain),
        )
        # Here, not on the class: napari's own undoing knows strokes alone.
        layer.bind_key(_UNDO, lambda _layer: self.undo(), overwrite=True)
        layer.bind_key(_REDO, lambda _layer: self.redo(), overwrite=True)
        self._history(self._canvas).put(self._canvas.regions)

    def _let_go(self) -> None:
        if self._canvas is not None:
            self._keep()
            self._canvas.layer.bind_key(_UNDO, None)
            self._canvas.layer.bind_key(_REDO, None)
            self._canvas.close()
        self._canvas = None

    def _history(self, canvas: RegionCanvas) -> History[Regions]:
        if canvas.layer not in self._histories:
            self._histories[canvas.layer] = History(canvas.regions)
        return self._histories[canvas.layer]

    def _with_canvas(self) -> RegionCanvas | None:
        """Return the canvas of the section, made if need be."""
        section = self._bench.session.section
        if section is not None and self._canvas is None:
            self._bench.stage.add_canvas(section)
            self.follow()
        return self._canvas

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

    def _arm(self, tool: Tool, label: int | None = None) -> None:
        section, state = self._bench.session.section, self._bench.session.regions
        label = label or state.current
        if section is not None and label is not None:
            self._bench.stage.add_canvas(section)
            self._view.arrange()  # first: a layer that moves or hides drops its brush
            self._bench.stage.arm_brush(section, label, tool.value)
            self._show()

    def _go_to(self, canvas: RegionCanvas, regions: Regions) -> None:
        canvas.show(regions)
        self._kept(regions)

    def _painted(self, regions: Regions) -> None:
        if self._canvas is not None:
            self._history(self._canvas).put(regions)
            self._show()
            if self._bench.session.message.text == self._complaint:
                self._bench.background.say("")

    def _complain(self, text: str) -> None:
        """Tell what cannot be painted; it is forgotten with the next stroke."""
        self._complaint = text
        self._bench.background.say(text)

    def _keep(self) -> None:
        """Make what was painted a step to go back to."""
        if self._canvas is not None and self._history(self._canvas).keep():
            self._kept(self._canvas.regions)

    def _kept(self, regions: Regions) -> None:
        self.on_kept(regions.sites.section, regions)
        self._show()

    def _show(self) -> None:
        """Tell the session what is on the canvas."""
        state, canvas = self._bench.session.regions, self._canvas
        if canvas is None:
            state.painted, state.rows, state.current = None, (), None
            state.tool, state.can_undo, state.can_redo = None, False, False
            return
        history, layer = self._history(canvas), canvas.layer
        if canvas.problem:
            state.painted = Painted(problem=canvas.problem)
        else:
            state.painted = Painted.of(canvas.regions.missing())
        state.rows = RegionRow.all_of(canvas.regions)
        label = int(layer.selected_label)
        state.current = label if canvas.regions.get(label) is not None else None
        state.tool = Tool(layer.mode) if layer.mode in list(Tool) else None
        state.brush = int(layer.brush_size)
        state.can_undo, state.can_redo = history.can_undo, history.can_redo


def _ignore(_section: Section, _regions: Regions) -> None:
    """Keep nothing."""
