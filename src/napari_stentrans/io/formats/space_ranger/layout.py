"""Where the parts of a Space Ranger output lie, from wherever in it a person points."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from napari_stentrans.io.formats.space_ranger.positions import list_positions
from napari_stentrans.io.formats.tenx_matrix import (
    is_matrix_folder,
    is_matrix_h5,
    is_matrix_mtx,
)

_DEPTH = 4
_MAX_FOLDERS = 300
_PART = re.compile(
    r"(?P<prefix>.*?)(?:(?:filtered|raw)_(?:feature|probe)_bc_matrix|matrix\.mtx"
    r"|tissue_positions|scalefactors_json)"
)
_PLACES = re.compile(r"tissue_\w+\.|scalefactors_json|stentrans_section\.json")
"""What lies in the folder ``spatial``, where there is one."""


@dataclass(frozen=True)
class Output:
    """Where the parts of one section lie.

    Attributes
    ----------
    root
        The folder that names the section.
    matrix, positions
        The parts without which there is no section, where they were found.
    spatial
        The folder of positions, image and scale factors.
    prefix
        How the names of all parts begin, where several sections share a folder.
    """

    root: Path
    matrix: Path | None
    positions: Path | None
    spatial: Path
    prefix: str = ""

    @property
    def is_complete(self) -> bool:
        """Whether counts and positions are both there."""
        return self.matrix is not None and self.positions is not None

    @property
    def places(self) -> tuple[Path, ...]:
        """Where everything but the counts lies: a folder, or files among others."""
        if self.spatial != self.root:
            return (self.spatial,)
        inside = sorted(self.root.iterdir())
        return tuple(file for file in inside if _PLACES.search(file.name))

    @property
    def shown(self) -> Path:
        """What to open if this one is meant."""
        return self.matrix if self.prefix and self.matrix is not None else self.root


def find_outputs(path: Path) -> list[Output]:
    """Sections that a path means: one for a part of an output, any number below it."""
    if path.is_file() and re.search("tissue_positions|scalefactors_json", path.name):
        several = [each for each in _sharing(path.parent) if each.prefix in path.name]
        if several:
            return several
        path = path.parent
    if path.is_file():
        if not (is_matrix_h5(path) or is_matrix_mtx(path)):
            return []
        output = _output_at(path.parent, matrix=path)
        if output.positions is None and is_matrix_mtx(path):
            return find_outputs(path.parent)
        return [output] if output.positions is not None else []
    if is_matrix_folder(path) and not _output_at(path).is_complete:
        output = _output_at(path.parent, matrix=path)
        return [output] if output.positions is not None else []
    if path.name == "spatial" and list_positions(path):
        path = path.parent
    found: list[Output] = []
    _search(path, _DEPTH, found, [_MAX_FOLDERS])
    complete = [output for output in found if output.is_complete]
    return complete or found


def _search(folder: Path, depth: int, found: list[Output], budget: list[int]) -> None:
    budget[0] -= 1
    several = _sharing(folder)
    if several:
        found += several
        return
    output = _output_at(folder)
    has_spatial = output.positions is not None or output.spatial != folder
    if output.is_complete or (has_spatial and (output.matrix or output.positions)):
        found.append(output)
        return
    if depth == 0:
        return
    for child in sorted(child for child in folder.iterdir() if child.is_dir()):
        if budget[0] > 0 and not child.name.startswith("."):
            _search(child, depth - 1, found, budget)


def _sharing(folder: Path) -> list[Output]:
    """Sections that share a folder and are told apart by how names begin (GEO)."""
    if len({_prefix(file) for file in list_positions(folder)}) < 2:
        return []
    begins = sorted({_prefix(file) for file in _matrices(folder)})
    each = [_output_at(folder, _find_matrix(folder, prefix)) for prefix in begins]
    return [output for output in each if output.is_complete]


def _output_at(folder: Path, matrix: Path | None = None) -> Output:
    spatial = folder / "spatial"
    if not spatial.is_dir():
        spatial = folder
    matrix = matrix or _find_matrix(folder)
    listed = list_positions(spatial) or list_positions(folder)
    prefix = ""
    if matrix is not None and len({_prefix(file) for file in listed}) > 1:
        prefix = _prefix(matrix)
        listed = [file for file in listed if _prefix(file) == prefix]
    return Output(folder, matrix, listed[0] if listed else None, spatial, prefix)


def _prefix(part: Path) -> str:
    """How the name of a part begins, before what Space Ranger calls it."""
    found = _PART.match(part.name)
    return found["prefix"] if found else ""


def _find_matrix(folder: Path, prefix: str | None = None) -> Path | None:
    """Count matrix of a folder: filtered before raw, h5 before mtx."""
    named = _matrices(folder)
    if prefix is not None:
        named = [file for file in named if _prefix(file) == prefix]
    elif not named and is_matrix_folder(folder):
        return folder
    order = [
        ("filtered" not in file.name, file.is_dir(), len(file.name), file.name)
        for file in named
    ]
    return named[order.index(min(order))] if named else None


def _matrices(folder: Path) -> list[Path]:
    """Matrices in a folder: as Space Ranger names them; else any that are there."""
    children = sorted(folder.iterdir())
    named = [
        child
        for child in children
        if "feature_bc_matrix" in child.name
        and (child.suffix == ".h5" or is_matrix_folder(child))
    ]
    if not named:
        h5 = [child for child in children if child.suffix == ".h5"]
        named = [child for child in h5 if is_matrix_h5(child)]
    if not named:  # as STARsolo calls them: filtered, raw
        named = [child for child in children if is_matrix_folder(child)]
    if not named:
        named = [child for child in children if is_matrix_mtx(child)]
        named = named if len({_prefix(file) for file in named}) > 1 else []
    return named
