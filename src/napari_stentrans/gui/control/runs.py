"""Runs: set up, started, watched, stopped, cancelled; and their results kept."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

from napari_stentrans.config import RunConfig
from napari_stentrans.enhanced import EnhancedSection
from napari_stentrans.errors import InvalidRequestError
from napari_stentrans.gui.control.bench import Bench
from napari_stentrans.gui.control.regions import RegionControl
from napari_stentrans.gui.control.results import Results
from napari_stentrans.gui.control.view import ViewControl
from napari_stentrans.gui.jobs import tasks
from napari_stentrans.gui.jobs.desk import JobDesk, JobListener
from napari_stentrans.gui.state.session import JobStatus
from napari_stentrans.gui.state.view import ViewMode
from napari_stentrans.progress import Progress
from napari_stentrans.section.section import Section


class RunControl:
    """Enhances the current section in the background."""

    def __init__(self, bench: Bench, view: ViewControl, regions: RegionControl) -> None:
        self._bench, self._regions = bench, regions
        self._results = Results(bench, view)
        self._library = JobDesk(bench.start)
        self._before: EnhancedSection | None = None

    def look_up_methods(self) -> None:
        """Fetch what the methods say of themselves.

        In the background, since it imports torch: the first run then starts at once.
        """

        def known(summaries: dict[str, str]) -> None:
            self._bench.session.run.summaries = summaries

        failed = self._bench.background.failed
        self._library.run(
            tasks.summaries_of_methods, JobListener(_ignore, known, failed)
        )

    def configure(self, **choices: Any) -> None:
        """Change the configuration of the next run."""
        run = self._bench.session.run
        run.config = RunConfig.model_validate(run.config.model_dump() | choices)

    def enhance(self) -> None:
        """Enhance the section in the background."""
        from napari_stentrans.pipeline import enhance_steps

        session, background = self._bench.session, self._bench.background
        section = session.section
        if section is None or session.status.is_busy:
            return
        try:
            missing = self._regions.missing()
        except InvalidRequestError as error:
            background.complain(error)
            return
        self._bench.stage.put_brush_away(section)
        self._before = session.enhanced
        background.run(
            JobStatus.ENHANCING,
            partial(enhance_steps, section, session.run.config, missing=missing),
            self._enhanced,
            self._not_enhanced,
            self._progressed,
        )
        background.say("Starting …")

    def stop(self) -> None:
        """End the run early and keep what it has."""
        if self._bench.session.status is JobStatus.ENHANCING:
            self._bench.background.stop()
            self._bench.background.say("Stopping; what is there is kept …")

    def cancel(self) -> None:
        """Discard what runs; after an enhancement put the previous result back."""
        status, background = self._bench.session.status, self._bench.background
        background.discard()
        if status.is_enhancing:
            self._restore()
            back = "" if self._before is None else " The previous result is back."
            background.say(f"Cancelled.{back}")
        elif status.is_busy:
            background.say("Cancelled.")

    def show(self, result: EnhancedSection) -> None:
        """Show a result of an earlier run of the current section again."""
        session = self._bench.session
        if result in session.run.results and not session.status.is_enhancing:
            self._results.choose(result)

    def forget(self, result: EnhancedSection) -> None:
        """Keep a result no longer."""
        if not self._bench.session.status.is_enhancing:
            self._results.forget(result)

    def result_of(self, section: Section | None) -> EnhancedSection | None:
        """Return the finished result of a section that is to be shown."""
        return self._results.chosen(section)

    def forget_others(self, sections: Iterable[Section]) -> None:
        """Keep the results of these sections alone."""
        self._results.forget_others(sections)

    def follow(self) -> None:
        """Bring the session into the state of its current section."""
        self._results.follow()

    def close(self) -> None:
        """Discard what runs."""
        self._bench.background.close()
        self._library.discard()

    def _progressed(self, progress: Progress) -> None:
        if isinstance(progress.partial, EnhancedSection):
            self._show(progress.partial)
        self._bench.session.progressed.emit(progress)

    def _enhanced(self, enhanced: EnhancedSection) -> None:
        self._results.keep(enhanced)
        self._show(enhanced)
        seconds = float(enhanced.provenance.get("seconds", 0.0))
        shown = self._bench.session.genes.shown
        hint = "" if shown else " Choose a gene above to see it."
        self._bench.background.say(
            f"Enhanced {len(enhanced):,} positions in {seconds:.1f} s.{hint}"
        )

    def _not_enhanced(self, error: Exception) -> None:
        self._restore()
        self._bench.background.failed(error)

    def _restore(self) -> None:
        """Put the result from before the run back."""
        self._results.put_back(self._bench.session.section, self._before)

    def _show(self, enhanced: EnhancedSection) -> None:
        session, stage = self._bench.session, self._bench.stage
        is_first_of_run = session.enhanced is self._before
        if is_first_of_run and session.view.mode is not ViewMode.SIDE_BY_SIDE:
            stage.put_brush_away(enhanced.section, hide=True)
        self._results.show(enhanced)


def _ignore(_progress: Progress) -> None:
    """Show nothing."""
