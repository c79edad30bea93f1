"""Find the sections in a folder of data, and say which are good for a benchmark."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from napari_stentrans.errors import StEnTransError
from napari_stentrans.io import can_read, read_section
from napari_stentrans.section.section import Section

LEAST_SPOTS = 100
LEAST_GENES = 100
MOST_SPOTS = 10_000


@dataclass(frozen=True)
class Candidate:
    """Something in the folder that may be a section."""

    name: str
    path: Path
    spots: int = 0
    genes: int = 0
    scored_genes: int = 0
    counts: float = 0.0
    lattice: str = ""
    fingerprint: str = ""
    image: str = ""
    """Name of the image it comes with; empty for none."""
    unfit: str = ""
    """Why it cannot be used; empty if it can."""


def survey(folder: Path) -> list[Candidate]:
    """Open all that can be opened; the same section twice counts once."""
    found: list[Candidate] = []
    for path in _candidates(folder):
        candidate = _look_at(path, str(path.relative_to(folder)))
        same = [c.name for c in found if c.fingerprint == candidate.fingerprint != ""]
        if not same:
            found.append(candidate)
    return found


def _candidates(folder: Path) -> Iterator[Path]:
    """Folders that are one section, else what is in them."""
    for path in sorted(folder.iterdir()):
        if path.is_dir() and not _is_one_section(path):
            yield from _candidates(path)
        elif path.is_dir() or can_read(path):
            yield path


def _is_one_section(folder: Path) -> bool:
    if not can_read(folder):
        return False
    try:
        read_section(folder)
    except StEnTransError as error:
        return "sections; open one" not in str(error)
    return True


def _look_at(path: Path, name: str) -> Candidate:
    try:
        section = read_section(path)
    except StEnTransError as error:
        reason = str(error).splitlines()[0]
        return Candidate(name, path, unfit=f"cannot be read: {reason}")
    n_scored = int((section.detected_in > section.n_spots / 10).sum())
    return Candidate(
        name=name,
        path=path,
        spots=section.n_spots,
        genes=section.n_genes,
        scored_genes=n_scored,
        counts=float(sorted(section.library_size)[section.n_spots // 2]),
        lattice=str(section.lattice.kind),
        fingerprint=_fingerprint(section),
        image=section.image.name if section.image else "",
        unfit=_unfit(section, n_scored),
    )


def _fingerprint(section: Section) -> str:
    """Of all that a method may look at: also where the picture shows which spot."""
    if section.image is None:
        return section.fingerprint
    digest = hashlib.sha256(section.fingerprint.encode())
    for array in (section.image.data, section.image.affine, section.pixel_xy):
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()[:16]


def _unfit(section: Section, n_scored: int) -> str:
    if section.n_spots < LEAST_SPOTS:
        return f"fewer than {LEAST_SPOTS} spots"
    if section.n_spots > MOST_SPOTS:
        return f"more than {MOST_SPOTS:,} spots"
    if n_scored < LEAST_GENES:
        return f"fewer than {LEAST_GENES} genes in over 10 % of the spots"
    return ""
