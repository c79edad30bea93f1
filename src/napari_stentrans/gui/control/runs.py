"""Runs: set up, started, watched, stopped, cancelled; and their results kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

from napari_stentrans.config import RunConfig, with_preset
from napari_stentrans.enhanced import EnhancedSection
from napari_stentrans.errors import InvalidRequestError
from napari_stentrans.gui.canvas.out_of_sight import OutOfSight
from napari_stentrans.gui.control.bench import Bench
from napari_stentrans.gui.control.costs import CostEstimates
from napari_stentrans.gui.control.memory import Memory
from napari_stentrans.gui.control.region_board import PAINTING
from napari_stentrans.gui.control.regions import RegionControl
from napari_stentrans.gui.control.results import Results
from napari_stentrans.gui.control.view import ViewControl
from napari_stentrans.gui.jobs import tasks
from napari_stentrans.gui.jobs.background import inform
from napari_stentrans.gui.jobs.desk import JobDesk, JobListener
from napari_stentrans.gui.state.runs import RunRecord
from napari_stentrans.gui.state.session import JobStatus
from napari_stentrans.gui.state.view import ViewMode
from napari_stentrans.methods.device import Device
from napari_stentrans.progress import Progress
from napari_stentrans.recipe import Recipe
from napari_stentrans.section.missing import MissingRegions
from napari_stentrans.section.section import Section

_ENDED = {
    JobStatus.OPENING: "what it was opening is not opened",
    JobStatus.TESTING: "the test of methods is ended",
}
"""What is told of a job that goes with its panel."""


class RunControl:
    """Enhances the current section in the background."""

    def __init__(
        self, bench: Bench, view: ViewControl, regions: RegionControl, memory: Memory
    ) -> None:
        self._bench, self._regions, self._memory = bench, regions, memory
        self._view = view
        self._painted = OutOfSight(lambda: view.is_arranging)
        self._results = Results(bench, view)
        self._costs = CostEstimates(bench, memory)
        self._library, self._hardware = JobDesk(bench.start), JobDesk(bench.start)
        self._before: EnhancedSection | None = None
        self._missing: MissingRegions | None = None
        session = bench.session
        session.run.config = memory.config
        session.run.events.config.connect(self._costs.follow)
        session.run.events.devices.connect(self._costs.follow)
        session.regions.events.painted.connect(self._costs.follow)

    # -- before a run ------------------------------------------------------------------

    def look_up_methods(self) -> None:
        """Fetch what the methods say of themselves, then which devices there are.

        In the background, since it imports torch: the first run then starts at once.
        """
        run, failed = self._bench.session.run, self._bench.background.failed

        def summaries_known(summaries: dict[str, str]) -> None:
            run.summaries = summaries
            self._hardware.run(
                tasks.devices, JobListener(returned=devices_known, failed=failed)
            )

        def devices_known(devices: tuple[Device, ...]) -> None:
            run.devices = devices

        self._library.run(
            tasks.summaries_of_methods,
            JobListener(returned=summaries_known, failed=failed),
        )

    def configure(self, **choices: Any) -> None:
        """Change the configuration of the next run, and remember it."""
        config = self._bench.session.run.config
        config = RunConfig.model_validate(config.model_dump() | choices)
        if config.method != "stentrans" and not choices.get("model"):
            config = config.model_copy(update={"model": ""})  # no other can use it
        self._set(config)

    def use_preset(self, name: str) -> None:
        """Compute as a preset does; what is to be predicted stays as it is."""
        self._set(with_preset(self._bench.session.run.config, name))

    def restore_defaults(self) -> None:
        """Forget every setting."""
        self._set(RunConfig())

    # -- the run -----------------------------------------------------------------------

    def enhance(self) -> None:
        """Enhance the section in the background."""
        session, background = self._bench.session, self._bench.background
        section = session.section
        if section is None or session.status.is_busy:
            return
        try:
            missing = self._regions.missing()
        except InvalidRequestError as error:
            background.complain(error, about=PAINTING)
            return
        self._regions.put_brush_away(section)
        self._before, self._missing = session.enhanced, missing
        background.run(
            JobStatus.ENHANCING,
            partial(
                tasks.enhancing,
                section,
                session.run.config,
                missing,
                self._bench.stage.placing.picture_of(section),
            ),
            self._enhanced,
            self._not_enhanced,
            self._progressed,
        )
        background.say(f"Enhancing {session.name_of(section)} …")

    def stop(self) -> None:
        """End the run early and keep what it has."""
        if self._bench.session.status is JobStatus.ENHANCING:
            self._bench.background.stop()
            self._bench.background.say("Stopping; what is there is kept …")

    def cancel(self) -> None:
        """Discard what runs; after an enhancement put the previous result back."""
        status, background = self._bench.session.status, self._bench.background
        back = "" if self._before is None else " The previous result is back."
        background.discard()
        if status.is_enhancing:
            self._restore()
            background.say(f"Cancelled.{back}")
        elif status is JobStatus.SAVING:  # its last step is not interrupted
            background.say("Cancelled; a file that is nearly written may still appear.")
        elif status.is_busy:
            background.say("Cancelled.")

    # -- after a run -------------------------------------------------------------------

    def show(self, result: EnhancedSection) -> None:
        """Show a result of an earlier run of the current section again."""
        session = self._bench.session
        if result in session.run.results and not session.status.is_enhancing:
            self._results.choose(result)

    def forget(self, result: EnhancedSection) -> None:
        """Keep a result no longer."""
        if not self._bench.session.status.is_enhancing:
            self._results.forget(result)

    def as_python(self, record: RunRecord) -> str:
        """Return a script that repeats a run; "" if its files cannot be written."""
        return self._written(record, Recipe.as_python)

    def as_command_line(self, record: RunRecord) -> str:
        """Return a command that repeats a run; "" if its files cannot be written."""
        return self._written(record, Recipe.as_command_line)

    def keep_model(self, result: EnhancedSection, path: str | Path) -> None:
        """Write what a run has learnt, for other sections of the same tissue."""
        background, path = self._bench.background, Path(path)
        if self._bench.session.status.is_busy:
            return
        path = path if path.suffix == ".npz" else path.with_name(f"{path.name}.npz")
        background.run(
            JobStatus.SAVING,
            partial(tasks.keeping_model, result, path),
            lambda written: background.say(f"Kept the model as {written}"),
        )
        background.say(f"Saving {path.name} …")

    def result_of(self, section: Section | None) -> EnhancedSection | None:
        """Return the finished result of a section that is to be shown."""
        return self._results.chosen(section)

    def forget_others(self, sections: Iterable[Section]) -> None:
        """Keep the results of these sections alone."""
        self._results.forget_others(sections)

    def take_up(self) -> None:
        """Take up the runs that a panel which was closed has left."""
        self._results.take_up()

    def tidy_up(self) -> None:
        """Put away what a run that ended with its panel has left of this section."""
        self._results.tidy_up()

    def follow(self) -> None:
        """Bring the session into the state of its current section."""
        self._results.follow()
        self._costs.follow()

    def leave(self) -> None:
        """Stop a run whose panel is closed, keep what it has, and tell of it.

        Only while the viewer stays: when it goes, everything ends at once.
        """
        session, background = self._bench.session, self._bench.background
        section = session.section
        if session.status.is_enhancing and section is not None:
            background.leave(partial(self._results.keep_late, self._marked_on(section)))
            inform(
                f"The panel was closed: the run of {session.name_of(section)} is "
                "stopped, and what it has is kept. Open the panel again to see it."
            )
        elif session.status in _ENDED:
            inform(f"The panel was closed: {_ENDED[session.status]}.")

    def close(self) -> None:
        """Discard what runs, and leave what is finished for a panel to come.

        What is being saved goes on.
        """
        self._painted.forget()
        self._results.close()
        self._bench.background.close()
        self._library.discard()
        self._hardware.discard()

    def _set(self, config: RunConfig) -> None:
        self._bench.session.run.config = config
        self._memory.keep_config(config)

    def _written(self, record: RunRecord, write: Callable[[Recipe], str]) -> str:
        section, folder = record.result.section, self._memory.folder
        told = record.result.provenance
        lay, fit = told["input"].get("image_alignment", ""), told.get("fit", {})
        is_even = self._bench.session.view.is_even
        even = is_even and record.result.depth is not None
        recipe = Recipe(
            section, record.config, record.missing, folder, lay, even=even, fit=fit
        )
        try:
            return write(recipe)
        except (OSError, InvalidRequestError) as error:
            self._bench.background.complain(error)
            return ""

    def _progressed(self, progress: Progress) -> None:
        if isinstance(progress.partial, EnhancedSection):
            self._show(progress.partial)
        self._bench.session.progressed.emit(progress)

    def _enhanced(self, enhanced: EnhancedSection) -> None:
        number = self._bench.session.run.next_number(enhanced.section)
        record = RunRecord(enhanced, self._marked_on(enhanced.section), number=number)
        self._results.keep(record)
        if self._bench.session.enhanced is not enhanced:
            self._show(enhanced)
        self._before = None
        self._painted.forget()
        self._costs.learn(record)
        genes = self._bench.session.genes
        shown = genes.shown or genes.sets
        hint = "" if shown else " Choose a gene on the tab Genes to see it."
        notices = " ".join(enhanced.provenance.get("notices", []))
        took = f"{record.seconds:.1f} s" + (", stopped early" * record.stopped_early)
        self._bench.background.say(
            f"Enhanced {len(enhanced):,} positions in {took}.{hint} {notices}".strip()
        )

    def _marked_on(self, section: Section) -> MissingRegions:
        """Return what was marked as missing for the run."""
        return self._missing or MissingRegions.none(section)

    def _not_enhanced(self, error: Exception) -> None:
        self._restore()
        self._bench.background.failed(error)

    def _restore(self) -> None:
        """Put the result from before the run back, and what its preview has hidden."""
        if not self._painted.is_empty:
            self._view.clear()  # panels would hide it again once they go
            self._painted.show_again()
        self._results.put_back(self._bench.session.section, self._before)
        self._before = None

    def _show(self, enhanced: EnhancedSection) -> None:
        session = self._bench.session
        is_first_of_run = session.enhanced is self._before
        is_painting = session.regions.tool is not None  # the next region, meanwhile
        aside = session.view.mode is ViewMode.SIDE_BY_SIDE
        if is_first_of_run and not aside and not is_painting:
            self._regions.put_brush_away(enhanced.section)
            self._painted.hide(self._bench.stage.canvas(enhanced.section))
        self._results.show(enhanced)
