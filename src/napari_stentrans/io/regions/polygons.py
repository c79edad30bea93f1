"""Polygons of GeoJSON geometries, and the points that lie within them."""

from __future__ import annotations

from typing import Any

import numpy as np

from napari_stentrans.section.lattice import FloatArray
from napari_stentrans.section.outlines import Polygon, SortedPoints
from napari_stentrans.section.tissue import BoolArray


def polygons_of(geometry: Any) -> list[Polygon] | None:
    """Polygons of a geometry and of those it collects; None if it has no area.

    Raises
    ------
    TypeError, ValueError, LookupError, ArithmeticError
        If what should be a ring is none.
    """
    kind = geometry.get("type") if isinstance(geometry, dict) else None
    if kind == "GeometryCollection":
        parts = [polygons_of(part) for part in geometry["geometries"]]
        areas = [part for part in parts if part is not None]
        return [polygon for part in areas for polygon in part] if areas else None
    if kind not in ("Polygon", "MultiPolygon"):
        return None
    found = geometry["coordinates"]
    polygons = [found] if kind == "Polygon" else found
    return [[_ring(ring) for ring in polygon] for polygon in polygons]


def covered(points: SortedPoints, polygons: list[Polygon]) -> BoolArray:
    """Which points lie within any polygon, its holes left out: shape (point,)."""
    within = points.inside([])
    for polygon in polygons:
        within |= points.inside(polygon)
    return within


def _ring(corners: Any) -> FloatArray:
    # Some programs write a height, and some of them not at every corner.
    ring = np.array([corner[:2] for corner in corners], dtype=np.float64)
    if ring.ndim != 2 or ring.shape[0] < 3 or ring.shape[1] != 2:
        raise ValueError
    if not np.isfinite(ring).all():
        raise ValueError
    return ring
