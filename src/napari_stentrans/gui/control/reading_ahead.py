"""Reads the genes that will probably be looked at next, before they are asked for.

Reading a gene of a result takes longer than drawing it; whoever flips through a list
looks at the one below or above next.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from napari_stentrans.enhanced import EnhancedSection
from napari_stentrans.gui.control.bench import Bench
from napari_stentrans.gui.jobs.desk import JobDesk, JobListener
from napari_stentrans.progress import Progress, Steps
from napari_stentrans.readings import reading_of


class ReadingAhead:
    """Lets `readings` know the genes beside the current one, in the background."""

    def __init__(self, bench: Bench) -> None:
        self._session = bench.session
        self._desk = JobDesk(bench.start)

    def read(self) -> None:
        """Read the genes beside the current one; what was begun before is given up."""
        session = self._session
        shown = session.enhanced, session.view.reference
        results = [result for result in shown if result is not None]
        self._desk.discard()
        if results and session.genes.beside and not session.status.is_enhancing:
            reading = partial(_reading, results, session.genes.beside)
            # Nobody waits: who looks at a gene that fails will hear of it then.
            self._desk.run(reading, JobListener())

    def close(self) -> None:
        """Read no more."""
        self._desk.discard()


def _reading(results: Sequence[EnhancedSection], genes: Sequence[str]) -> Steps[None]:
    for number, gene in enumerate(genes):
        yield Progress("Reading ahead", number, len(genes))
        for result in results:
            reading_of(result, gene)
