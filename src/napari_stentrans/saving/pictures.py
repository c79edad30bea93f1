"""Genes of a result as a figure, or as pictures with a scale."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from napari_stentrans.enhanced import EnhancedSection
from napari_stentrans.figures import comparison, telling_genes
from napari_stentrans.io.files.replacing import check_place, replacing
from napari_stentrans.io.writers.ome_tiff import PixelSize, ome_tiff_steps
from napari_stentrans.progress import Progress, Steps
from napari_stentrans.saving.choices import SaveChoices
from napari_stentrans.section.lattice import IntArray
from napari_stentrans.section.raster import SpotRaster
from napari_stentrans.section.section import Section
from napari_stentrans.section.square_grid import SquareGrid, drawn
from napari_stentrans.section.technology import pitch_px

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_DPI = 200
_MOST_PICTURED = 12
"""Genes that are drawn unasked."""
_PIXELS_PER_PITCH = 4
"""Of the result's own pitch: enough to show the bricks of a hex lattice."""


def figure_of(result: EnhancedSection, choices: SaveChoices) -> Figure:
    """Draw measured and enhanced genes."""
    return comparison(result, pictured(result, choices), choices.look)


def figure(result: EnhancedSection, path: Path, choices: SaveChoices) -> Steps[Path]:
    """Write a figure of measured and enhanced genes."""
    inputs = result.section.inputs
    check_place(path, inputs)
    yield Progress("Drawing", 0, 2)
    drawing = figure_of(result, choices)
    yield Progress("Drawing", 1, 2)
    with replacing(path, inputs) as unfinished:
        drawing.savefig(unfinished, dpi=_DPI)
    return path


def ome_tiff(result: EnhancedSection, path: Path, choices: SaveChoices) -> Steps[Path]:
    """Write pictures of genes, a channel each."""
    check_place(path, result.section.inputs)
    section, genes = result.section, pictured(result, choices)
    spots = SpotRaster.from_section(section)
    of_spot_px = pitch_px(section)
    refined = result.targets.lattice.pitch_in(section.lattice)
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


def pictured(result: EnhancedSection, choices: SaveChoices) -> list[str]:
    """Genes to draw: those asked for, else of more than a dozen three telling ones."""
    if choices.genes is None:
        return pictured_unasked(result.section, result.chosen)
    return [str(gene) for gene in choices.of(result).genes]


def pictured_unasked(section: Section, chosen: IntArray) -> list[str]:
    """Genes to draw of those that are written, where nobody named any."""
    if len(chosen) > _MOST_PICTURED:
        return telling_genes(section, among=chosen)
    return [str(gene) for gene in section.genes[chosen]]
