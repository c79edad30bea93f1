"""Where the parts of a Space Ranger output lie, from wherever in it a person points."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from napari_stentrans.io.formats.space_ranger.positions import find_positions
from napari_stentrans.io.formats.tenx_matrix import is_matrix_folder, is_matrix_h5

_DEPTH = 4
_MAX_FOLDERS = 300


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
    """

    root: Path
    matrix: Path | None
    positions: Path | None
    spatial: Path

    @property
    def is_complete(self) -> bool:
        """Whether counts and positions are both there."""
        return self.matrix is not None and self.positions is not None


def find_outputs(path: Path) -> list[Output]:
    """Sections that a path means: one for a part of an output, any number below it."""
    if path.is_file() and "tissue_positions" in path.name:
        path = path.parent
    if path.is_file():
        if not is_matrix_h5(path):
            return []
        output = _output_at(path.parent, matrix=path)
        return [output] if output.positions is not None else []
    if is_matrix_folder(path) and not _output_at(path).is_complete:
        output = _output_at(path.parent, matrix=path)
        return [output] if output.positions is not None else []
    if path.name == "spatial" and find_positions(path) is not None:
        path = path.parent
    found: list[Output] = []
    _search(path, _DEPTH, found, [_MAX_FOLDERS])
    complete = [output for output in found if output.is_complete]
    return complete or found


def _search(folder: Path, depth: int, found: list[Output], budget: list[int]) -> None:
    budget[0] -= 1
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


def _output_at(folder: Path, matrix: Path | None = None) -> Output:
    spatial = folder / "spatial"
    if not spatial.is_dir():
        spatial = folder
    return Output(
        root=folder,
        matrix=matrix or _find_matrix(folder),
        positions=find_positions(spatial) or find_positions(folder),
        spatial=spatial,
    )


def _find_matrix(folder: Path) -> Path | None:
    """Count matrix of a folder: filtered before raw, h5 before mtx."""
    named = [
        *folder.glob("*feature_bc_matrix*.h5"),
        *(
            child
            for child in folder.glob("*feature_bc_matrix*")
            if is_matrix_folder(child)
        ),
    ]
    if not named:
        named = [file for file in sorted(folder.glob("*.h5")) if is_matrix_h5(file)]
    if not named and is_matrix_folder(folder):
        return folder
    order = [
        ("filtered" not in file.name, file.is_dir(), len(file.name), file.name)
        for file in named
    ]
    return named[order.index(min(order))] if named else None
