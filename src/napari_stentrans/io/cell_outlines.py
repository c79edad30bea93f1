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

from napari_stentrans.errors import ReadError
from napari_stentrans.io.limits import require
from napari_stentrans.io.text import opened
from napari_stentrans.section.lattice import FloatArray

_TEXT_FACTOR = 3.0
"""Bytes of memory that a byte of the file takes."""
_BEGIN = re.compile(r'"features"\s*:\s*\[')
_BETWEEN = re.compile(r"[\s,]*")
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
    names, rows = [], []
    for number, feature in enumerate(_features(text, path.name), start=1):
        try:
            names.append(_id(feature))
            rows.append(_middle(feature["geometry"]))
        except (LookupError, TypeError, ValueError) as error:
            msg = (
                f"{path.name}: feature {number:,} is no outline of a cell with an id; "
                "the file is damaged or of another kind"
            )
            raise ReadError(msg) from error
    if not rows:
        msg = f"{path.name} holds no outline of a cell"
        raise ReadError(msg)
    index = pd.Index(names, dtype=object)
    return pd.DataFrame(np.array(rows), index, ["x", "y", "area"])


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


def _middle(geometry: Any) -> tuple[float, float, float]:
    """Centroid (x, y) and area of a polygon, or of the largest of several."""
    found = geometry["coordinates"]
    polygons = [found] if geometry["type"] == "Polygon" else found
    if geometry["type"] not in ("Polygon", "MultiPolygon"):
        raise ValueError
    return max((_centroid(polygon[0]) for polygon in polygons), key=lambda one: one[2])


def _centroid(corners: Any) -> tuple[float, float, float]:
    ring: FloatArray = np.asarray(corners, dtype=np.float64)[:, :2]
    if not len(ring) or ring.shape[1] != 2 or not np.isfinite(ring).all():
        raise ValueError
    first = ring[0]
    u, v = (ring - first).T  # near zero, where products keep their digits
    cross = u * np.roll(v, -1) - np.roll(u, -1) * v
    area = cross.sum() / 2
    if abs(area) < 1e-9:
        x, y = ring.mean(axis=0)
        return float(x), float(y), 0.0
    x = first[0] + ((u + np.roll(u, -1)) * cross).sum() / (6 * area)
    y = first[1] + ((v + np.roll(v, -1)) * cross).sum() / (6 * area)
    return float(x), float(y), float(abs(area))
