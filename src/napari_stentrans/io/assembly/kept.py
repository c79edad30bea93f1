"""What our own files tell of a section beyond what other programs read.

A JSON text, so that it is the same in HDF5, zarr, parquet and a folder. Files of others
do not have it; then the lattice is recognised as ever.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from napari_stentrans import keys
from napari_stentrans.section.detection import Detected, impose_lattice
from napari_stentrans.section.lattice import FloatArray, Lattice, LatticeKind
from napari_stentrans.section.section import Section
from napari_stentrans.section.targets import REFINEMENTS
from napari_stentrans.section.technology import was_enhanced

FILE: Final = "stentrans_section.json"
"""Name of the file with it in the ``spatial`` folder of a Space Ranger output."""
_PITCH_CHANGE = 1.5
"""Refining moves the median distance to the nearest neighbour by less than this."""


@dataclass(frozen=True)
class Kept:
    """What is kept.

    Attributes
    ----------
    lattice
        The lattice of the spots.
    has_pixel_xy, has_spot_diameter
        Whether these were known, or made up because other programs insist on them.
    expected
        Whether the values are expected counts, which a run gave: no whole numbers.
    diameter
        Diameter of a spot, where it is not told with a picture.
    """

    lattice: Lattice
    has_pixel_xy: bool = True
    has_spot_diameter: bool = True
    expected: bool = False
    diameter: float | None = None

    @classmethod
    def of(cls, section: Section) -> Kept:
        """What is to be kept of a section."""
        return cls(
            section.lattice,
            section.pixel_xy is not None,
            section.spot_diameter is not None,
            was_enhanced(section),
        )

    def as_text(self) -> str:
        """Write it down."""
        return json.dumps(
            {
                "lattice": str(self.lattice.kind),
                "origin_rc": [float(value) for value in self.lattice.origin_rc],
                "step_rc": [float(value) for value in self.lattice.step_rc],
                "has_pixel_positions": self.has_pixel_xy,
                "has_spot_diameter": self.has_spot_diameter,
                "expected_counts": self.expected,
                "spot_diameter": self.diameter,
            }
        )

    def fits(self, array_rc: FloatArray) -> bool:
        """Whether the spots are still on the lattice: files are edited by others."""
        return bool(self.lattice.is_site(array_rc).all())

    def placed(self, array_rc: FloatArray) -> Detected:
        """Return the spots on the lattice that was kept.

        Off a lattice that is their pitch alone; a new one, where others have thinned
        the spots or moved them apart since.
        """
        if self.lattice.is_regular or len(array_rc) < 2:
            return Detected(self.lattice, array_rc)
        now = impose_lattice(array_rc, LatticeKind.IRREGULAR)
        change = now.step_rc[0] / self.lattice.step_rc[0]
        is_same = 1 / _PITCH_CHANGE < change < _PITCH_CHANGE
        return Detected(self.lattice if is_same else now, array_rc)

    def are_made_up(self, array_rc: FloatArray, pixel_xy: FloatArray) -> bool:
        """Whether pixel positions are still those written where there were none.

        These are as of `Section.to_pixel`: 100 a pitch, before the lattice was refined.
        """
        pitch_xy = 100 * self.lattice.to_pitch(array_rc)[:, ::-1]
        return not self.has_pixel_xy and any(
            np.allclose(pixel_xy, pitch_xy / refined, atol=1e-3)
            for refined in REFINEMENTS
        )


def kept_in(text: Any) -> Kept | None:
    """Return what a text keeps; None where it is none of ours, or was damaged."""
    try:
        told = json.loads(str(text))
        row, col = (float(value) for value in told["origin_rc"])
        down, right = (float(value) for value in told["step_rc"])
        if not np.isfinite([row, col, down, right]).all() or min(down, right) <= 0:
            return None
        lattice = Lattice(LatticeKind(told["lattice"]), (row, col), (down, right))
        diameter = float(told.get("spot_diameter") or 0)
        return Kept(
            lattice,
            bool(told["has_pixel_positions"]),
            bool(told["has_spot_diameter"]),
            bool(told.get("expected_counts")),
            diameter if 0 < diameter < math.inf else None,
        )
    except (ValueError, KeyError, TypeError):
        return None


def kept_in_uns(uns: Mapping[str, Any], array_rc: FloatArray) -> Kept | None:
    """Return what an AnnData keeps, if it still fits its positions."""
    found = kept_in(uns[keys.SECTION]) if keys.SECTION in uns else None
    return found if found is not None and found.fits(array_rc) else None


def kept_beside(folder: Path, array_rc: FloatArray) -> Kept | None:
    """Return what lies beside the positions of a section, if it still fits them."""
    file = folder / FILE
    if not file.is_file() or file.stat().st_size > 10_000:
        return None
    found = kept_in(file.read_text(encoding="utf-8", errors="replace"))
    return found if found is not None and found.fits(array_rc) else None
