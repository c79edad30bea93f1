"""Any section or result to any file: what is written is told by the ending.

The one place that knows all writers. Each gets an AnnData; a result that goes to a
table or to mtx is first put into a scratch file, so that it need not fit in memory.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from napari_stentrans import keys
from napari_stentrans.enhanced import EnhancedSection
from napari_stentrans.io.files.endings import ending_among
from napari_stentrans.io.files.replacing import check_place, replacing
from napari_stentrans.io.writers.as_anndata import library_name, section_to_anndata
from napari_stentrans.section.section import Section

if TYPE_CHECKING:
    from anndata import AnnData

Exportable: TypeAlias = Section | EnhancedSection

ENDINGS: dict[str, str] = {
    ".h5ad": "AnnData, for scanpy and squidpy",
    ".zarr": "SpatialData, with the spots as circles and the picture",
    ".csv": "one table: a row a spot, a column a gene; also .csv.gz, .tsv, .tsv.gz",
    ".parquet": "the same, for programs",
    "": "a folder as Space Ranger leaves it: mtx, positions, picture",
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
    path = Path(path).expanduser()
    write = _WRITERS[ending_of(path)]
    check_place(path, _section_of(what).inputs)
    return write(what, path)


def ending_of(path: Path) -> str:
    """Return the ending that says the format.

    Raises
    ------
    InvalidRequestError
        If it says none.
    """
    return ending_among(path, _WRITERS, ENDINGS)


def _write_h5ad(what: Exportable, path: Path) -> Path:
    if isinstance(what, EnhancedSection):
        return what.save(path)
    with replacing(path, what.inputs) as unfinished:
        section_to_anndata(what).write_h5ad(unfinished, compression="gzip")
    return path


def _write_table(what: Exportable, path: Path) -> Path:
    from napari_stentrans.io.tables.section_writer import write_spot_table

    if isinstance(what, EnhancedSection):
        return what.save(path)
    return write_spot_table(path, what)


def _write_parquet(what: Exportable, path: Path) -> Path:
    from napari_stentrans.io.tables.parquet_writer import write_parquet

    if isinstance(what, Section):
        return write_parquet(path, section_to_anndata(what), what.inputs)
    import h5py

    with _scratch(what, path.parent) as file, h5py.File(file) as h5ad:
        return write_parquet(
            path,
            what.annotations(),
            what.section.inputs,
            values=h5ad["X"],
            sd=h5ad[f"layers/{keys.SD}"],
        )


def _write_space_ranger(what: Exportable, path: Path) -> Path:
    from napari_stentrans.io.writers.space_ranger import write_space_ranger

    with _as_anndata(what, path.parent) as adata:
        return write_space_ranger(path, adata, _section_of(what).inputs)


def _write_spatialdata(what: Exportable, path: Path) -> Path:
    from napari_stentrans.io.writers.spatialdata import write_spatialdata

    section, name = _section_of(what), library_name(_section_of(what))
    if isinstance(what, EnhancedSection):
        adata, name = what.to_anndata(), f"{name} enhanced"
    else:
        adata = section_to_anndata(what)
    return write_spatialdata(path, adata, name, section.source, section.inputs)


_WRITERS: dict[str, Callable[[Exportable, Path], Path]] = {
    ".h5ad": _write_h5ad,
    ".zarr": _write_spatialdata,
    ".parquet": _write_parquet,
    **dict.fromkeys((".csv", ".csv.gz", ".tsv", ".tsv.gz"), _write_table),
    "": _write_space_ranger,
}


@contextmanager
def _as_anndata(what: Exportable, folder: Path) -> Iterator[AnnData]:
    """Give an AnnData: a section's in memory, a result's in a scratch file."""
    if isinstance(what, Section):
        yield section_to_anndata(what)
        return
    import anndata

    with _scratch(what, folder) as file:
        adata = anndata.read_h5ad(file, backed="r")
        try:
            yield adata
        finally:
            adata.file.close()


@contextmanager
def _scratch(result: EnhancedSection, folder: Path) -> Iterator[Path]:
    """Give a result as an h5ad that is there for a while."""
    with tempfile.TemporaryDirectory(prefix=".stentrans_", dir=folder) as scratch:
        yield result.save(Path(scratch) / "all.h5ad")


def _section_of(what: Exportable) -> Section:
    return what.section if isinstance(what, EnhancedSection) else what
