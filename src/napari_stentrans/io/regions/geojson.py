"""Regions as GeoJSON polygons in full-resolution pixels, as QuPath reads and writes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_stentrans.errors import InvalidRequestError
from napari_stentrans.section.lattice import FloatArray
from napari_stentrans.section.outlines import inside, outlines
from napari_stentrans.section.region_colours import rgb_of
from napari_stentrans.section.regions import NAMES, Region, RegionKind, Regions
from napari_stentrans.section.sites import PaintSites
from napari_stentrans.section.tissue import BoolArray

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


def is_geojson(start: bytes) -> bool:
    """Whether a file that begins like this can be GeoJSON."""
    return start.removeprefix(b"\xef\xbb\xbf").lstrip().startswith((b"{", b"["))


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
        If it is no GeoJSON, or holds no polygon.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8-sig"))
    except (json.JSONDecodeError, RecursionError) as error:
        msg = f"{path.name} is no GeoJSON, or cut off: {error}"
        raise InvalidRequestError(msg) from error
    regions = Regions.none(sites)
    for feature in _features(found):
        at = _covered(feature.get("geometry"), sites, path)
        if at is not None:
            about = _properties(feature)
            kind = _kind(about)
            enabled = about.get("enabled") is not False
            name = _name(about) or _numbered(kind, len(regions.listed))
            regions = regions.with_area(name, kind, at, enabled=enabled)
    if not regions.listed:
        msg = f"{path.name} holds no polygon; draw areas, not lines or points"
        raise InvalidRequestError(msg)
    if regions.is_blank:
        msg = (
            f"no spot of {sites.section.name} lies within the polygons of {path.name}. "
            "They must be in pixels of the full-resolution picture of this section."
        )
        raise InvalidRequestError(msg)
    return regions


def _feature(regions: Regions, region: Region) -> dict[str, Any]:
    at = regions.covered_by(region.label)
    mask = regions.sites.draw(at.astype(np.uint8)) > 0
    affine = regions.sites.raster.affine
    polygons = [
        [_closed(_to_xy(ring, affine)) for ring in polygon]
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


def _closed(ring_xy: FloatArray) -> list[list[float]]:
    whole = np.concatenate([ring_xy, ring_xy[:1]])
    corners: list[list[float]] = np.round(whole, _DECIMALS).tolist()
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


def _covered(geometry: Any, sites: PaintSites, path: Path) -> BoolArray | None:
    """Sites within a geometry; None if it has no area."""
    kind = geometry.get("type") if isinstance(geometry, dict) else None
    if kind not in ("Polygon", "MultiPolygon"):
        return None
    found = geometry.get("coordinates")
    polygons = [found] if kind == "Polygon" else found
    try:
        rings = [_ring(ring) for polygon in polygons for ring in polygon]
    except (TypeError, ValueError) as error:
        msg = (
            f"{path.name}: a polygon is damaged. It must list rings of at least three "
            "corners (x, y)."
        )
        raise InvalidRequestError(msg) from error
    return inside(sites.pixel_xy, rings)


def _ring(corners: Any) -> NDArray[np.float64]:
    ring = np.asarray(corners, dtype=np.float64)[:, :2]
    if ring.shape[0] < 3 or ring.shape[1] != 2 or not np.isfinite(ring).all():
        raise ValueError
    return ring


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
    told = (_class_name(about) or _name(about)).casefold()
    return _KIND_OF_CLASS.get(told.strip().rstrip(_NUMBERING), RegionKind.PREDICT)


def _numbered(kind: RegionKind, n_before: int) -> str:
    return f"{NAMES[kind]} {n_before + 1}"
