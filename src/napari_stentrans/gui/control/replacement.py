"""A section takes the place of the one it was made of: other lattice, other picture."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from weakref import WeakKeyDictionary

from napari_stentrans import keys
from napari_stentrans.gui.canvas.changes import remove
from napari_stentrans.gui.canvas.successor import Shown
from napari_stentrans.gui.control.bench import Bench
from napari_stentrans.gui.control.losses import Losses
from napari_stentrans.gui.control.picture import PictureControl
from napari_stentrans.gui.control.runs import RunControl
from napari_stentrans.gui.control.sections import SectionControl
from napari_stentrans.gui.control.view import ViewControl
from napari_stentrans.gui.jobs import section_tasks
from napari_stentrans.gui.state.session import JobStatus
from napari_stentrans.progress import Steps
from napari_stentrans.section.lattice import LatticeKind
from napari_stentrans.section.section import Section


class ReplacementControl:
    """Puts another section in the place of the current one, and what still fits it."""

    def __init__(
        self,
        bench: Bench,
        view: ViewControl,
        runs: RunControl,
        picture: PictureControl,
        sections: SectionControl,
        losses: Losses,
    ) -> None:
        self._bench, self._view, self._runs = bench, view, runs
        self._picture, self._sections, self._losses = picture, sections, losses
        self._recognised: WeakKeyDictionary[Section, LatticeKind] = bench.new_notes()
        bench.session.events.status.connect(self._follow_status)

    def lay_on(self, kind: LatticeKind) -> None:
        """Take the spots of the current section to lie on another lattice.

        The section is replaced by one on that lattice, without results and regions:
        where there are some, only the second time. If its spots do not lie so, the
        reason is told and all stays as it was.
        """
        session = self._bench.session
        section = session.section
        if section is None or session.status.is_busy or kind is section.lattice.kind:
            return
        again = f"choose the lattice {kind} again"
        if not self._losses.are_known(again, with_regions=True):
            return
        self._start(
            section,
            partial(section_tasks.relaying, self._picture.placed(section), kind),
            f"now lies on this lattice: {kind}.",
            again,
        )
        self._bench.background.say(f"Looking for a {kind} lattice …")

    def may_add_picture(self) -> bool:
        """Whether a picture can be added now; where results would be lost, warns first.

        Asked before a person looks for a file.
        """
        session = self._bench.session
        is_free = session.section is not None and not session.status.is_busy
        return is_free and self._losses.are_known("ask for a picture again")

    def add_picture(self, path: str | Path) -> None:
        """Lay a full-resolution picture under the spots of the current section.

        The section is replaced by one that has it, without results, since these are
        made with the picture: where there are some, only the second time.
        """
        section = self._bench.session.section
        if section is None or not self.may_add_picture():
            return
        self._start(
            section,
            partial(section_tasks.picturing, section, Path(path)),
            "has a picture now.",
        )
        self._bench.background.say(f"Opening {Path(path).name} …")

    def follow(self) -> None:
        """Tell what lattice was recognised for the current section."""
        section, about = self._bench.session.section, self._bench.session.about
        about.recognised = (
            None
            if section is None
            else self._recognised.get(section, section.lattice.kind)
        )

    def _start(
        self,
        before: Section,
        steps: Callable[[], Steps[Section]],
        told: str,
        again: str = "",
    ) -> None:
        """Make another section of one in the background, and put it in its place.

        ``told`` is what is said of it then, after its name.
        ``again`` is how to ask for it once more, if what is painted goes with it.
        """
        self._sections.replaced = before
        regions = self._painted_on(before)

        def returned(section: Section) -> None:
            if again and self._painted_on(before) is not regions:
                self._sections.choose(before)  # what was painted meanwhile is of it
                if not self._losses.are_known(again, with_regions=True):
                    return
            self._replace(before, told, section)

        self._bench.background.run(JobStatus.OPENING, steps, returned)

    def _painted_on(self, section: Section) -> object:
        canvas = self._bench.stage.canvas(section)
        return None if canvas is None else canvas.metadata.get(keys.REGIONS)

    def _follow_status(self, status: JobStatus) -> None:
        if not status.is_busy:
            self._sections.replaced = None

    def _replace(self, before: Section, told: str, section: Section) -> None:
        """Put a section in the place of the one it was made from."""
        stage, genes = self._bench.stage, self._bench.session.genes
        current = genes.current
        had_results = self._runs.result_of(before) is not None
        self._recognised.setdefault(before, before.lattice.kind)
        self._bench.carry_over(before, section)
        self._view.leave()
        shown, old = Shown.of(stage, before), self._sections.layers(before)
        for layer in old:
            layer.name = f"{layer.name} before"  # its name is for the new one
        stage.open(section)
        self._sections.choose(section)
        is_painted_gone = shown.put_on(stage, section)
        remove(stage.viewer.layers, old)
        if current in genes.shown:
            genes.current = current
        self._view.arrange()
        told = f"{self._bench.session.name_of(section)} {told}"
        told += " What was painted is gone: paint it again." * is_painted_gone
        told += " Its results were of before: enhance it again." * had_results
        self._bench.background.say(told)
