"""How a person wants a section read, and the steps every reader shares."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, fields
from difflib import get_close_matches
from numbers import Real
from os import PathLike
from pathlib import Path
from typing import Any, Final, TypedDict, Unpack

import numpy as np

from napari_stentrans.errors import InvalidRequestError
from napari_stentrans.io.files.home import at_home
from napari_stentrans.io.files.pipes import refuse_pipe
from napari_stentrans.section.alignment import Alignment, alignment_of, alignment_text
from napari_stentrans.section.detection import Detected, impose_lattice, place_spots
from napari_stentrans.section.lattice import FloatArray, Lattice, LatticeKind
from napari_stentrans.section.part import Box

_GENERIC = re.compile(
    r"outs?|binned_outputs|spatial|counts?|matrix|data|st_?data|expression|"
    r".*feature_bc_matrix|.*probe_bc_matrix|cell_feature_matrix|cells|adata|anndata|"
    r"cell_by_gene|cell_metadata|segmented_outputs|.*feature_cell_matrix|"
    r".*cell_segmentations|experiment|filtered|raw",
    re.IGNORECASE,
)
"""Names that every section has, so that the folder above says more."""
_ENDINGS = re.compile(
    r"\.(gz|tsv|csv|txt|tab|h5ad|h5|gem|gef|tissue|raw|cellbin|loom|zarr|parquet|geojson|mtx|xenium)$",
    re.IGNORECASE,
)


FORMAT_OPTIONS: Final = (
    "bin_size",
    "library",
    "positions",
    "table",
    "coordinate_system",
)
"""Wishes that only some formats can fulfil; each format names those it takes."""


class ReadWishes(TypedDict, total=False):
    """What `read_section` takes beside the path; see `ReadOptions`."""

    lattice: LatticeKind | str | None
    name: str | None
    allow_normalised: bool
    pitch: float | None
    bin_size: float | None
    library: str | None
    positions: str | Path | None
    table: str | None
    coordinate_system: str | None
    image: str | Path | None
    image_alignment: str | None
    box: str | Iterable[float] | None


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
    pitch
        Bin cells or beads at free positions into squares of this side: in µm where the
        format tells them, else in the units of the positions.
    bin_size
        Which bins to take: µm in Visium HD, steps of the array in Stereo-seq.
    library
        Which of several sections in one file.
    positions
        The file of positions, where it is not found by itself.
    table, coordinate_system
        Which of several in a SpatialData folder.
    image
        The full-resolution picture of the tissue, where it lies elsewhere.
    image_alignment
        How to move the picture: see `section.alignment`.
    box
        Take the spots within it alone: (x0, y0, x1, y1), see `section.part`.
    """

    lattice: LatticeKind | None = None
    name: str | None = None
    allow_normalised: bool = False
    pitch: float | None = None
    bin_size: float | None = None
    library: str | None = None
    positions: Path | None = None
    table: str | None = None
    coordinate_system: str | None = None
    image: Path | None = None
    image_alignment: Alignment | None = None
    box: Box | None = None

    @classmethod
    def of(cls, **wishes: Unpack[ReadWishes]) -> ReadOptions:
        """Check what a person wrote.

        Raises
        ------
        InvalidRequestError
            If there is no such wish, lattice or file, a name is no text, or a size no
            size.
        """
        _refuse_unknown(wishes)
        found: dict[str, Any] = dict(wishes)
        lattice = found.get("lattice")
        if lattice is not None and lattice not in list(LatticeKind):
            msg = (
                f"there is no lattice {lattice!r}; choose from {', '.join(LatticeKind)}"
            )
            raise InvalidRequestError(msg)
        found["lattice"] = None if lattice is None else LatticeKind(lattice)
        for text in ("name", "library", "table", "coordinate_system"):
            if found.get(text) is not None:
                _check_text(text, found[text])
        for size in ("bin_size", "pitch"):
            if found.get(size) is not None:
                _check_size(size, found[size])
        _check_switch("allow_normalised", found.get("allow_normalised", False))
        for what in ("positions", "image"):
            if found.get(what) is not None:
                found[what] = _file(what, found[what])
        if found.get("image_alignment") is not None:
            try:
                found["image_alignment"] = alignment_of(str(found["image_alignment"]))
            except ValueError as error:
                msg = f"image_alignment: {error}"
                raise InvalidRequestError(msg) from None
        if found.get("box") is not None:
            found["box"] = Box.of(found["box"])
        return cls(**found)

    @property
    def given(self) -> dict[str, str | bool | float]:
        """What was asked for, as text and numbers: it gives the same section again."""
        found: dict[str, str | bool | float] = {}
        for each in fields(self):
            value = getattr(self, each.name)
            if value is None or value is False:
                continue
            if isinstance(value, Alignment):
                value = alignment_text(value)
            elif isinstance(value, Path):
                value = str(value.absolute())
            is_named = isinstance(value, LatticeKind | Box)
            found[each.name] = str(value) if is_named else value
        return found

    def check_taken(self, takes: frozenset[str], title: str) -> None:
        """Refuse wishes that a format cannot fulfil.

        Raises
        ------
        InvalidRequestError
            Naming them, and what the format takes instead.
        """
        given = [name for name in FORMAT_OPTIONS if getattr(self, name) is not None]
        idle = [name for name in given if name not in takes]
        if idle:
            taken = [name for name in FORMAT_OPTIONS if name in takes]
            msg = f"{_options(idle)} means nothing for {title}" + (
                f", which takes {_options(taken)}" if taken else ""
            )
            raise InvalidRequestError(msg)

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
        """Recognise the lattice, or impose the one that was asked for."""
        return place_spots(array_rc, pixel_xy, checkerboard, self.lattice)

    def place_bins(self, bin_rc: FloatArray, pixel_xy: FloatArray) -> Detected:
        """Place bins of a full square array, of which any may be empty."""
        if self.lattice is not None:
            return self.place(bin_rc, pixel_xy)
        return Detected(Lattice(LatticeKind.SQUARE), bin_rc)

    def place_free(self, pixel_xy: FloatArray) -> Detected:
        """Place cells or beads, which lie on no lattice unless a person insists."""
        free_rc = np.ascontiguousarray(pixel_xy[:, ::-1], dtype=np.float64)
        kind = self.lattice or LatticeKind.IRREGULAR
        if kind is not LatticeKind.IRREGULAR:
            return self.place(free_rc)
        return Detected(impose_lattice(free_rc, kind), free_rc)


def _check_text(name: str, value: object) -> None:
    if not isinstance(value, str):
        msg = f'{name} must be text, such as {name}="{value}", not {value!r}'
        raise InvalidRequestError(msg)


def _check_switch(name: str, value: object) -> None:
    if not isinstance(value, bool | np.bool_):
        msg = f"{name} must be True or False, not {value!r}"
        raise InvalidRequestError(msg)


def _check_size(name: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, Real):
        msg = f"{name} must be a number above 0, such as {name}=50, not {value!r}"
        raise InvalidRequestError(msg)
    if not 0 < float(value) < math.inf:
        msg = f"{name} must be a size above 0, not {value!r}"
        raise InvalidRequestError(msg)


def _file(name: str, value: object) -> Path:
    if not isinstance(value, str | PathLike):
        msg = f"{name} must be the path of a file, not {value!r}"
        raise InvalidRequestError(msg)
    path = at_home(value, name)
    refuse_pipe(path)
    if not path.is_file():
        msg = f"there is no {name} file {path}"
        raise InvalidRequestError(msg)
    return path


def _options(names: Iterable[str]) -> str:
    """Name options as Python and as the command line have them."""
    return ", ".join(f"{name} (--{name.replace('_', '-')})" for name in names)


def _refuse_unknown(wishes: Iterable[str]) -> None:
    """Name the first wish that there is not, with the nearest that there is."""
    known = [each.name for each in fields(ReadOptions)]
    for name in wishes:
        if name not in known:
            near = get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"use {', '.join(known)}"
            msg = f"there is no option {name!r} of reading; {hint}"
            raise InvalidRequestError(msg)
