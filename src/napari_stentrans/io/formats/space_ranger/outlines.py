"""Outlines of cells in GeoJSON: the middle and the area of each.

There may be hundreds of thousands: they are taken from the text one after the other.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from napari_stentrans.errors import ReadError
from napari_stentrans.io.files.limits import require
from napari_stentrans.io.files.text import opened
from napari_stentrans.section.lattice import FloatArray

_TEXT_FACTOR = 3.0
"""Bytes of memory that a byte of the file takes."""
_BEGIN = re.compile(r'"features"\s*:\s*\[')
_BETWEEN = re.compile(r"[\s,]*")
_NO_CELL = "is no outline of a cell with an id; the file is damaged or of another kind"
_AT_ONCE = 20_000
"""Cells whose outlines are computed together."""
_NO_AREA = 1e-9
_IDS = ("cell_id", "id", "name")


def read_outlines(path: Path) -> pd.DataFrame:
    """Read the outlines of cells.

    Returns
    -------
    DataFrame
        With ``x``, ``y`` and ``area``, in the units of the file; indexed by the cell's
        id as text, whole numbers without leading zeros.

    Raises
    ------
    ReadError
        Naming the first feature that is no outline of a cell with an id.
    """
    require(path.stat().st_size * _TEXT_FACTOR, path.name)
    with opened(path) as file:
        text = file.read()
    names: list[str] = []
    tables: list[FloatArray] = []
    rings: list[list[Any]] = []
    for number, feature in enumerate(_features(text, path.name), start=1):
        try:
            names.append(_id(feature))
            rings.append(_rings(feature["geometry"]))
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            msg = f"{path.name}: feature {number:,} {_NO_CELL}"
            raise ReadError(msg) from error
        if len(rings) == _AT_ONCE:
            tables.append(_middles(rings, path.name, number))
            rings = []
    if rings:
        tables.append(_middles(rings, path.name, len(names)))
    if not tables:
        msg = f"{path.name} holds no outline of a cell"
        raise ReadError(msg)
    index = pd.Index(names, dtype=object)
    return pd.DataFrame(np.concatenate(tables), index, ["x", "y", "area"])


def _features(text: str, name: str) -> Iterator[Any]:
    begin = _BEGIN.search(text)
    if begin is None:
        msg = f"{name} is no GeoJSON with features"
        raise ReadError(msg)
    decoder, at = json.JSONDecoder(), begin.end()
    while True:
        between = _BETWEEN.match(text, at)
        at = at if between is None else between.end()
        if text[at : at + 1] == "]":
            return
        try:
            feature, at = decoder.raw_decode(text, at)
        except (ValueError, RecursionError) as error:
            msg = f"{name} is cut off or damaged (at character {at:,}); copy it again"
            raise ReadError(msg) from error
        yield feature


def _id(feature: Any) -> str:
    about = feature.get("properties") or {}
    found = [about[key] for key in _IDS if about.get(key) is not None]
    wanted = found[0] if found else feature["id"]
    if not isinstance(wanted, str | int | float):
        raise TypeError
    number = isinstance(wanted, float) and wanted.is_integer()
    return str(int(wanted)) if number else str(wanted)


def _rings(geometry: Any) -> list[Any]:
    """Outer rings of a polygon, or of several."""
    found = geometry["coordinates"]
    if geometry["type"] not in ("Polygon", "MultiPolygon"):
        raise ValueError
    rings = [found[0]] if geometry["type"] == "Polygon" else [one[0] for one in found]
    if not rings or not all(rings):
        raise ValueError
    return rings


def _middles(cells: list[list[Any]], name: str, last: int) -> FloatArray:
    """Centroid (x, y) and area of each cell: of several polygons, the largest."""
    rings = [ring for cell in cells for ring in cell]
    length = np.array([len(ring) for ring in rings])
    try:
        flat = np.array([xy for ring in rings for xy in ring], dtype=np.float64)[:, :2]
    except (IndexError, TypeError, ValueError):
        flat = np.empty((0, 0))
    if flat.shape != (length.sum(), 2) or not np.isfinite(flat).all():
        msg = f"{name}: one of the features up to {last:,} {_NO_CELL}"
        raise ReadError(msg)
    found = _centroids(flat, length)
    owner = np.repeat(np.arange(len(cells)), [len(cell) for cell in cells])
    largest_last = np.lexsort((found[:, 2], owner))
    ends = np.cumsum([len(cell) for cell in cells]) - 1
    middles: FloatArray = found[largest_last[ends]]
    return middles


def _centroids(corners: FloatArray, length: NDArray[np.int64]) -> FloatArray:
    """Centroid (x, y) and area of rings that follow one another, shape (ring, 3)."""
    begins = np.r_[0, np.cumsum(length)[:-1]]
    after = np.arange(len(corners)) + 1
    after[begins + length - 1] = begins
    first = corners[begins]
    near = corners - np.repeat(first, length, axis=0)  # products keep their digits
    (u, v), (u1, v1) = near.T, near[after].T
    cross = u * v1 - u1 * v
    area = np.add.reduceat(cross, begins) / 2
    flat = np.abs(area) < _NO_AREA
    sums = [np.add.reduceat((p + q) * cross, begins) for p, q in ((u, u1), (v, v1))]
    by_area = np.stack(sums, axis=1) / (6 * np.where(flat, 1.0, area))[:, None]
    by_corner = np.add.reduceat(near, begins, axis=0) / length[:, None]
    middle = first + np.where(flat[:, None], by_corner, by_area)
    return np.column_stack([middle, np.where(flat, 0.0, np.abs(area))])
