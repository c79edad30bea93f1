"""Glue between the viewer, the session and the library: one method a user's wish.

Hands frozen values to jobs and applies their results in the main thread. Knows neither
Qt nor any widget, and runs on ``napari.components.ViewerModel`` with any `StartJob`.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_stentrans.config import RunConfig
from napari_stentrans.enhanced import EnhancedSection
from napari_stentrans.errors import InvalidRequestError, StEnTransError
from napari_stentrans.gui import tasks
from napari_stentrans.gui.background import Background
from napari_stentrans.gui.compare import SideBySide
from napari_stentrans.gui.jobs import JobDesk, JobListener, StartJob
from napari_stentrans.gui.painting import Painting
from napari_stentrans.gui.session import EnhanceSession, JobStatus
from napari_stentrans.gui.stage import Stage
from napari_stentrans.gui.workers import start_job
from napari_stentrans.progress import Progress
from napari_stentrans.section.missing import PREDICT, MissingRegions
from napari_stentrans.section.section import Section

if TYPE_CHECKING:
    from napari.components import ViewerModel


class Controller:
    """Does what the user asks for.

    Parameters
    ----------
    viewer
        Where layers are shown.
    session
        State that widgets show.
    start
        How jobs are run in the background.
    """

    def __init__(
        self, viewer: ViewerModel, session: EnhanceSession, start: StartJob = start_job
    ) -> None:
        self.session = session
        self.stage = Stage(viewer)
        self._panels = SideBySide(self.stage)
        self._background = Background(session, start)
        self._library = JobDesk(start)
        self._results: dict[Section, EnhancedSection] = {}
        self._before: EnhancedSection | None = None
        self._painting = Painting(self.stage, session)
        viewer.layers.events.inserted.connect(self._sync)
        viewer.layers.events.removed.connect(self._sync)
        self._sync()

    def look_up_methods(self) -> None:
        """Fetch what the methods say of themselves.

        In the background, since it imports torch: the first run then starts at once.
        """
        session = self.session

        def known(summaries: dict[str, str]) -> None:
            session.summaries = summaries

        failed = self._background.failed
        self._library.run(
            tasks.summaries_of_methods, JobListener(_ignore, known, failed)
        )

    # -- sections and genes --------------------------------------------------------

    def open(self, path: str | Path) -> None:
        """Read a section in the background and show it."""
        self._background.run(
            JobStatus.OPENING, partial(tasks.reading, Path(path)), self._opened
        )
        self._background.say(f"Opening {Path(path).name} …")

    def choose(self, section: Section | None) -> None:
        """Work on this section."""
        if section is self.session.section or self.session.status.is_enhancing:
            return
        self._panels.hide()
        self.session.section = section
        self.session.enhanced = None if section is None else self._results.get(section)
        self.session.side_by_side = False
        if section is not None:
            self.stage.focus(section)
        self._sync()

    def add_genes(self, genes: Iterable[str]) -> None:
        """Show genes; every name that the section does not have is told."""
        section = self.session.section
        names = list(dict.fromkeys(genes))
        if section is None or not names:
            return
        try:
            section.gene_index(names)
        except StEnTransError as error:
            self._background.complain(error)
            names = [name for name in names if name in section.genes]
        else:
            self._background.say("")
        for name in names:
            self.stage.add_gene(section, name, self.session.enhanced)
        self._arrange()

    def remove_gene(self, gene: str) -> None:
        """Remove the layers of a gene."""
        if self.session.section is not None:
            self.stage.remove_gene(self.session.section, gene)
            self._arrange()

    # -- painting ------------------------------------------------------------------

    def paint(self, label: int = PREDICT) -> None:
        """Arm the brush on the section: predict here, outside the tissue, or erase."""
        if self.session.section is not None:
            self.stage.add_canvas(self.session.section)
            self._arrange()  # first, since a layer that moves or hides drops its brush
            self.stage.arm_brush(self.session.section, label)

    def missing(self) -> MissingRegions | None:
        """Return what is painted on the section; None where it has no canvas."""
        return self._painting.regions()

    # -- the run -------------------------------------------------------------------

    def configure(self, **choices: Any) -> None:
        """Change the configuration of the next run."""
        chosen = self.session.config.model_dump() | choices
        self.session.config = RunConfig.model_validate(chosen)

    def enhance(self) -> None:
        """Enhance the section in the background."""
        from napari_stentrans.pipeline import enhance_steps

        section = self.session.section
        if section is None or self.session.status.is_busy:
            return
        try:
            missing = self.missing()
        except InvalidRequestError as error:
            self._background.complain(error)
            return
        self.stage.put_brush_away(section)
        self._before = self.session.enhanced
        steps = partial(enhance_steps, section, self.session.config, missing=missing)
        self._background.run(
            JobStatus.ENHANCING,
            steps,
            self._enhanced,
            self._not_enhanced,
            self._progressed,
        )
        self._background.say("Starting …")

    def stop(self) -> None:
        """End the run early and keep what it has."""
        if self.session.status is JobStatus.ENHANCING:
            self._background.stop()
            self._background.say("Stopping; what is there is kept …")

    def cancel(self) -> None:
        """Discard what runs; after an enhancement put the previous result back."""
        status = self.session.status
        self._background.discard()
        if status.is_enhancing:
            self._restore()
            back = "" if self._before is None else " The previous result is back."
            self._background.say(f"Cancelled.{back}")
        elif status.is_busy:
            self._background.say("Cancelled.")

    def save(self, path: str | Path) -> None:
        """Write the result as h5ad, in the background."""
        enhanced = self.session.enhanced
        if enhanced is None or self.session.status.is_busy:
            return
        path = Path(path)
        path = path if path.suffix == ".h5ad" else path.with_name(f"{path.name}.h5ad")
        self._background.run(
            JobStatus.SAVING,
            partial(tasks.saving, enhanced, path),
            lambda written: self._background.say(f"Saved {written}"),
        )
        self._background.say(f"Saving {path.name} …")

    def result_of(self, section: Section) -> EnhancedSection | None:
        """Return the latest finished result of a section, not a preview."""
        return self._results.get(section)

    # -- looking at it -------------------------------------------------------------

    def show_side_by_side(self, *, shown: bool) -> None:
        """Show measured and enhanced genes as panels, or on top of one another."""
        self.session.side_by_side = shown
        self._arrange()

    def show_sd(self, *, shown: bool) -> None:
        """Show or hide the uncertainty of the result."""
        self.session.show_sd = shown
        self._arrange()

    def close(self) -> None:
        """Let go of the viewer and discard what runs."""
        events = self.stage.viewer.layers.events
        events.inserted.disconnect(self._sync)
        events.removed.disconnect(self._sync)
        self._painting.close()
        self._background.close()
        self._library.discard()

    # -- inside --------------------------------------------------------------------

    def _progressed(self, progress: Progress) -> None:
        if isinstance(progress.partial, EnhancedSection):
            self._show(progress.partial)
        self.session.progressed.emit(progress)

    def _opened(self, section: Section) -> None:
        self.stage.open(section)
        self.choose(section)
        self._background.say(" ".join(section.notes) or f"Opened {section.name}.")

    def _enhanced(self, enhanced: EnhancedSection) -> None:
        self._results[enhanced.section] = enhanced
        self._show(enhanced)
        seconds = float(enhanced.provenance.get("seconds", 0.0))
        hint = "" if self.session.genes else " Choose a gene above to see it."
        self._background.say(
            f"Enhanced {len(enhanced):,} positions in {seconds:.1f} s.{hint}"
        )

    def _not_enhanced(self, error: Exception) -> None:
        self._restore()
        self._background.failed(error)

    def _restore(self) -> None:
        """Put the result from before the run back."""
        section, self.session.enhanced = self.session.section, self._before
        if self._before is not None:
            self._show(self._before)
        elif section is not None:
            self.stage.remove_enhanced(section)
            self._arrange()

    def _show(self, enhanced: EnhancedSection) -> None:
        is_first_of_run = self.session.enhanced is self._before
        self.session.enhanced = enhanced
        if is_first_of_run and not self.session.side_by_side:
            self.stage.put_brush_away(enhanced.section, hide=True)
        for gene in self.stage.genes(enhanced.section):
            self.stage.show_enhanced(enhanced, gene)
        self._arrange()

    def _arrange(self) -> None:
        """Bring the canvas into the state the session asks for."""
        section, session = self.session.section, self.session
        if section is None:
            return
        if session.side_by_side and session.enhanced is not None:
            self._panels.show(section, with_sd=session.show_sd)
            return
        self._panels.hide()
        self.stage.show_sd(section, shown=session.show_sd)

    def _sync(self, _event: object = None) -> None:
        """Bring the session into the state of the layer list."""
        session, known = self.session, self.session.sections
        session.sections = self.stage.sections()
        self._results = {
            section: result
            for section, result in self._results.items()
            if section in session.sections
        }
        new = [section for section in session.sections if section not in known]
        if not session.status.is_busy and new:
            self.choose(new[-1])
        elif session.section is not None and session.section not in session.sections:
            self.cancel()
            self.choose(session.sections[-1] if session.sections else None)
        if self._panels.is_on:
            self._arrange()
        section = session.section
        session.genes = () if section is None else self.stage.genes(section)
        self._painting.follow()


def _ignore(_progress: Progress) -> None:
    """Show nothing."""
