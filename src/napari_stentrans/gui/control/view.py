"""How a result is looked at: one canvas, or panels beside one another."""

from __future__ import annotations

from napari_stentrans.gui.canvas.side_by_side import SideBySide
from napari_stentrans.gui.control.bench import Bench


class ViewControl:
    """Brings the canvas into the state that the session asks for."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._panels = SideBySide(bench.stage)

    def show_side_by_side(self, *, shown: bool) -> None:
        """Show measured and enhanced genes as panels, or on top of one another."""
        self._bench.session.view.side_by_side = shown
        self.arrange()

    def show_sd(self, *, shown: bool) -> None:
        """Show or hide the uncertainty of the result."""
        self._bench.session.view.show_sd = shown
        self.arrange()

    def arrange(self) -> None:
        """Arrange the layers of the current section anew."""
        session, view = self._bench.session, self._bench.session.view
        if session.section is None:
            return
        if view.side_by_side and session.enhanced is not None:
            self._panels.show(session.section, with_sd=view.show_sd)
            return
        self._panels.hide()
        self._bench.stage.show_sd(session.section, shown=view.show_sd)

    def follow(self) -> None:
        """Lay panels out anew after the layer list changed."""
        if self._panels.is_on:
            self.arrange()

    def leave(self) -> None:
        """Go back to one canvas, before another section is chosen."""
        self._panels.hide()
        self._bench.session.view.side_by_side = False
