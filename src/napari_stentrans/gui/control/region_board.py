"""The regions of the current section: on its canvas, in the session, and before.

Keeps three things true to one another: what is painted on the layer, the steps that can
be undone, and what the session tells the panel.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from app_model.types import KeyCode, KeyMod

from napari_stentrans.errors import InvalidRequestError
from napari_stentrans.gui.canvas.region_canvas import CanvasListener, RegionCanvas
from napari_stentrans.gui.control.bench import Bench
from napari_stentrans.gui.control.history import History
from napari_stentrans.gui.control.keyboard import Keyboard
from napari_stentrans.gui.state.regions import Painted, RegionRow, Tool
from napari_stentrans.section.missing import MissingRegions
from napari_stentrans.section.regions import Regions
from napari_stentrans.section.section import Section

if TYPE_CHECKING:
    from napari.layers import Labels

UNDO = KeyMod.CtrlCmd | KeyCode.KeyZ
REDO = KeyMod.CtrlCmd | KeyMod.Shift | KeyCode.KeyZ
"""Keys on the canvas."""

OnKept = Callable[[Section, Regions], None]

PAINTING = "what is painted"
"""What a message is about that goes with the next stroke."""


class RegionBoard:
    """What is painted on the canvas of the current section.

    Attributes
    ----------
    on_kept
        Called with a section and its regions whenever these are a step to go back to.
    """

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._canvas: RegionCanvas | None = None
        self._keyboard: Keyboard | None = None
        self._histories: dict[Section, History[Regions]] = {}
        self.on_kept: OnKept = _ignore
        self._selection = bench.stage.viewer.layers.selection
        self._selection.events.active.connect(self._follow_mouse)

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

    def put(self, regions: Regions) -> None:
        """Show regions instead of those there are; undoing puts these back."""
        canvas = self._with_canvas()
        if canvas is not None:
            self._keep()
            canvas.show(regions)
            self._history(canvas).put(regions)
            self._keep()

    def undo(self) -> None:
        """Go back to before the last stroke, change, or polygon that is not closed."""
        section = self._bench.session.section
        if section is not None and self._bench.stage.painting.drop_corners(section):
            return
        history = self._history_now()
        if history is not None and history.can_undo:
            self._go_to(history.undo)

    def redo(self) -> None:
        """Do again what was undone last."""
        history = self._history_now()
        if history is not None and history.can_redo:
            self._go_to(history.redo)

    def follow(self) -> None:
        """Look at the canvas of the section that is current now."""
        section = self._bench.session.section
        layer = None if section is None else self._bench.stage.canvas(section)
        if layer is not (None if self._canvas is None else self._canvas.layer):
            self._let_go()
            if layer is not None:
                self._take_up(layer)
        if layer is None:
            self._note_deletion()
        self._forget_closed()
        self._show()

    def close(self) -> None:
        """Let go of the canvas."""
        self._selection.events.active.disconnect(self._follow_mouse)
        self._let_go()

    def _take_up(self, layer: Labels) -> None:
        self._canvas = RegionCanvas(
            layer,
            CanvasListener(self._painted, self._keep, self._show, self._complain),
        )
        # Here, not on the class: napari's own undoing knows strokes alone.
        self._keyboard = Keyboard(layer, {UNDO: self.undo, REDO: self.redo})
        history = self._history(self._canvas)
        if history.now.listed or self._canvas.regions.listed:
            history.put(self._canvas.regions)

    def _note_deletion(self) -> None:
        """Make it a step that the layer was deleted by hand, so that it can be undone.

        What is kept for the next launch stays: napari deletes layers as it closes.
        """
        history = self._history_now()
        if history is not None and history.now.listed:
            history.put(Regions.none(history.now.sites))
            history.keep()

    def _forget_closed(self) -> None:
        """Forget what was painted on sections that are not open any more."""
        session = self._bench.session
        for section in set(self._histories).difference(session.sections):
            if section is not session.section:
                del self._histories[section]

    def _let_go(self) -> None:
        if self._canvas is not None:
            self._keep()
            self._canvas.close()
            if self._keyboard is not None:
                self._keyboard.close()
            self._bench.background.take_back(PAINTING)
        self._canvas = None

    def _history(self, canvas: RegionCanvas) -> History[Regions]:
        section = canvas.regions.sites.section
        if section not in self._histories:
            self._histories[section] = History(canvas.regions)
        return self._histories[section]

    def _history_now(self) -> History[Regions] | None:
        """Steps of the current section, whether it has a canvas or lost it."""
        section = self._bench.session.section
        return None if section is None else self._histories.get(section)

    def _with_canvas(self) -> RegionCanvas | None:
        """Return the canvas of the section, made if need be."""
        section = self._bench.session.section
        if section is not None and self._canvas is None:
            self._bench.stage.painting.add_canvas(section)
            self.follow()
        return self._canvas

    def _go_to(self, step: Callable[[], Regions]) -> None:
        canvas = self._with_canvas()
        if canvas is not None:
            regions = step()
            canvas.show(regions)
            self._kept(regions)

    def _painted(self, regions: Regions) -> None:
        if self._canvas is not None:
            self._history(self._canvas).put(regions)
            self._show()
            self._bench.background.take_back(PAINTING)

    def _complain(self, text: str) -> None:
        """Tell what cannot be painted; it is forgotten with the next stroke."""
        self._bench.background.say(text, about=PAINTING)

    def _keep(self) -> None:
        """Make what was painted a step to go back to."""
        if self._canvas is not None and self._history(self._canvas).keep():
            self._kept(self._canvas.regions)

    def _kept(self, regions: Regions) -> None:
        self.on_kept(regions.sites.section, regions)
        self._show()

    def _follow_mouse(self, _event: object = None) -> None:
        """The mouse paints on the layer that is selected in napari's list alone."""
        self._show()

    def _show(self) -> None:
        """Tell the session what is on the canvas."""
        state, canvas = self._bench.session.regions, self._canvas
        if canvas is None:
            state.painted, state.rows, state.current = None, (), None
            lost = self._history_now()
            state.tool, state.can_redo = None, lost is not None and lost.can_redo
            state.can_undo = lost is not None and lost.can_undo
            return
        history, layer = self._history(canvas), canvas.layer
        if canvas.problem:
            state.painted = Painted(problem=canvas.problem)
        else:
            state.painted = Painted.of(canvas.regions.missing())
        state.rows = RegionRow.all_of(canvas.regions)
        label = int(layer.selected_label)
        state.current = label if canvas.regions.get(label) is not None else None
        has_mouse = self._selection.active == layer  # what plugins get is wrapped
        can_paint = has_mouse and layer.mode in list(Tool)
        state.tool = Tool(layer.mode) if can_paint else None
        state.brush = int(layer.brush_size)
        state.can_undo, state.can_redo = history.can_undo, history.can_redo


def _ignore(_section: Section, _regions: Regions) -> None:
    """Keep nothing."""
