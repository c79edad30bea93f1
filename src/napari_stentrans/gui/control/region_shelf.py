"""Where the regions of each section are kept by themselves, one small file each."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

from napari_stentrans.errors import StEnTransError
from napari_stentrans.io.regions.masks import read_regions, write_regions
from napari_stentrans.progress import Progress, Steps
from napari_stentrans.section.names import free_name
from napari_stentrans.section.regions import RegionKind, Regions
from napari_stentrans.section.section import Section
from napari_stentrans.section.sites import PaintSites

logger = logging.getLogger(__name__)


class RegionShelf:
    """Files of regions, found by the data of their section.

    A file that is damaged, or a disk that is full, is logged: neither may keep anyone
    from painting.

    Parameters
    ----------
    folder
        Where the files are; None keeps nothing.
    """

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder

    def keep(self, fingerprint: str, regions: Regions) -> None:
        """Write the regions of a section, replacing those before; none, no file."""
        if self.folder is None:
            return
        path = self._path(self.folder, fingerprint)
        try:
            if not regions.listed:
                path.unlink(missing_ok=True)
                return
            self.folder.mkdir(parents=True, exist_ok=True)
            write_regions(path, regions)
        except (OSError, StEnTransError) as error:
            logger.warning("the regions cannot be kept in %s: %s", path, error)

    def finding(self, section: Section) -> Steps[tuple[str, Regions | None]]:
        """Return the fingerprint of a section, and the regions kept for it, if any."""
        yield Progress("Looking for regions of last time", 0, 1)
        fingerprint = section.fingerprint
        return fingerprint, self._find(fingerprint, section)

    def _find(self, fingerprint: str, section: Section) -> Regions | None:
        if self.folder is None:
            return None
        path = self._path(self.folder, fingerprint)
        if not path.is_file():
            return None
        try:
            return read_regions(path, PaintSites.of(section))
        except StEnTransError as error:
            logger.warning("the regions of last time cannot be read: %s", error)
            return None

    @staticmethod
    def _path(folder: Path, fingerprint: str) -> Path:
        return folder / f"{fingerprint}.png"


def with_kept(now: Regions | None, kept: Regions) -> Regions:
    """Return the regions of last time with what was painted meanwhile on top of them.

    Labels stay as they are now: a brush may be armed for one. A region that nobody has
    painted in yet takes up that of the same name; else two of one name are told apart.

    Raises
    ------
    InvalidRequestError
        If there are too many regions.
    """
    if now is None:
        return kept
    made, taken = now, {region.name for region in (*now.listed, *kept.listed)}
    for region in kept.listed:
        under = now.ground if region.kind is RegionKind.TISSUE else now.over
        at = kept.covered_by(region.label) & (under == 0)
        same = now.named(region.name, region.kind)
        if same is None:
            made = made.with_area(region.name, region.kind, at, enabled=region.enabled)
        elif not now.covered_by(same.label).any():
            made = made.changed(replace(same, enabled=region.enabled))
            made = made.marked(at, same.label)
        else:
            name = free_name(region.name, taken)
            taken.add(name)
            made = made.with_area(name, region.kind, at, enabled=region.enabled)
    return made
