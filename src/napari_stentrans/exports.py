"""Any section or result to any file of data: what is written is told by the ending."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from napari_stentrans.enhanced import EnhancedSection
from napari_stentrans.errors import InvalidRequestError
from napari_stentrans.io.files.endings import ending_among
from napari_stentrans.io.files.home import at_home
from napari_stentrans.io.files.replacing import replacing
from napari_stentrans.io.writers.as_anndata import library_name, section_to_anndata
from napari_stentrans.progress import run_to_end
from napari_stentrans.saving import SaveChoices
from napari_stentrans.saving.for_programs import space_ranger
from napari_stentrans.saving.places import check_places
from napari_stentrans.section.section import Section

Exportable: TypeAlias = Section | EnhancedSection

ENDINGS: dict[str, str] = {
    ".h5ad": "AnnData, for scanpy and squidpy",
    ".zarr": "SpatialData, with the spots as circles and the picture",
    ".csv": "one table: a row a spot, a column a gene; also .csv.gz, .tsv, .tsv.gz",
    ".parquet": "the same, for programs",
    "": "a folder as Space Ranger leaves it: h5, mtx, positions, pictures",
}
"""What can be written, by the ending of its name."""


def export(what: Exportable, path: str | Path) -> Path:
    """Write a section or a result, in the format that the ending of the name says.

    Parameters
    ----------
    what
        A section (its counts) or a result (its expected counts).
    path
        ``.h5ad``, ``.zarr`` (SpatialData), ``.csv`` (or tsv, gzipped or not),
        ``.parquet``, or a name without an ending for a folder as Space Ranger leaves
        it. What is there already is replaced, at the very end.

    Returns
    -------
    Path
        ``path``.

    Raises
    ------
    InvalidRequestError
        If there is no such format, or it cannot be written there.
    """
    if not isinstance(what, Section | EnhancedSection):
        msg = (
            f"export takes a section or a result of this package, not "
            f"{type(what).__name__}; an AnnData writes itself (write_h5ad), or "
            "section_from_anndata makes a section of it"
        )
        raise InvalidRequestError(msg)
    path = at_home(path)
    ending = ending_of(path)
    if isinstance(what, EnhancedSection):
        if ending:
            return what.save(path)
        return run_to_end(space_ranger(what, path, SaveChoices()))
    check_places(path, what.inputs)
    return _WRITERS[ending](what, path)


def ending_of(path: Path) -> str:
    """Return the ending that says the format.

    Raises
    ------
    InvalidRequestError
        If it says none.
    """
    return ending_among(path, _WRITERS, ENDINGS)


def _write_h5ad(section: Section, path: Path) -> Path:
    from napari_stentrans.io.writers.h5ad import write_whole

    with replacing(path, section.inputs) as unfinished:
        write_whole(section_to_anndata(section), unfinished, compression="gzip")
    return path


def _write_table(section: Section, path: Path) -> Path:
    from napari_stentrans.io.tables.section_writer import write_spot_table

    return write_spot_table(path, section)


def _write_parquet(section: Section, path: Path) -> Path:
    from napari_stentrans.io.tables.parquet_writer import write_parquet

    return write_parquet(path, section_to_anndata(section), section.inputs)


def _write_space_ranger(section: Section, path: Path) -> Path:
    from napari_stentrans.io.writers.space_ranger import write_space_ranger

    return write_space_ranger(path, section_to_anndata(section), section.inputs)


def _write_spatialdata(section: Section, path: Path) -> Path:
    from napari_stentrans.io.writers.spatialdata import write_spatialdata

    adata, name = section_to_anndata(section), library_name(section)
    return write_spatialdata(path, adata, section, name)


_WRITERS: dict[str, Callable[[Section, Path], Path]] = {
    ".h5ad": _write_h5ad,
    ".zarr": _write_spatialdata,
    ".parquet": _write_parquet,
    **dict.fromkeys((".csv", ".csv.gz", ".tsv", ".tsv.gz"), _write_table),
    "": _write_space_ranger,
}
