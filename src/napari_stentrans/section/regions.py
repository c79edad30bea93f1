"""Named regions painted on a section: what each one means, and where it lies.

A site carries at most one region to predict or leave out, and beneath it at most one
piece of tissue: so a region can be erased without a hole in the tissue. Values never
change; every operation returns new regions. Knows nothing of canvas, files or napari.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from napari_stentrans.errors import InvalidRequestError
from napari_stentrans.section.missing import OUTSIDE, PREDICT, MissingRegions
from napari_stentrans.section.sites import Labels, PaintSites
from napari_stentrans.section.tissue import BoolArray

MOST = 255
"""Regions of one section, and the largest label."""


class RegionKind(StrEnum):
    """What is to be done with what a region covers."""

    PREDICT = "predict"
    OUTSIDE = "outside"
    TISSUE = "tissue"


NAMES = {
    RegionKind.PREDICT: "Missing",
    RegionKind.OUTSIDE: "Not tissue",
    RegionKind.TISSUE: "Tissue",
}
"""What a person calls each kind, and new regions of it before their number."""
_KIND_OF = {PREDICT: RegionKind.PREDICT, OUTSIDE: RegionKind.OUTSIDE}


@dataclass(frozen=True)
class Region:
    """One region.

    Attributes
    ----------
    label
        Its number in a painted picture, 1 to 255.
    name
        What it is called.
    kind
        Predict here, or leave it out, or: this is the tissue, all else is outside.
    enabled
        Whether it is taken into account.
    """

    label: int
    name: str
    kind: RegionKind = RegionKind.PREDICT
    enabled: bool = True


@dataclass(frozen=True, eq=False)
class Regions:
    """The regions of one section.

    Attributes
    ----------
    sites
        What can be painted.
    listed
        The regions, in order of making.
    over, ground : ndarray of uint8, shape (site,)
        Label of the region to predict or leave out at each site, and of the piece of
        tissue; 0 where there is none.
    """

    sites: PaintSites
    listed: tuple[Region, ...]
    over: Labels
    ground: Labels

    @classmethod
    def none(cls, sites: PaintSites) -> Regions:
        """No region."""
        blank = np.zeros(len(sites), dtype=np.uint8)
        return cls(sites, (), blank, blank)

    @classmethod
    def from_labels(cls, sites: PaintSites, labels: NDArray[np.integer]) -> Regions:
        """Name what labels of sites mean, 1 predict and 2 outside: shape (site,)."""
        made = cls.none(sites)
        for label, kind in _KIND_OF.items():
            if (labels == label).any():
                made, new = made.with_new(kind)
                made = made.marked(labels == label, new.label)
        return made

    @classmethod
    def from_missing(cls, sites: PaintSites, missing: MissingRegions) -> Regions:
        """Name what is missing: one region of each kind that there is."""
        labels = sites.read(missing.to_labels(sites.raster))
        at_spots = missing.unmeasured * PREDICT + missing.outside * OUTSIDE
        labels[: sites.n_spots] = at_spots
        return cls.from_labels(sites, labels)

    @classmethod
    def from_mask(cls, sites: PaintSites, at: BoolArray, kind: RegionKind) -> Regions:
        """Make one region of a mask, shape (site,)."""
        made, new = cls.none(sites).with_new(kind)
        return made.marked(at, new.label)

    @cached_property
    def view(self) -> Labels:
        """The label that is seen at each site, shape (site,)."""
        return np.where(self.over > 0, self.over, self.ground)

    @cached_property
    def picture(self) -> Labels:
        """The labels as they are seen, shape (row, col)."""
        return self.sites.draw(self.view)

    @property
    def is_blank(self) -> bool:
        """Whether nothing is painted."""
        return not self.view.any()

    def get(self, label: int) -> Region | None:
        """Return the region of a label."""
        return next((region for region in self.listed if region.label == label), None)

    def named(self, name: str, kind: RegionKind) -> Region | None:
        """Return the region of a name and kind."""
        same = (r for r in self.listed if r.name == name and r.kind is kind)
        return next(same, None)

    def count(self, label: int) -> tuple[int, int]:
        """Spots and empty sites of a region."""
        at = self.covered_by(label)
        n_spots = int(at[: self.sites.n_spots].sum())
        return n_spots, int(at.sum()) - n_spots

    def with_new(
        self, kind: RegionKind, name: str | None = None
    ) -> tuple[Regions, Region]:
        """Add a region without area, its name made if none is given; return it too.

        Raises
        ------
        InvalidRequestError
            If there are 255 regions already.
        """
        taken = {region.label for region in self.listed}
        label = next((n for n in range(1, MOST + 1) if n not in taken), None)
        if label is None:
            msg = f"a section has {MOST} regions at most; remove one first"
            raise InvalidRequestError(msg)
        region = Region(label, name or self._fresh_name(kind), kind)
        return replace(self, listed=(*self.listed, region)), region

    def without(self, label: int) -> Regions:
        """Remove a region and what it covers; tissue beneath it comes to light."""
        return replace(
            self,
            listed=tuple(region for region in self.listed if region.label != label),
            over=np.where(self.over == label, np.uint8(0), self.over),
            ground=np.where(self.ground == label, np.uint8(0), self.ground),
        )

    def changed(self, region: Region) -> Regions:
        """Rename a region, or switch it on or off: the one of the same label."""
        listed = (region if r.label == region.label else r for r in self.listed)
        return replace(self, listed=tuple(listed))

    def marked(self, at: ArrayLike, label: int) -> Regions:
        """Paint sites, a mask or numbers; label 0 takes off what is seen there.

        Tissue goes beneath what is there.
        """
        chosen = np.zeros(len(self.sites), dtype=bool)
        chosen[np.asarray(at)] = True
        over, ground, value = self.over.copy(), self.ground.copy(), np.uint8(label)
        region = self.get(label)
        if region is None:
            ground[chosen & (over == 0)] = 0
            over[chosen] = 0
        elif region.kind is RegionKind.TISSUE:
            ground[chosen] = value
        else:
            over[chosen] = value
        with_hidden = self.sites.with_hidden
        return replace(self, over=with_hidden(over), ground=with_hidden(ground))

    def stroked(self, picture: NDArray[np.integer]) -> Regions:
        """Take over what was painted by hand on the picture of these regions.

        A site that any changed pixel touches is painted whole. Labels that no region
        has become new regions to predict.
        """
        is_new = np.asarray(picture != self.picture)
        site, label = self.sites.index[is_new], picture[is_new]
        label, site = label[site >= 0], site[site >= 0]
        made = self
        for value in np.unique(label).tolist():
            made = made.having(value).marked(site[label == value], value)
        return made

    def having(self, label: int) -> Regions:
        """Add a region to predict where no region has a label; 0 is that of none."""
        if not label or self.get(label) is not None:
            return self
        new = Region(label, self._fresh_name(RegionKind.PREDICT))
        return replace(self, listed=(*self.listed, new))

    def joined(self, others: Regions) -> Regions:
        """Add other regions of the same section; those called alike are replaced."""
        told = {(region.name, region.kind) for region in others.listed}
        made = self
        for region in self.listed:
            if (region.name, region.kind) in told:
                made = made.without(region.label)
        for region in others.listed:
            at = others.covered_by(region.label)
            made = made.with_area(region.name, region.kind, at, enabled=region.enabled)
        return made

    def with_area(
        self, name: str, kind: RegionKind, at: ArrayLike, *, enabled: bool = True
    ) -> Regions:
        """Add a region and what it covers, a mask or numbers of sites.

        Raises
        ------
        InvalidRequestError
            If there are 255 regions already.
        """
        made, new = self.with_new(kind, name)
        made = made.changed(replace(new, enabled=enabled))
        return made.marked(at, new.label)

    def covered_by(self, label: int) -> BoolArray:
        """Sites of a region, seen or beneath another: shape (site,)."""
        covered: BoolArray = (self.over == label) | (self.ground == label)
        return covered

    def missing(self) -> MissingRegions:
        """Return what the enabled regions say to predict and to leave out."""
        n_spots, array_rc = self.sites.n_spots, self.sites.array_rc
        predict = self._covered(self.over, RegionKind.PREDICT)
        outside = self._covered(self.over, RegionKind.OUTSIDE)
        tissue = self._covered(self.ground, RegionKind.TISSUE)
        if tissue.any():
            # Sites that no spot encloses are never filled: no need to name them.
            outside |= ~tissue & ~predict & self.sites.in_tissue
        return MissingRegions(
            unmeasured=predict[:n_spots],
            outside=outside[:n_spots],
            new_rc=array_rc[n_spots:][predict[n_spots:]],
            outside_rc=array_rc[n_spots:][outside[n_spots:]],
        )

    def _covered(self, labels: Labels, kind: RegionKind) -> BoolArray:
        """Sites under an enabled region of a kind."""
        on = [r.label for r in self.listed if r.enabled and r.kind is kind]
        covered: BoolArray = np.isin(labels, on)
        return covered

    def _fresh_name(self, kind: RegionKind) -> str:
        taken = {region.name for region in self.listed}
        numbers: Iterable[int] = range(1, MOST + 2)
        return next(
            name for n in numbers if (name := f"{NAMES[kind]} {n}") not in taken
        )
