"""How a result is looked at: which two pictures, in which way, and with what beside."""

from __future__ import annotations

from weakref import WeakKeyDictionary

from napari_stentrans.enhanced import EnhancedSection
from napari_stentrans.gui.canvas.comparison import Comparison
from napari_stentrans.gui.canvas.evening import even_out
from napari_stentrans.gui.canvas.layers import Role
from napari_stentrans.gui.canvas.plan import Plan
from napari_stentrans.gui.canvas.swipe import (
    SIDES,
    SwipeHandle,
    divider_fraction,
    divider_x,
)
from napari_stentrans.gui.control.bench import Bench
from napari_stentrans.gui.control.hover import Hover
from napari_stentrans.gui.control.keyboard import Keyboard
from napari_stentrans.gui.control.looking import Looking
from napari_stentrans.gui.control.scores import Scores, names_of_pair
from napari_stentrans.gui.jobs.turns import Pieces
from napari_stentrans.gui.state.view import ViewMode, WayOfLooking
from napari_stentrans.section.section import Section

NEXT_KEY, FLIP_KEY = "N", "W"
"""Keys on the canvas: another way of comparing; the other one of the two pictures."""
FOR_SINGLE_GENES = (
    "Blink, swipe and difference are for single genes, but several are looked at "
    "together: click on a gene first"
)

_ARRANGING = "arranging"
_MODE_OF = {Role.DIFFERENCE: ViewMode.DIFFERENCE} | dict.fromkeys(SIDES, ViewMode.SWIPE)


class ViewControl:
    """Brings the canvas into the state that the session asks for."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._comparison = Comparison(bench.stage, self.arrange, bench.turns)
        self._looking = Looking(bench, self._look_anew)
        self._scores = Scores(bench, self._looking)
        self._hover = Hover(bench, self._looking)
        self._handle = SwipeHandle(bench.stage.viewer, self._divider_x, self._drag)
        self._keyboard = Keyboard(
            bench.stage.viewer, {NEXT_KEY: self.next_mode, FLIP_KEY: self.flip}
        )
        self._ways: WeakKeyDictionary[Section, WayOfLooking] = WeakKeyDictionary()
        self._left: Section | None = None
        self._grid = bench.stage.viewer.canvas.grid
        self._grid.events.enabled.connect(self._follow_grid)

    # -- what the user asks for --------------------------------------------------------

    def set_mode(self, mode: ViewMode) -> None:
        """Look at the two pictures in this way, if what is seen can be."""
        if self._is_for_what_is_seen(mode):
            self._bench.session.view.mode = mode
            self._comparison.ask_for_mode()
            self.arrange()
        else:
            self._bench.background.say(f"{FOR_SINGLE_GENES}.")

    def next_mode(self) -> None:
        """Look at the two pictures in the next way."""
        if self._bench.session.enhanced is None:
            return
        mode = self._bench.session.view.mode.following
        while not self._is_for_what_is_seen(mode):
            mode = mode.following
        self.set_mode(mode)

    def flip(self) -> None:
        """Show the other one of the two pictures; begins to blink, if need be."""
        view = self._bench.session.view
        if self._bench.session.enhanced is None:
            return
        if view.mode is ViewMode.BLINK:
            view.first_on_top = not view.first_on_top
            self.arrange()
        else:
            view.first_on_top = True
            self.set_mode(ViewMode.BLINK)

    def move_divider(self, fraction: float) -> None:
        """Divide the swipe at a fraction of the width of the section."""
        self._bench.session.view.divider = fraction
        plan = self._plan()
        if plan is not None and plan.mode is ViewMode.SWIPE:
            self._comparison.move_divider(plan)

    def compare_with(self, reference: EnhancedSection | None) -> None:
        """Compare the shown result with another one; None: with the counts."""
        self._bench.session.view.reference = reference
        self.arrange()

    def show_sd(self, *, shown: bool) -> None:
        """Show or hide the uncertainty of the result."""
        self._bench.session.view.show_sd = shown
        self.arrange()

    def fade(self, *, faded: bool) -> None:
        """Let what is uncertain be see-through, or not."""
        self._bench.session.view.fade = faded
        self.arrange()

    def show_origin(self, *, shown: bool) -> None:
        """Show or hide how each position came to be."""
        self._bench.session.view.show_origin = shown
        self.arrange()

    def even_out(self, *, even: bool) -> None:
        """Show expression as if all spots were sequenced to the same depth, or not."""
        self._bench.session.view.even = even
        self.arrange()

    def show_color_bars(self, *, shown: bool) -> None:
        """Show or hide colour bars."""
        self._bench.session.view.color_bars = shown
        self.arrange()

    def watch(self, *, watched: bool) -> None:
        """Keep scores and the values at the spots up to date while they are seen."""
        self._scores.watch(watched=watched)

    # -- keeping up --------------------------------------------------------------------

    @property
    def is_arranging(self) -> bool:
        """Whether layers are shown and hidden just now, by no hand of the user."""
        return self._comparison.is_arranging

    def arrange(self) -> None:
        """Arrange the layers of the current section anew; new ones take turns."""
        if not self._comparison.is_arranging:
            self._bench.turns.take(self.arranging(), key=_ARRANGING)

    def arrange_for_gene(self) -> None:
        """Arrange for a gene that was asked for, though another may be seen yet."""
        self._comparison.ask_for_gene()
        self.arrange()

    def arranging(self) -> Pieces:
        """Arrange the layers, piece by piece, as the session asks for by then."""
        self._even_out()
        while (plan := self._plan()) is not None and self._comparison.prepare(plan):
            yield
        self._arrange()

    def follow(self) -> None:
        """Keep up with layers that came or went."""
        self._looking.follow()
        if self._comparison.is_arranging:
            return
        view, lost = self._bench.session.view, self._comparison.take_lost()
        if view.mode in {_MODE_OF.get(role) for role in lost}:
            view.mode = ViewMode.OVERLAY
        if Role.REFERENCE in lost:
            view.reference = None
        if Role.FADED in lost:
            view.fade = False
        if Role.ORIGIN in lost:
            view.show_origin = False
        if lost or view.mode is not ViewMode.OVERLAY or view.fade:
            self._bench.turns.take(self.arranging(), key=_ARRANGING, at_once=False)
        elif (plan := self._plan()) is not None:
            self._comparison.give_bars(plan)  # also to what is only opened just now

    def clear(self) -> None:
        """Show layers as they are without a comparison, until they are arranged."""
        self._comparison.clear()

    def leave(self) -> None:
        """Go back to one canvas, before another section is chosen."""
        session, view = self._bench.session, self._bench.session.view
        section = session.section
        if section is None or section in session.sections:
            self.clear()
        else:  # napari may be about to remove what is left of it, too
            self._comparison.put_back()
            self._bench.turns.take(self._clearing(), at_once=False)
        if section is not None and section is not self._left:
            self._ways[section] = WayOfLooking.of(view)
        self._left = section
        WayOfLooking().put_into(view)

    def come_back(self) -> None:
        """Look at the section that was chosen as when it was looked at last."""
        session, self._left = self._bench.session, None
        section, result = session.section, session.enhanced
        if section in self._ways and section is not None and result is not None:
            self._ways[section].put_into(session.view)

    def close(self) -> None:
        """Let go of the viewer, as it is."""
        self._grid.events.enabled.disconnect(self._follow_grid)
        parts = (self._looking, self._scores, self._hover, self._handle, self._keyboard)
        for part in parts:
            part.close()

    def _follow_grid(self, _event: object = None) -> None:
        """End side by side once the user switches the grid off by hand."""
        mode = self._bench.session.view.mode
        is_ended = mode is ViewMode.SIDE_BY_SIDE and not self._grid.enabled
        if is_ended and not self._comparison.is_arranging:
            self.set_mode(ViewMode.OVERLAY)

    def _arrange(self) -> None:
        plan = self._plan()
        if plan is not None and self._comparison.lacks_pair(plan):
            self._bench.session.view.mode = ViewMode.OVERLAY
            plan = self._plan()
        if plan is not None:
            self._comparison.show(plan)
        self._handle.enable(on=self._divider_x() is not None)
        self._looking.follow()
        self._scores.refresh()

    def _clearing(self) -> Pieces:
        yield from ()
        self.clear()

    def _even_out(self) -> None:
        """Bring genes to one depth, where everything that is shown can be."""
        session, view = self._bench.session, self._bench.session.view
        if session.section is None:
            return
        shown = (session.enhanced, view.reference)
        can_be = all(each is None or each.depth is not None for each in shown)
        even = view.even and can_be
        even_out(self._bench.stage, session.section, session.enhanced, even=even)
        view.is_even = even  # last: who listens finds the layers so

    def _plan(self) -> Plan | None:
        session, view = self._bench.session, self._bench.session.view
        section, result = session.section, session.enhanced
        if section is None:
            return None
        if view.reference is result or view.reference not in session.run.results:
            view.reference = None
        return Plan(
            section=section,
            result=result,
            reference=view.reference,
            names=names_of_pair(session),
            gene=self._looking.single,
            mode=ViewMode.OVERLAY if result is None else view.mode,
            show_sd=view.show_sd,
            fade=view.fade and result is not None,
            show_origin=view.show_origin,
            even=view.is_even,
            color_bars=view.color_bars,
            divider=view.divider,
            first_on_top=view.first_on_top,
        )

    def _is_for_what_is_seen(self, mode: ViewMode) -> bool:
        return mode.is_for_sets or self._looking.genes is None

    def _look_anew(self) -> None:
        """Tell the values of another gene; what is arranged tells them at its end."""
        if not self._comparison.is_arranging:
            self._scores.refresh()

    def _divider_x(self) -> float | None:
        """World x of the divider, while there is one."""
        session = self._bench.session
        is_there = session.enhanced is not None and session.view.mode is ViewMode.SWIPE
        if session.section is None or not is_there or not session.genes.shown:
            return None
        return divider_x(session.section, session.view.divider)

    def _drag(self, x: float) -> None:
        section = self._bench.session.section
        if section is not None:
            self.move_divider(divider_fraction(section, x))
