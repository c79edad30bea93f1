"""Results to files."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from napari_stentrans.gui.control.bench import Bench
from napari_stentrans.gui.jobs import tasks
from napari_stentrans.gui.state.session import JobStatus


class FileControl:
    """Writes what the user wants to keep."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench

    def save(self, path: str | Path) -> None:
        """Write the result as h5ad, in the background."""
        session, background = self._bench.session, self._bench.background
        enhanced = session.enhanced
        if enhanced is None or session.status.is_busy:
            return
        path = Path(path)
        path = path if path.suffix == ".h5ad" else path.with_name(f"{path.name}.h5ad")
        background.run(
            JobStatus.SAVING,
            partial(tasks.saving, enhanced, path),
            lambda written: background.say(f"Saved {written}"),
        )
        background.say(f"Saving {path.name} …")
