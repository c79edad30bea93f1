"""The picture of the tissue, moved by hand until it lies under the spots."""

from __future__ import annotations

from weakref import WeakKeyDictionary

from napari_stentrans.enhanced import EnhancedSection
from napari_stentrans.gui.canvas.layers import Role
from napari_stentrans.gui.canvas.moved import alignment_shown, lies_like, to_world
from napari_stentrans.gui.control.bench import Bench
from napari_stentrans.gui.control.picture_tiles import PictureTiles
from napari_stentrans.gui.jobs.turns import Pieces
from napari_stentrans.section.alignment import Alignment
from napari_stentrans.section.facts import (
    PictureFit,
    better_orientation,
    slide_grey,
)
from napari_stentrans.section.section import Section

_MOVES = ("affine", "translate", "rotate", "scale", "shear")
_STRETCHED = "a picture that was stretched"


class PictureControl:
    """Moves pictures; the stage knows where each lies."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._before_reset: WeakKeyDictionary[Section, Alignment] = WeakKeyDictionary()
        self._slides: WeakKeyDictionary[Section, float] = WeakKeyDictionary()
        self._told: tuple[Section | None, Alignment | None] = (None, None)
        self._tiles = PictureTiles(bench)
        self._is_laying = False

    def move(self, alignment: Alignment) -> None:
        """Lay the picture of the current section like this."""
        section = self._bench.session.section
        if section is None or section.image is None:
            return
        self._before_reset.pop(section, None)
        self._bench.background.take_back(_STRETCHED)
        self._is_laying = True
        try:
            self._bench.stage.placing.lay(section, alignment)
        finally:
            self._is_laying = False
        self.follow()

    def reset(self) -> None:
        """Lay it where its file says; `put_back` undoes that."""
        session = self._bench.session
        section, before = session.section, session.about.alignment
        self.move(Alignment())
        if section is not None and before is not None and not before.is_none:
            self._before_reset[section] = before
            self.follow()

    def put_back(self) -> None:
        """Lay it as before it was reset."""
        before = self._bench.session.about.before_reset
        if before is not None:
            self.move(before)

    def suggest(self) -> None:
        """Lay it as most spots are on tissue, among flips and right angles."""
        better = self._bench.session.about.better
        if better is not None:
            self.move(better)

    def follow(self) -> None:
        """Tell how the picture of the current section lies, and read what is shown."""
        self._tiles.follow()
        self._watch()
        section, about = self._bench.session.section, self._bench.session.about
        placing = self._bench.stage.placing
        image = None if section is None else placing.picture_of(section)
        layer = None if section is None else self._bench.stage.find(section, Role.IMAGE)
        about.alignment = None if image is None else image.alignment
        about.before_reset = (
            None if section is None else self._before_reset.get(section)
        )
        about.is_stretched = (
            image is not None
            and layer is not None
            and not lies_like(image, to_world(layer))
        )
        if self._told == (section, about.alignment):
            return  # layers come and go; what lies under the spots does not change
        self._told = (section, about.alignment)
        if section is None or image is None or section.pixel_xy is None:
            about.fit = about.better = None
            return
        if section not in self._slides:
            self._slides[section] = slide_grey(image)
        looked = (image, section.pixel_xy, self._slides[section])
        about.fit, about.better = PictureFit.of(*looked), better_orientation(*looked)

    def placed(self, section: Section) -> Section:
        """Return the section with its picture as it lies now."""
        return self._bench.stage.placing.placed(section)

    def placed_result(self, result: EnhancedSection) -> EnhancedSection:
        """Return the result with the picture as it lies now."""
        return self._bench.stage.placing.placed_result(result)

    def close(self) -> None:
        """Read no more, and let go of the layers."""
        self._tiles.close()
        for layer, tag in self._bench.stage.tagged():
            if tag.role is Role.IMAGE:
                for name in _MOVES:
                    getattr(layer.events, name).disconnect(self._moved)

    def _watch(self) -> None:
        """Learn of what napari's own tools do to the picture."""
        for layer, tag in self._bench.stage.tagged():
            if tag.role is Role.IMAGE:
                for name in _MOVES:
                    getattr(layer.events, name).connect(self._moved)  # once

    def _moved(self, _event: object = None) -> None:
        if not self._is_laying:
            self._bench.turns.take(self._taking_over(), key=_STRETCHED)

    def _taking_over(self) -> Pieces:
        """Let the picture lie for runs and files, too, where napari has moved it."""
        yield from ()
        section, stage = self._bench.session.section, self._bench.stage
        layer = None if section is None else stage.find(section, Role.IMAGE)
        image = None if section is None else stage.placing.picture_of(section)
        if layer is None or image is None or lies_like(image, to_world(layer)):
            return
        alignment = alignment_shown(image, to_world(layer))
        if alignment is not None:
            self.move(alignment)
            return
        self.follow()
        self._bench.background.say(
            "The picture was stretched or sheared, which no run can follow: they go on "
            "with the picture as it lay. Reset, on the tab Section, puts it back.",
            about=_STRETCHED,
        )
