"""A result in formats of other programs, which are written as a whole.

The values are first put into a scratch file where the result need not fit in memory.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import h5py

from napari_stentrans import keys
from napari_stentrans.enhanced import EnhancedSection
from napari_stentrans.io.files.replacing import check_place, told_of
from napari_stentrans.io.writers.as_anndata import library_name
from napari_stentrans.io.writers.h5ad import scratch_steps
from napari_stentrans.progress import Progress, Steps
from napari_stentrans.saving.choices import SaveChoices


def parquet(result: EnhancedSection, path: Path, choices: SaveChoices) -> Steps[Path]:
    """Write a parquet table of expected counts and standard deviations."""
    from napari_stentrans.io.tables.parquet_writer import write_parquet

    result, inputs = choices.of(result), result.section.inputs
    check_place(path, inputs)
    with _scratch_beside(path) as scratch:
        yield from scratch_steps(scratch, result.annotations(), result.blocks())
        yield Progress("Writing", 0, 1)
        with h5py.File(scratch) as h5ad:
            values, sd = h5ad["X"], h5ad[f"layers/{keys.SD}"]
            return write_parquet(path, result.annotations(), inputs, values, sd)


def space_ranger(
    result: EnhancedSection, path: Path, choices: SaveChoices
) -> Steps[Path]:
    """Write a folder as Space Ranger leaves it; it has no standard deviations."""
    import anndata

    from napari_stentrans.io.writers.space_ranger import write_space_ranger

    result, inputs = choices.of(result), result.section.inputs
    check_place(path, inputs)
    with _scratch_beside(path) as scratch:
        yield from scratch_steps(scratch, result.annotations(), result.blocks())
        yield Progress("Writing", 0, 1)
        adata = anndata.read_h5ad(scratch, backed="r")
        try:
            return write_space_ranger(path, adata, inputs)
        finally:
            adata.file.close()


def spatialdata(
    result: EnhancedSection, path: Path, choices: SaveChoices
) -> Steps[Path]:
    """Write a SpatialData zarr; the result is in memory meanwhile."""
    from napari_stentrans.io.writers.spatialdata import write_spatialdata

    result, section = choices.of(result), result.section
    check_place(path, section.inputs)
    yield Progress("Writing", 0, 1)
    name = f"{library_name(section)} enhanced"
    return write_spatialdata(path, result.to_anndata(), section, name)


@contextmanager
def _scratch_beside(path: Path) -> Iterator[Path]:
    """Give the name of an h5ad that is there while ``path`` is written."""
    folder = path.absolute().parent
    with (
        told_of(path),
        tempfile.TemporaryDirectory(prefix=".stentrans_", dir=folder) as scratch,
    ):
        yield Path(scratch) / "all.h5ad"
