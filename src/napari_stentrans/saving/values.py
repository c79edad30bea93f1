"""Values of a result as AnnData, or as a text table."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from napari_stentrans import keys
from napari_stentrans.enhanced import EnhancedSection
from napari_stentrans.io.files.replacing import check_place
from napari_stentrans.io.tables.beside import Beside
from napari_stentrans.io.tables.result_writer import (
    ResultTable,
    check_size,
    table_steps,
)
from napari_stentrans.io.writers.as_anndata import scalefactors_of
from napari_stentrans.io.writers.h5ad import h5ad_steps
from napari_stentrans.progress import Progress, Steps
from napari_stentrans.saving.choices import SaveChoices
from napari_stentrans.saving.places import check_places

if TYPE_CHECKING:
    from anndata import AnnData

_PLACE = (keys.ARRAY_ROW, keys.ARRAY_COL, keys.ORIGIN, keys.BARCODE)
"""Columns of positions that go into the table itself; the others go beside it."""


def h5ad(result: EnhancedSection, path: Path, choices: SaveChoices) -> Steps[Path]:
    """Write an h5ad, gene block by gene block."""
    result = choices.of(result)
    inputs = result.section.inputs
    check_place(path, inputs)
    yield Progress("Writing genes", 0, len(result.chosen))
    blocks = result.blocks()
    return (yield from h5ad_steps(path, result.annotations(), blocks, inputs))


def table(result: EnhancedSection, path: Path, choices: SaveChoices) -> Steps[Path]:
    """Write a table, and what does not fit into it beside it."""
    result = choices.of(result)
    with_sd = choices.with_sd is not False
    check_size(len(result), len(result.chosen) * (1 + with_sd))
    check_places(path, result.section.inputs)
    mean: dict[str, NDArray[np.float32]] = {}
    sd: dict[str, NDArray[np.float32]] = {}
    with closing(result.blocks()) as blocks:
        for columns, prediction in blocks:
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
    obs: pd.DataFrame = annotations.obs[[*_PLACE]]
    obs.index.name = "position"
    return obs.assign(x=result.pixel_xy[:, 0], y=result.pixel_xy[:, 1])


def _beside(annotations: AnnData) -> Beside:
    """What a result's table of genes does not tell itself."""
    told = {
        "section": annotations.uns.get(keys.SECTION, ""),
        "provenance": annotations.uns[keys.PROVENANCE],
        "scalefactors": scalefactors_of(annotations),
    }
    known = annotations.obs.drop(columns=[*_PLACE, keys.IN_TISSUE])
    return Beside(known, annotations.var, told)
