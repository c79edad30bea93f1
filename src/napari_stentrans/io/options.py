"""How a person wants a section read, and the steps every reader shares."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from napari_stentrans.errors import InvalidRequestError
from napari_stentrans.section.detection import Detected, detect_lattice, impose_lattice
from napari_stentrans.section.lattice import FloatArray, LatticeKind

_GENERIC = re.compile(
    r"outs?|binned_outputs|spatial|counts?|matrix|data|st_?data|expression|"
    r".*feature_bc_matrix|.*probe_bc_matrix|adata",
    re.IGNORECASE,
)
"""Names that every section has, so that the folder above says more."""
_ENDINGS = re.compile(r"\.(gz|tsv|csv|txt|tab|h5ad|h5)$", re.IGNORECASE)


@dataclass(frozen=True)
class ReadOptions:
    """What `read_section` was asked for.

    Attributes
    ----------
    lattice
        Overrules the recognised lattice.
    name
        Overrules the name made from the path.
    allow_normalised
        Whether values that are no counts may be taken.
    """

    lattice: LatticeKind | None = None
    name: str | None = None
    allow_normalised: bool = False

    @classmethod
    def of(
        cls,
        lattice: LatticeKind | str | None,
        name: str | None,
        *,
        allow_normalised: bool,
    ) -> ReadOptions:
        """Check what a person wrote.

        Raises
        ------
        InvalidRequestError
            If there is no such lattice.
        """
        if lattice is not None and lattice not in list(LatticeKind):
            msg = (
                f"there is no lattice {lattice!r}; choose from {', '.join(LatticeKind)}"
            )
            raise InvalidRequestError(msg)
        kind = None if lattice is None else LatticeKind(lattice)
        return cls(kind, name, allow_normalised)

    def name_for(self, path: Path) -> str:
        """Name of the section: as wished, or the first telling name up the path."""
        if self.name:
            return self.name
        path = path.absolute()
        for part in (path, *path.parents):
            stem = part.name
            while _ENDINGS.search(stem):
                stem = _ENDINGS.sub("", stem)
            if stem and not _GENERIC.fullmatch(stem):
                return stem
        return "section"

    def place(
        self,
        array_rc: FloatArray,
        pixel_xy: FloatArray | None = None,
        checkerboard: LatticeKind = LatticeKind.HEX,
    ) -> Detected:
        """Recognise the lattice, or impose the one that was asked for.

        A regular one is imposed on the coordinates found by fitting, where free
        positions were fitted. "irregular" means true distances: pixel positions, where
        there are some, become the array coordinates.
        """
        array_rc = np.asarray(array_rc, dtype=np.float64)
        if not len(array_rc) or not np.isfinite(array_rc).all():
            return Detected(
                impose_lattice(np.zeros((1, 2)), LatticeKind.SQUARE), array_rc
            )
        if pixel_xy is not None and not np.isfinite(pixel_xy).all():
            pixel_xy = None  # the section says which are wrong
        found = detect_lattice(array_rc, pixel_xy, checkerboard)
        if self.lattice is None or self.lattice is found.lattice.kind:
            return found
        if self.lattice is LatticeKind.IRREGULAR:
            free_rc = array_rc if pixel_xy is None else pixel_xy[:, ::-1].copy()
            return Detected(impose_lattice(free_rc, self.lattice), free_rc)
        return Detected(impose_lattice(found.array_rc, self.lattice), found.array_rc)
