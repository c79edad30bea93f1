"""What our own files tell of a section beyond what other programs read.

A JSON text, so that it is the same in HDF5, zarr, parquet and a folder. Files of others
do not have it; then the lattice is recognised as ever.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from napari_stentrans import keys
from napari_stentrans.section.detection import Detected
from napari_stentrans.section.lattice import FloatArray, Lattice, LatticeKind
from napari_stentrans.section.section import Section
from napari_stentrans.section.technology import was_enhanced

FILE: Final = "stentrans_section.json"
"""Name of the file with it in the ``spatial`` folder of a Space Ranger output."""


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
    """

    lattice: Lattice
    has_pixel_xy: bool = True
    has_spot_diameter: bool = True
    expected: bool = False

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
            }
        )

    def fits(self, array_rc: FloatArray) -> bool:
        """Whether the spots are still on the lattice: files are edited by others."""
        return bool(self.lattice.is_site(array_rc).all())

    def placed(self, array_rc: FloatArray) -> Detected:
        """Return the spots on the lattice that was kept."""
        return Detected(self.lattice, array_rc)


def kept_in(text: Any) -> Kept | None:
    """Return what a text keeps; None where it is none of ours, or was damaged."""
    try:
        told = json.loads(str(text))
        row, col = (float(value) for value in told["origin_rc"])
        down, right = (float(value) for value in told["step_rc"])
        if down == 0 or right == 0:
            return None
        lattice = Lattice(LatticeKind(told["lattice"]), (row, col), (down, right))
        return Kept(
            lattice,
            bool(told["has_pixel_positions"]),
            bool(told["has_spot_diameter"]),
            bool(told.get("expected_counts")),
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
