"""A result to a file, in steps that tell how far they are and can be given up.

What is written is told by the ending of the name. Whatever happens on the way, the file
takes its name only once it is complete.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from napari_stentrans.enhanced import EnhancedSection
from napari_stentrans.io.files.endings import ending_among
from napari_stentrans.io.files.home import at_home
from napari_stentrans.progress import Steps
from napari_stentrans.saving import for_programs, pictures, values
from napari_stentrans.saving.choices import SaveChoices

__all__ = ["ENDINGS", "SaveChoices", "ending_of", "endings", "save_steps"]

ENDINGS: dict[str, str] = {
    ".h5ad": "AnnData, for scanpy and squidpy",
    ".csv": "table of positions and genes; also .csv.gz, .tsv, .tsv.gz",
    ".ome.tif": "pictures of genes, for ImageJ, QuPath and napari",
    ".png": "figure of measured and enhanced; also .svg, .pdf",
    ".zarr": "SpatialData",
    ".parquet": "table, for programs",
}
"""What a result can be saved as."""


def save_steps(
    result: EnhancedSection, path: str | Path, choices: SaveChoices | None = None
) -> Steps[Path]:
    """Write a result as what the ending of the name says.

    Returns
    -------
    Path
        ``path``.

    Raises
    ------
    InvalidRequestError
        If there is no such kind of file, or it cannot be written there.
    """
    path = at_home(path)
    write = _WRITERS[ending_of(path)]
    return (yield from write(result, path, choices or SaveChoices()))


def endings() -> tuple[str, ...]:
    """Every ending that says what to write."""
    return tuple(_WRITERS)


def ending_of(path: Path) -> str:
    """Return the ending that says what is written.

    Raises
    ------
    InvalidRequestError
        If it says nothing that is known.
    """
    return ending_among(path, _WRITERS, ENDINGS)


_Writer = Callable[[EnhancedSection, Path, SaveChoices], Steps[Path]]
_WRITERS: dict[str, _Writer] = {
    ".h5ad": values.h5ad,
    **dict.fromkeys((".csv", ".csv.gz", ".tsv", ".tsv.gz"), values.table),
    **dict.fromkeys((".png", ".svg", ".pdf"), pictures.figure),
    **dict.fromkeys((".ome.tif", ".ome.tiff"), pictures.ome_tiff),
    ".zarr": for_programs.spatialdata,
    ".parquet": for_programs.parquet,
}
