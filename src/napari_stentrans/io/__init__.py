"""Reading sections from files and folders, chosen by what is in them, not by names.

One format a module, each with ``sniff(path)`` (cheap, says whether it is this format)
and ``read(path, options)``. A new format is one new module and one entry in
`_FORMATS`. Imports nothing heavy before a file is opened.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_stentrans.errors import ReadError, StEnTransError
from napari_stentrans.io.damage import DAMAGE, said

if TYPE_CHECKING:
    from napari_stentrans.section.lattice import LatticeKind
    from napari_stentrans.section.section import Section

__all__ = ["can_read", "read_section"]

_FORMATS = ("h5ad", "space_ranger", "legacy_st")
_NEVER = (b"\xff\xd8\xff", b"\x89PNG", b"II*\0", b"MM\0*", b"PK\x03\x04", b"%PDF")
"""How pictures, archives and documents begin: turned away before anything is loaded."""


def read_section(
    path: str | Path,
    *,
    lattice: LatticeKind | str | None = None,
    allow_normalised: bool = False,
    name: str | None = None,
) -> Section:
    """Read a section from a file or folder.

    Parameters
    ----------
    path
        An ``.h5ad``; a Space Ranger output folder, its ``outs``, or the matrix in it;
        a Visium HD ``square_*um`` folder; a legacy ST table (csv or tsv, gzipped or
        not); or a folder that holds exactly one of these.
    lattice
        Overrules the lattice that is recognised from the positions: "square", "hex",
        "quincunx" or "irregular".
    allow_normalised
        Take normalised values where there are no raw counts.
    name
        What to call the section, instead of a name made from the path.

    Raises
    ------
    ReadError, InvalidSectionError
        Naming every problem found, and what to do.
    InvalidRequestError
        If there is no such lattice.
    """
    from napari_stentrans.io.options import ReadOptions

    options = ReadOptions.of(lattice, name, allow_normalised=allow_normalised)
    path = Path(path).expanduser()
    try:
        return _read(path, options)
    except StEnTransError as error:
        error.add_note(f"while reading {path}")
        raise
    except DAMAGE as error:
        msg = f"{path.name} is damaged or not what it seems to be: {said(error)}"
        clear = ReadError(msg)
        clear.add_note(f"while reading {path}")
        raise clear from error


def can_read(path: str | Path) -> bool:
    """Whether `read_section` knows this file or folder. Cheap; never raises."""
    try:
        path = Path(path).expanduser()
        return _format_of(path) is not None or len(_openable(path)) > 0
    except DAMAGE:
        return False


def _read(path: Path, options: Any) -> Section:
    found = _format_of(path)
    if found is None:
        inside = _openable(path)
        if len(inside) == 1:
            return _read(inside[0], options)
        if inside:
            listed = "\n".join(f"  {file.name}" for file in inside)
            msg = (
                f"{path.name} holds {len(inside)} sections; open one of them:\n{listed}"
            )
            raise ReadError(msg)
        from napari_stentrans.io.foreign import describe

        raise ReadError(describe(path))
    section: Section = found.read(path, options)
    return section


def _format_of(path: Path) -> Any:
    """Return the format module that knows this path, or None."""
    if not path.exists() or _begins_otherwise(path):
        return None
    for format_name in _FORMATS:
        module = import_module(f"{__name__}.{format_name}")
        try:
            known = module.sniff(path)
        except DAMAGE:
            known = False
        if known:
            return module
    return None


def _begins_otherwise(path: Path) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(8).startswith(_NEVER)


def _openable(path: Path) -> list[Path]:
    """Sections among the files of a folder that is of no format itself."""
    if not path.is_dir():
        return []
    files = sorted(file for file in path.iterdir() if file.is_file())
    return [file for file in files[:200] if _format_of(file) is not None]
