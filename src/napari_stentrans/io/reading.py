"""Reading sections from files and folders, chosen by what is in them, not by names.

One format a module, each with ``sniff(path)`` (cheap, says whether it is this format)
and ``read(path, options)``. A new format is one new module in `io.formats` and one
entry in `_FORMATS`. Imports nothing heavy before a file is opened.
"""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from napari_stentrans.errors import InvalidRequestError, ReadError, StEnTransError
from napari_stentrans.io.files.damage import DAMAGE, said
from napari_stentrans.io.files.home import at_home
from napari_stentrans.io.files.kinds import is_never_a_section
from napari_stentrans.io.files.pipes import refuse_pipe

if TYPE_CHECKING:
    from napari_stentrans.io.options import ReadWishes
    from napari_stentrans.section.section import Section

__all__ = ["FILE_PATTERNS", "can_read", "read_section"]

FILE_PATTERNS = (
    "*.h5ad",
    "*.h5",
    "*.csv",
    "*.csv.gz",
    "*.tsv",
    "*.tsv.gz",
    "*.txt",
    "*.txt.gz",
    "*.gem",
    "*.gem.gz",
    "*.gef",
    "*.loom",
    "*.zarr",
    "*.parquet",
    "*.mtx",
    "*.mtx.gz",
    "*experiment.xenium",
    "*cell_segmentations.geojson",
    "*scalefactors_json.json",
)
"""Names of what may be a section, to offer it: what is inside of it decides."""
_FORMATS = (
    "formats.h5ad.reader",
    "tables.parquet_reader",
    "formats.spatialdata.reader",
    "formats.xenium.reader",
    "formats.space_ranger.cells",
    "formats.space_ranger.reader",
    "formats.merscope.reader",
    "formats.cosmx",
    "formats.stereo.gem",
    "formats.stereo.gef",
    "formats.loom",
    "formats.listed.matrix_reader",
    "tables.text_reader",
    "formats.listed.table_reader",
)
"""In the order in which they are tried: those that are surest of themselves first."""
_EMPTY = "All counts are zero."
_MOST_INSIDE = 200
_MOST_FOLDERS = 10
_MOST_DEEPER = 20
"""Things in a folder, folders in it, and things in these, that are looked at."""


def read_section(path: str | Path, **wishes: Unpack[ReadWishes]) -> Section:
    """Read a section from a file or folder.

    Parameters
    ----------
    path
        Whatever `docs/formats.md` lists: an AnnData (``.h5ad``, ``.zarr``), a
        SpatialData ``.zarr``, a Space Ranger or Xenium output folder or a part of one,
        MERSCOPE and CosMx tables, Stereo-seq ``.gem`` and ``.gef``, loom, a 10x matrix
        or a table of counts with positions beside it; or a folder that holds exactly
        one of these.
    **wishes
        ``lattice`` overrules the lattice that is recognised from the positions:
        "square", "hex", "quincunx" or "irregular". ``allow_normalised`` takes
        normalised values where there are no raw counts. ``name`` is what to call the
        section, instead of a name made from the path. ``image`` is the full-resolution
        picture of the tissue, in whose pixels the spots lie; a pyramid or any other
        picture, read reduced. ``image_alignment`` moves it, as in "mirrored turn=90
        scale=1.1 right=120 down=-40". ``pitch`` adds up cells or beads in squares of
        this side. ``box`` (x0, y0, x1, y1) takes the spots within it alone, in
        full-resolution pixels or whatever the positions are in. ``bin_size``,
        ``library``, ``positions``, ``table`` and ``coordinate_system`` choose where a
        format holds several; see `io.options.ReadOptions`.

    Returns
    -------
    Section
        Counts, positions and, if there is one, the picture; ``notes`` says in plain
        words what a person should know about it.

    Raises
    ------
    ReadError, InvalidSectionError
        Naming every problem found, and what to do.
    InvalidRequestError
        If it is no path, or a wish makes no sense, or not for this format.
    """
    from napari_stentrans.io.options import ReadOptions

    if not isinstance(path, str | PathLike):
        msg = (
            f"read_section takes the path of a file or folder, not "
            f"{type(path).__name__}; an AnnData goes to section_from_anndata"
        )
        raise InvalidRequestError(msg)
    options = ReadOptions.of(**wishes)
    path = at_home(path)
    path = path if path.name else path.absolute()  # what is called "." has a name
    try:
        section = _boxed(_pictured(_read(path, options), options), options)
        if not section.counts.count_nonzero():
            section = replace(section, notes=(*section.notes, _EMPTY))
        given = options.given
        return replace(section, wishes=given) if given else section
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
        path = at_home(path)
        return _format_of(path) is not None or len(_openable(path)) > 0
    except DAMAGE:
        return False


def _read(path: Path, options: Any) -> Section:
    refuse_pipe(path)
    found = _format_of(path, options.positions)
    if found is None:
        inside = _openable(path)
        if len(inside) == 1:
            return _read(inside[0], options)
        if inside:
            listed = "\n".join(f"  {file.relative_to(path)}" for file in inside)
            msg = (
                f"{path.name} holds {len(inside)} sections; open one of them:\n{listed}"
            )
            raise ReadError(msg)
        from napari_stentrans.io.foreign import describe

        raise ReadError(describe(path))
    options.check_taken(found.TAKES, found.TITLE)
    section: Section = found.read(path, options)
    if options.pitch is None:
        return section
    from napari_stentrans.io.assembly.squares import in_squares

    units_per_um = getattr(found, "units_per_um", _one)
    return in_squares(section, options.pitch * units_per_um(path))


def _one(_path: Path) -> float:
    """Units of positions to a µm, of formats whose positions are in µm or unknown."""
    return 1.0


def _pictured(section: Section, options: Any) -> Section:
    """Lay the picture that was asked for under the spots."""
    if options.image is not None:
        from napari_stentrans.io.given_picture import with_picture

        section = with_picture(section, options.image)
    if options.image_alignment is None:
        return section
    if section.image is None:
        msg = f"{section.name} has no picture that could be moved: give one (image)"
        raise InvalidRequestError(msg)
    return replace(section, image=section.image.aligned(options.image_alignment))


def _boxed(section: Section, options: Any) -> Section:
    """Take the part that was asked for; the picture is laid by all of the spots."""
    if options.box is None:
        return section
    from napari_stentrans.section.part import within

    return within(section, options.box)


def _format_of(path: Path, positions: Path | None = None) -> Any:
    """Return the format module that knows this path, or None.

    A positions file that a person names is for those formats that take one.
    """
    if not path.exists() or (path.is_file() and is_never_a_section(path)):
        return None
    for format_name in _FORMATS:
        module = import_module(f"napari_stentrans.io.{format_name}")
        named = positions is not None and "positions" in module.TAKES
        try:
            known = module.sniff(path, positions) if named else module.sniff(path)
        except DAMAGE:
            known = False
        if known:
            return module
    return None


def _openable(path: Path, deeper: int = 1) -> list[Path]:
    """Sections among what is in a folder that is of no format itself.

    Those that lie deeper count only where there are none above them.
    """
    if not path.is_dir():
        return []
    inside = [child for child in sorted(path.iterdir()) if child.name[0] != "."]
    looked = inside[: _MOST_INSIDE if deeper else _MOST_DEEPER]
    found = [child for child in looked if _format_of(child) is not None]
    if found or not deeper:
        return found
    folders = [child for child in looked if child.is_dir()][:_MOST_FOLDERS]
    return [each for folder in folders for each in _openable(folder, deeper - 1)]
