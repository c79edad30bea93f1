"""Where the parts of a Space Ranger output lie, from wherever in it a person points."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from napari_stentrans.io.files.visible import visible
from napari_stentrans.io.formats.space_ranger.names import alike, prefix_of
from napari_stentrans.io.formats.space_ranger.positions import list_positions
from napari_stentrans.io.formats.tenx_matrix import (
    is_matrix_folder,
    is_matrix_h5,
    is_matrix_mtx,
)

_DEPTH = 4
_MAX_FOLDERS = 300
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
        How the names of all parts begin, if they have such a beginning (GEO).
    others
        Positions that lie there, but belong to other sections by their names.
    is_among_others
        Whether several sections share the folder.
    """

    root: Path
    matrix: Path | None
    positions: Path | None
    spatial: Path
    prefix: str = ""
    others: tuple[Path, ...] = ()
    is_among_others: bool = False

    @property
    def is_complete(self) -> bool:
        """Whether counts and positions are both there."""
        return self.matrix is not None and self.positions is not None

    @property
    def has_positions(self) -> bool:
        """Whether there are positions, if only of other sections."""
        return self.positions is not None or len(self.others) > 0

    @property
    def places(self) -> tuple[Path, ...]:
        """Where everything but the counts lies: a folder, or files among others."""
        if self.spatial != self.root:
            return (self.spatial,)
        inside = visible(self.root.iterdir())
        places = [file for file in inside if _PLACES.search(file.name)]
        return tuple(file for file in places if prefix_of(file) in {"", self.prefix})

    @property
    def shown(self) -> Path:
        """What to open if this one is meant."""
        part = self.matrix or self.positions
        return part if self.is_among_others and part is not None else self.root


def find_outputs(path: Path) -> list[Output]:
    """Sections that a path means: one for a part of an output, any number below it."""
    if path.is_file() and re.search("tissue_positions|scalefactors_json", path.name):
        is_inside = path.parent.name == "spatial"
        several = _sharing(path.parent.parent if is_inside else path.parent)
        own = [each for each in several if each.prefix == prefix_of(path)]
        if several:
            return own or _complete(several)
        path = path.parent
    if path.is_file():
        if not (is_matrix_h5(path) or is_matrix_mtx(path)):
            return []
        output = _output_at(path.parent, matrix=path)
        if not output.has_positions and is_matrix_mtx(path):
            return find_outputs(path.parent)
        return [output] if output.has_positions else []
    if is_matrix_folder(path) and not _output_at(path).has_positions:
        output = _output_at(path.parent, matrix=path)
        return [output] if output.has_positions else []
    if path.name == "spatial" and list_positions(path):
        path = path.parent
    found: list[Output] = []
    _search(path, _DEPTH, found, [_MAX_FOLDERS])
    return _complete(found)


def _complete(found: list[Output]) -> list[Output]:
    """Those that are complete; all, where none is."""
    return [output for output in found if output.is_complete] or found


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
    begins = _begins(folder)
    if len(begins) < 2:
        return []
    return [
        _output_at(folder, _find_matrix(folder, prefix), prefix)
        for prefix in sorted(begins)
    ]


def _begins(folder: Path) -> set[str]:
    """How names of parts begin in a folder in which there are positions."""
    listed = _listed(folder)
    parts = [*listed, *_matrices(folder)] if listed else []
    return {prefix_of(part) for part in parts} - {""}


def _output_at(
    folder: Path, matrix: Path | None = None, prefix: str | None = None
) -> Output:
    """Parts in a folder: of this matrix, or of this prefix, or those that there are."""
    if matrix is None and prefix is None:
        matrix = _find_matrix(folder)
    if matrix is not None:
        prefix = prefix_of(matrix)
    listed = _listed(folder)
    own = listed if prefix is None else alike(listed, prefix)
    spatial = folder / "spatial"
    return Output(
        folder,
        matrix,
        own[0] if own else None,
        spatial if spatial.is_dir() else folder,
        prefix or (prefix_of(own[0]) if own else ""),
        others=() if own else tuple(listed),
        is_among_others=len(_begins(folder)) > 1,
    )


def _listed(folder: Path) -> list[Path]:
    """Positions of the sections in a folder."""
    spatial = folder / "spatial"
    return (list_positions(spatial) if spatial.is_dir() else []) or list_positions(
        folder
    )


def _find_matrix(folder: Path, prefix: str | None = None) -> Path | None:
    """Count matrix of a folder: filtered before raw, h5 before mtx."""
    named = _matrices(folder)
    if prefix is not None:
        named = [file for file in named if prefix_of(file) == prefix]
    elif not named and is_matrix_folder(folder):
        return folder
    order = [
        ("filtered" not in file.name, file.is_dir(), len(file.name), file.name)
        for file in named
    ]
    return named[order.index(min(order))] if named else None


def _matrices(folder: Path) -> list[Path]:
    """Matrices in a folder: as Space Ranger names them; else any that are there."""
    children = visible(folder.iterdir())
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
        named = named if any(map(prefix_of, named)) else []
    return named
