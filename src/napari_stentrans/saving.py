"""A result to a file, in steps that tell how far they are and can be given up.

What is written is told by the ending of the name. Whatever happens on the way, the file
takes its name only once it is complete.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from napari_stentrans import keys
from napari_stentrans.enhanced import EnhancedSection
from napari_stentrans.figures import ComparisonLook, comparison, telling_genes
from napari_stentrans.io.files.endings import ending_among
from napari_stentrans.io.files.replacing import check_place, replacing
from napari_stentrans.io.tables.beside import Beside
from napari_stentrans.io.tables.result_writer import (
    ResultTable,
    check_size,
    table_steps,
)
from napari_stentrans.io.writers.h5ad import h5ad_steps
from napari_stentrans.io.writers.ome_tiff import PixelSize, ome_tiff_steps
from napari_stentrans.progress import Progress, Steps
from napari_stentrans.section.raster import SpotRaster
from napari_stentrans.section.square_grid import SquareGrid, drawn
from napari_stentrans.section.technology import pitch_px

if TYPE_CHECKING:
    from anndata import AnnData
    from matplotlib.figure import Figure

_DPI = 200
_MOST_PICTURED = 12
"""Genes that are drawn unasked."""
_PIXELS_PER_PITCH = 4
"""Of the result's own pitch: enough to show the bricks of a hex lattice."""

ENDINGS: dict[str, str] = {
    ".h5ad": "AnnData, for scanpy and squidpy",
    ".csv": "table of positions and genes; also .csv.gz, .tsv, .tsv.gz",
    ".ome.tif": "pictures of genes, for ImageJ, QuPath and napari",
    ".png": "figure of measured and enhanced; also .svg, .pdf",
    ".zarr": "SpatialData",
    ".parquet": "table, for programs",
}
"""What a result can be saved as."""


@dataclass(frozen=True)
class SaveChoices:
    """What of a result is written.

    Attributes
    ----------
    genes
        Their names; None for all that the result has, and telling ones in pictures.
    with_sd
        Whether the uncertainty is written, too. None: where it is in nobody's way, as
        in files of values (h5ad, zarr and parquet always have it), not in pictures.
    look
        How a figure is drawn, and the distance of spots in µm.
    """

    genes: tuple[str, ...] | None = None
    with_sd: bool | None = None
    look: ComparisonLook = field(default_factory=ComparisonLook)


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
    path = Path(path).expanduser()
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


def _h5ad(result: EnhancedSection, path: Path, choices: SaveChoices) -> Steps[Path]:
    result = result if choices.genes is None else result.only(choices.genes)
    inputs = result.section.inputs
    check_place(path, inputs)
    yield Progress("Writing genes", 0, len(result.chosen))
    blocks = result.blocks()
    return (yield from h5ad_steps(path, result.annotations(), blocks, inputs))


def _table(result: EnhancedSection, path: Path, choices: SaveChoices) -> Steps[Path]:
    result = result if choices.genes is None else result.only(choices.genes)
    with_sd = choices.with_sd is not False
    check_size(len(result), len(result.chosen) * (1 + with_sd))
    check_place(path, result.section.inputs)
    mean: dict[str, NDArray[np.float32]] = {}
    sd: dict[str, NDArray[np.float32]] = {}
    for columns, prediction in result.blocks():
        for at, name in enumerate(map(str, result.genes[columns])):
            mean[name] = prediction.mean[:, at]
            if with_sd:
                sd[name] = prediction.sd[:, at]
        yield Progress("Predicting genes", columns.stop, len(result.chosen))
    annotations = result.annotations()
    table = ResultTable(_positions(result, annotations), mean, sd)
    beside = _beside(annotations)
    return (yield from table_steps(path, table, beside, result.section.inputs))


def _positions(result: EnhancedSection, annotations: AnnData) -> pd.DataFrame:
    """Where each position is and how it came to be, one row a position."""
    obs: pd.DataFrame = annotations.obs.drop(columns=keys.IN_TISSUE)
    obs.index.name = "position"
    return obs.assign(x=result.pixel_xy[:, 0], y=result.pixel_xy[:, 1])


def _beside(annotations: AnnData) -> Beside:
    """What a result's table of genes does not tell itself."""
    (library,) = annotations.uns[keys.SPATIAL].values()
    told = {
        "section": annotations.uns.get(keys.SECTION, ""),
        "provenance": annotations.uns[keys.PROVENANCE],
        "scalefactors": {
            name: float(value) for name, value in library["scalefactors"].items()
        },
    }
    return Beside(annotations.obs[[]], annotations.var, told)


def figure_of(result: EnhancedSection, choices: SaveChoices) -> Figure:
    """Draw measured and enhanced genes."""
    return comparison(result, _pictured(result, choices), choices.look)


def _figure(result: EnhancedSection, path: Path, choices: SaveChoices) -> Steps[Path]:
    inputs = result.section.inputs
    check_place(path, inputs)
    yield Progress("Drawing", 0, 2)
    figure = figure_of(result, choices)
    yield Progress("Drawing", 1, 2)
    with replacing(path, inputs) as unfinished:
        figure.savefig(unfinished, dpi=_DPI)
    return path


def _ome_tiff(result: EnhancedSection, path: Path, choices: SaveChoices) -> Steps[Path]:
    check_place(path, result.section.inputs)
    section, genes = result.section, _pictured(result, choices)
    spots = SpotRaster.from_section(section)
    of_spot_px = pitch_px(section)
    refined = result.targets.lattice.step_rc[0] / section.lattice.step_rc[0]
    pixel = of_spot_px * refined / _PIXELS_PER_PITCH
    yield Progress("Drawing genes", 0, len(genes))
    grid = SquareGrid.over([spots, result.raster], pixel)
    at_spots, at_positions = grid.index(spots), grid.index(result.raster)

    def pictures() -> Iterator[NDArray[np.float32]]:
        for gene in genes:
            prediction = result.read([gene])
            yield drawn(section.gene_counts(gene), at_spots)
            yield drawn(prediction.mean[:, 0], at_positions)
            if choices.with_sd:
                yield drawn(prediction.sd[:, 0], at_positions)

    kinds = ["measured", "enhanced", "sd"][: 2 + bool(choices.with_sd)]
    names = [f"{gene} {kind}" for gene in genes for kind in kinds]
    pitch_um = choices.look.pitch_um
    unit = pitch_um / of_spot_px if pitch_um else 1.0
    x, y = grid.origin_xy
    size = PixelSize(
        grid.pixel * unit, (x * unit, y * unit), "µm" if pitch_um else "pixel"
    )
    return (yield from ome_tiff_steps(path, names, pictures(), size, section.inputs))


def _pictured(result: EnhancedSection, choices: SaveChoices) -> list[str]:
    """Genes to draw: those asked for, else a few of the result."""
    if choices.genes is not None:
        result.section.gene_index(choices.genes)  # says which are not there
        return list(choices.genes)
    if len(result.chosen) <= _MOST_PICTURED:
        return [str(gene) for gene in result.genes]
    return telling_genes(result.section)


def _other(result: EnhancedSection, path: Path, choices: SaveChoices) -> Steps[Path]:
    from napari_stentrans.exports import export

    result = result if choices.genes is None else result.only(choices.genes)
    yield Progress("Writing", 0, 1)
    return export(result, path)


_Writer = Callable[[EnhancedSection, Path, SaveChoices], Steps[Path]]
_WRITERS: dict[str, _Writer] = {
    ".h5ad": _h5ad,
    **dict.fromkeys((".csv", ".csv.gz", ".tsv", ".tsv.gz"), _table),
    **dict.fromkeys((".png", ".svg", ".pdf"), _figure),
    **dict.fromkeys((".ome.tif", ".ome.tiff"), _ome_tiff),
    **dict.fromkeys((".zarr", ".parquet"), _other),
}
