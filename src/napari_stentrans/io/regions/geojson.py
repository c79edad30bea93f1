"""Regions as GeoJSON polygons in full-resolution pixels, as QuPath reads and writes."""

from __future__ import annotations

import json
import math
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from napari_stentrans.errors import InvalidRequestError
from napari_stentrans.io.regions.polygons import covered, polygons_of
from napari_stentrans.section.lattice import FloatArray, IntArray
from napari_stentrans.section.outlines import SortedPoints, outlines
from napari_stentrans.section.region_colours import rgb_of
from napari_stentrans.section.regions import MOST, NAMES, Region, RegionKind, Regions
from napari_stentrans.section.sites import PaintSites

_KIND_OF_CLASS = {
    "tissue": RegionKind.TISSUE,
    "outside": RegionKind.OUTSIDE,
    "outside tissue": RegionKind.OUTSIDE,
    "no tissue": RegionKind.OUTSIDE,
    "background": RegionKind.OUTSIDE,
    "ignore": RegionKind.OUTSIDE,
}
"""What the class of an annotation made elsewhere stands for; all others: predict.

Whole names: "damaged tissue" is no tissue, and all else is not outside of it.
"""
_NUMBERING = "*0123456789 _-"
"""May end the name of a class: "Ignore*" in QuPath, "Tissue 2"."""
_DECIMALS = 3
"""Of corners, where a pixel of the raster has a size of 1; more where it is smaller."""


@dataclass(frozen=True)
class _Area:
    """What one feature says, and the numbers of the sites that it covers."""

    name: str
    kind: RegionKind
    enabled: bool
    at: IntArray


def is_geojson(start: bytes) -> bool:
    """Whether a file that begins like this can be GeoJSON."""
    return start.removeprefix(b"\xef\xbb\xbf").lstrip().startswith((b"{", b"["))


def kind_of_class(name: str) -> RegionKind:
    """What the name of a class stands for, as people call what they draw."""
    told = name.casefold().strip().rstrip(_NUMBERING)
    return _KIND_OF_CLASS.get(told, RegionKind.PREDICT)


def write_geojson(path: Path, regions: Regions) -> None:
    """Write the outline of each region that covers anything."""
    features = [
        _feature(regions, region)
        for region in regions.listed
        if regions.covered_by(region.label).any()
    ]
    collection = {"type": "FeatureCollection", "features": features}
    path.write_text(json.dumps(collection), encoding="utf-8")


def read_geojson(path: Path, sites: PaintSites) -> Regions:
    """Read polygons: a region covers the sites whose centre lies within.

    Raises
    ------
    InvalidRequestError
        If it is no GeoJSON, holds no polygon on the section, or too many.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8-sig"))
    except (json.JSONDecodeError, RecursionError) as error:
        msg = f"{path.name} is no GeoJSON, or cut off: {error}"
        raise InvalidRequestError(msg) from error
    areas = _areas(found, sites, path)
    if not any(len(area.at) for area in areas):
        msg = (
            f"no spot of {sites.section.name} lies within the polygons of {path.name}. "
            "They must be in pixels of the full-resolution picture of this section."
        )
        raise InvalidRequestError(msg)
    return _painted([area for area in areas if len(area.at)], sites, path)


def _areas(found: Any, sites: PaintSites, path: Path) -> list[_Area]:
    """What each feature with an area covers, be it nothing."""
    points = SortedPoints(sites.pixel_xy)
    areas = []
    for number, feature in enumerate(_features(found), start=1):
        try:
            polygons = polygons_of(feature.get("geometry"))
        except (TypeError, ValueError, LookupError, ArithmeticError) as error:
            msg = (
                f"{path.name}: a polygon of feature {number} is damaged. It must list "
                "rings of at least three corners (x, y)."
            )
            raise InvalidRequestError(msg) from error
        if polygons is not None:
            about = _properties(feature)
            at = np.flatnonzero(covered(points, polygons))
            enabled = about.get("enabled") is not False
            areas.append(_Area(_name(about), _kind(about), enabled, at))
    if not areas:
        msg = f"{path.name} holds no polygon; draw areas, not lines or points"
        raise InvalidRequestError(msg)
    return areas


def _painted(areas: list[_Area], sites: PaintSites, path: Path) -> Regions:
    """Make a region of each area; where they are too many, one of all called alike."""
    is_many = len(areas) > MOST
    told = {(area.name, area.kind, area.enabled) for area in areas}
    if is_many and len(told) > MOST:
        msg = (
            f"{path.name} holds {len(areas)} polygons on this section, of {len(told)} "
            f"names, but a section has {MOST} regions at most. Give one name to those "
            "that belong together, or leave some out."
        )
        raise InvalidRequestError(msg)
    regions = Regions.none(sites)
    labels: dict[Hashable, int] = {}
    for number, area in enumerate(areas):
        alike = (area.name, area.kind, area.enabled) if is_many else number
        if alike in labels:
            regions = regions.marked(area.at, labels[alike])
            continue
        name = area.name or _numbered(area.kind, len(regions.listed))
        regions = regions.with_area(name, area.kind, area.at, enabled=area.enabled)
        labels[alike] = regions.listed[-1].label
    return regions


def _feature(regions: Regions, region: Region) -> dict[str, Any]:
    at = regions.covered_by(region.label)
    mask = regions.sites.draw(at.astype(np.uint8)) > 0
    affine = regions.sites.raster.affine
    pixel = math.sqrt(abs(np.linalg.det(affine[:2, :2])))
    decimals = _DECIMALS + max(0, -math.floor(math.log10(pixel)))
    polygons = [
        [_closed(_to_xy(ring, affine), decimals) for ring in polygon]
        for polygon in outlines(mask)
    ]
    return {
        "type": "Feature",
        "geometry": {"type": "MultiPolygon", "coordinates": polygons},
        "properties": {
            "objectType": "annotation",
            "name": region.name,
            "kind": str(region.kind),
            "enabled": region.enabled,
            "classification": {"name": NAMES[region.kind], "color": rgb_of(region)},
        },
    }


def _to_xy(ring_rc: FloatArray, affine: FloatArray) -> FloatArray:
    yx: FloatArray = ring_rc @ affine[:2, :2].T + affine[:2, 2]
    return yx[:, ::-1]


def _closed(ring_xy: FloatArray, decimals: int) -> list[list[float]]:
    whole = np.concatenate([ring_xy, ring_xy[:1]])
    corners: list[list[float]] = np.round(whole, decimals).tolist()
    return corners


def _features(found: Any) -> Iterator[Mapping[str, Any]]:
    """Every feature of a collection, a list, or one feature or geometry alone."""
    if isinstance(found, list):
        for each in found:
            yield from _features(each)
    elif isinstance(found, dict) and isinstance(found.get("features"), list):
        yield from _features(found["features"])
    elif isinstance(found, dict) and "geometry" in found:
        yield found
    elif isinstance(found, dict) and "type" in found:
        yield {"geometry": found}


def _properties(feature: Mapping[str, Any]) -> dict[str, Any]:
    about = feature.get("properties")
    return about if isinstance(about, dict) else {}


def _class_name(about: Mapping[str, Any]) -> str:
    found = about.get("classification")
    return str(found.get("name") or "") if isinstance(found, dict) else ""


def _name(about: Mapping[str, Any]) -> str:
    return str(about.get("name") or _class_name(about)).strip()


def _kind(about: Mapping[str, Any]) -> RegionKind:
    if about.get("kind") in list(RegionKind):
        return RegionKind(about["kind"])
    return kind_of_class(_class_name(about) or _name(about))


def _numbered(kind: RegionKind, n_before: int) -> str:
    return f"{NAMES[kind]} {n_before + 1}"
