"""How long things are: the distance of spots in µm, and a bar of it on the canvas."""

from __future__ import annotations

from weakref import WeakKeyDictionary

from napari_stentrans.gui.canvas.scale_bar import ScaleBar
from napari_stentrans.gui.control.bench import Bench
from napari_stentrans.gui.jobs.turns import Pieces
from napari_stentrans.section.section import Section
from napari_stentrans.section.technology import guessed_pitch_um, pitch_px

_SHOWING = "showing the scale bar"


class ScaleControl:
    """Knows how far apart the spots of each section are, and shows a scale bar."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._told: WeakKeyDictionary[Section, float | None] = bench.new_notes()
        self._guessed: WeakKeyDictionary[Section, float | None] = WeakKeyDictionary()
        self._bar = ScaleBar(bench.stage.viewer, self._switched)

    def set_pitch(self, pitch_um: float | None) -> None:
        """Say how far apart the spots of the current section are; None: unknown."""
        section = self._bench.session.section
        if section is not None:
            self._told[section] = pitch_um
            self.follow()

    def show(self, *, shown: bool) -> None:
        """Show or hide the scale bar, wherever it is known how long it is."""
        self._bench.session.view.scale_bar = shown
        self.follow()

    def follow(self) -> None:
        """Bring the bar in line with the current section."""
        session = self._bench.session
        section = session.section
        if section is None:
            session.about.pitch_um = None
            self._bar.close()
            return
        session.about.pitch_um = self._pitch_um(section)
        self._bench.turns.take(
            self._showing(section), key=_SHOWING, at_once=False, has_time=True
        )

    def close(self) -> None:
        """Give the viewer its own scale bar back."""
        self._bar.close()

    def _pitch_um(self, section: Section) -> float | None:
        """Distance of spots as it was told, else as it seems to be."""
        if section in self._told:
            return self._told[section]
        if section not in self._guessed:
            self._guessed[section] = guessed_pitch_um(section)
        return self._guessed[section]

    def _showing(self, section: Section) -> Pieces:
        """Show the bar of a section that is still looked at by then: it is slow."""
        yield from ()
        session = self._bench.session
        if session.section is section:
            pitch_um = self._pitch_um(section)
            um_per_unit = pitch_um / pitch_px(section) if pitch_um else None
            self._bar.show(um_per_unit, shown=session.view.scale_bar)

    def _switched(self, shown: bool) -> None:  # noqa: FBT001 - called by an event
        self._bench.session.view.scale_bar = shown
