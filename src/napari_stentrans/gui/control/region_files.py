"""Regions to files and back, and kept by themselves from one launch to the next."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from weakref import WeakKeyDictionary

from napari_stentrans.errors import InvalidRequestError
from napari_stentrans.gui.control.bench import Bench
from napari_stentrans.gui.control.region_shelf import RegionShelf, with_kept
from napari_stentrans.gui.control.regions import RegionControl
from napari_stentrans.gui.jobs.background import tell_failure
from napari_stentrans.gui.jobs.desk import JobDesk, JobListener
from napari_stentrans.io.regions.masks import read_regions, write_regions
from napari_stentrans.progress import Progress, Steps
from napari_stentrans.section.regions import NAMES, RegionKind, Regions
from napari_stentrans.section.section import Section
from napari_stentrans.section.sites import PaintSites


class RegionFileControl:
    """Saves and loads regions, and brings those of last time back.

    Parameters
    ----------
    bench, regions
        The tools, and the regions of the current section.
    folder
        Where regions are kept between launches; None keeps nothing.
    """

    def __init__(
        self, bench: Bench, regions: RegionControl, folder: Path | None = None
    ) -> None:
        self._bench, self._regions = bench, regions
        self._shelf = RegionShelf(folder)
        self._saving, self._loading = JobDesk(bench.start), JobDesk(bench.start)
        self._recalling = JobDesk(bench.start)
        self._fingerprints: WeakKeyDictionary[Section, str] = WeakKeyDictionary()
        self._asked: Section | None = None
        self._were_there: WeakKeyDictionary[Section, bool] = WeakKeyDictionary()
        regions.on_kept = self._keep

    def save(self, path: str | Path) -> None:
        """Write the regions of the current section; the ending chooses the format."""
        regions = self._regions.regions
        if regions is None or not regions.listed:
            self._bench.background.say("There is no region to save yet.")
            return
        path = Path(path)
        path = path if path.suffix else path.with_name(f"{path.name}.geojson")
        background = self._bench.background
        if self._saving.is_busy:
            background.say("Regions are being saved; try again in a moment.")
            return
        self._saving.run(
            partial(_saving, path, regions),
            JobListener(
                returned=lambda written: background.say(f"Saved {written}"),
                failed=background.failed,
            ),
        )
        self._saving.keep()

    def load(self, path: str | Path, kind: RegionKind | None = None) -> None:
        """Add the regions of a file, or take what it marks as one region of a kind."""
        section, regions = self._bench.session.section, self._regions.regions
        if section is None:
            return
        background, path = self._bench.background, Path(path)
        if self._loading.is_busy:
            background.say("Regions are being loaded; try again in a moment.")
            return
        sites = None if regions is None else regions.sites
        self._loading.run(
            partial(_loading, path, section, sites, kind),
            JobListener(
                returned=partial(self._loaded, section, path.name),
                failed=background.failed,
            ),
        )
        background.say(f"Loading {path.name} …")

    def follow(self) -> None:
        """Look for the regions that the current section had last time."""
        section = self._bench.session.section
        if self._shelf.folder is None or section is self._asked:
            return
        self._asked = section
        self._recalling.discard()  # what it finds would not be put on its section
        if section is not None and section not in self._fingerprints:
            now = self._regions.regions
            # Of a panel before this one, or else painted while the search goes on.
            were_there = now is not None and bool(now.listed)
            self._were_there.setdefault(section, were_there)
            self._recalling.run(
                partial(self._shelf.finding, section),
                JobListener(
                    returned=partial(self._found, section), failed=self._not_found
                ),
            )

    def close(self) -> None:
        """End what runs, but what is being saved."""
        self._saving.leave(JobListener(failed=tell_failure))
        self._loading.discard()
        self._recalling.discard()
        self._regions.on_kept = _keep_nothing

    def _loaded(self, section: Section, name: str, loaded: Regions) -> None:
        if section is not self._bench.session.section:
            return
        if not loaded.listed:
            of = self._bench.session.name_of(section)
            self._bench.background.complain(f"{name} marks nothing on {of}.")
            return
        now = self._regions.regions
        try:
            joined = loaded if now is None else now.joined(loaded)
        except InvalidRequestError as error:
            self._bench.background.complain(error)
            return
        self._regions.put(joined)
        names = ", ".join(region.name for region in loaded.listed)
        self._bench.background.say(f"Loaded {names} from {name}.")

    def _found(self, section: Section, found: tuple[str, Regions | None]) -> None:
        if section is not self._bench.session.section:
            return
        fingerprint, kept = found
        now, were_there = self._regions.regions, self._were_there[section]
        try:
            back = None if were_there or kept is None else with_kept(now, kept)
        except InvalidRequestError as error:  # without a fingerprint the file stays
            self._bench.background.complain(error)
            return
        self._fingerprints[section] = fingerprint
        if back is not None:
            self._regions.put(back)
            self._bench.background.say(
                "The regions last painted on this section are back (Undo removes them)."
            )
        elif now is not None and now.listed:
            self._keep(section, now)

    def _not_found(self, error: Exception) -> None:
        self._asked = None
        self._bench.background.failed(error)

    def _keep(self, section: Section, regions: Regions) -> None:
        fingerprint = self._fingerprints.get(section)
        if fingerprint is not None:
            self._shelf.keep(fingerprint, regions)


def _saving(path: Path, regions: Regions) -> Steps[Path]:
    yield Progress("Saving regions", 0, 1)
    return write_regions(path, regions)


def _loading(
    path: Path, section: Section, sites: PaintSites | None, kind: RegionKind | None
) -> Steps[Regions]:
    yield Progress("Loading regions", 0, 1)
    loaded = read_regions(path, sites or PaintSites.of(section), kind)
    if kind is None or not loaded.listed:
        return loaded
    region, name = loaded.listed[0], f"{NAMES[kind]} from {path.name}"
    return loaded.changed(replace(region, name=name))


def _keep_nothing(_section: Section, _regions: Regions) -> None:
    """Forget."""
