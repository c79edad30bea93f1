"""What a section was probably measured with, and how far apart its spots then are.

Told from the lattice and from what the source is called: a guess, and said as one.
"""

from __future__ import annotations

import re

import numpy as np

from napari_stentrans.section.lattice import LatticeKind
from napari_stentrans.section.section import Section

_LEGACY_ROWS = 36
"""The first arrays have 33 x 35 places; positions may be written from 0 or 1."""
_VISIUM_UM = 100.0
_LEGACY_UM = 200.0
_READ_AS = re.compile(r"Read as (\S+ (?:cells|molecules)),")
"""How readers note what the files themselves say."""
ENHANCED_NOTE = (
    "This section was enhanced before: its values are expected counts, "
    "not measured ones."
)
"""What readers note of a file that a run has written."""
_BIN = re.compile(r"square_(\d{3})um")
"""How Space Ranger names the folders of Visium HD."""


def technology(section: Section) -> str:
    """Say in a few words what the lattice and the source look like."""
    told = next(filter(None, map(_READ_AS.match, section.notes)), None)
    if told is not None:
        return told[1]
    if was_enhanced(section):
        return "a saved result"
    kind = section.lattice.kind
    bin_um = _bin_um(section)
    if bin_um is not None:
        return f"Visium HD, {bin_um:g} µm bins"
    if kind is LatticeKind.HEX:
        return "Visium"
    if kind is LatticeKind.QUINCUNX:
        return "Spatial Transcriptomics, 2k array"
    if kind is LatticeKind.SQUARE:
        small = _is_legacy(section)
        return "legacy Spatial Transcriptomics" if small else "binned (Stereo-seq …)"
    return "beads or cells (Slide-seq …)"


def was_enhanced(section: Section) -> bool:
    """Whether its values come from a run: its positions are closer than spots are."""
    return ENHANCED_NOTE in section.notes


def lattice_in_words(kind: LatticeKind) -> str:
    """What a lattice looks like and who uses it."""
    return {
        LatticeKind.HEX: "hex (Visium)",
        LatticeKind.SQUARE: "square (legacy ST, bins)",
        LatticeKind.QUINCUNX: "quincunx (ST 2k)",
        LatticeKind.IRREGULAR: "irregular (beads, cells)",
    }[kind]


def guessed_pitch_um(section: Section) -> float | None:
    """Distance of neighbouring spots in µm, as far as the technology tells it."""
    if was_enhanced(section):
        return None
    bin_um = _bin_um(section)
    if bin_um is not None:
        return bin_um
    if section.lattice.kind is LatticeKind.HEX:
        return _VISIUM_UM
    if section.lattice.kind is LatticeKind.SQUARE and _is_legacy(section):
        return _LEGACY_UM
    return None


def pitch_px(section: Section) -> float:
    """Distance of neighbouring spots in full-resolution pixels."""
    return float(np.linalg.norm(section.pitch_to_pixel[:2], axis=1).mean())


def _bin_um(section: Section) -> float | None:
    found = _BIN.search(f"{section.source or ''} {section.name}")
    is_square = section.lattice.kind is LatticeKind.SQUARE
    return float(found[1]) if found and is_square else None


def _is_legacy(section: Section) -> bool:
    rows_cols = np.ptp(section.lattice.to_grid(section.array_rc), axis=0) + 1
    return bool((rows_cols <= _LEGACY_ROWS).all())
