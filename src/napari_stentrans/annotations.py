"""A result as AnnData without its matrices: positions, genes, picture, provenance."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from napari_stentrans import keys
from napari_stentrans.io.assembly.kept import Kept
from napari_stentrans.io.writers.as_anndata import (
    add_library,
    diameter_of,
    storable,
    without_blanks,
)
from napari_stentrans.section.lattice import FloatArray, IntArray

if TYPE_CHECKING:
    from anndata import AnnData

    from napari_stentrans.enhanced import EnhancedSection
    from napari_stentrans.section.section import Section


def annotations_of(result: EnhancedSection) -> AnnData:
    """Return everything of `EnhancedSection.to_anndata` but the matrices."""
    from anndata import AnnData

    adata = AnnData(obs=_positions(result), var=_genes(result))
    adata.obsm[keys.SPATIAL] = result.pixel_xy.copy()
    adata.uns[keys.PROVENANCE] = json.loads(json.dumps(result.provenance))
    section, lattice = result.section, result.targets.lattice
    kept = replace(Kept.of(section), lattice=lattice, expected=True)
    diameter = diameter_of(section) * lattice.pitch_in(section.lattice)
    add_library(adata, section, kept, diameter)
    return adata


def position_names(
    at_spot: NDArray[np.str_], array_rc: FloatArray, taken: Iterable[str]
) -> list[str]:
    """Name positions uniquely: by barcode where there is one, else ``ROWxCOL``.

    Names of spots of the section are kept for those spots; what comes twice, such as a
    position asked for twice, gets a number.

    Parameters
    ----------
    at_spot : ndarray of str, shape (position,)
        Barcode of the spot at each position, "" where there is none.
    array_rc : ndarray, shape (position, 2)
        Where they are.
    taken
        Barcodes of the section.
    """
    names, used, reserved = [], set(), set(taken)
    following: dict[str, int] = {}  # the number that a name gets next
    for barcode, (row, col) in zip(at_spot, array_rc, strict=True):
        wanted = str(barcode) or f"{row:.10g}x{col:.10g}"
        name, number = wanted, following.get(wanted, 1)
        while name in used or (name in reserved and name != barcode):
            name, number = f"{wanted}_{number}", number + 1
        following[wanted] = number
        used.add(name)
        names.append(name)
    return names


def _positions(result: EnhancedSection) -> pd.DataFrame:
    array_rc, spot = result.targets.array_rc, result.targets.spot
    barcodes = np.asarray(result.section.barcodes, dtype=object)
    at_spot = np.where(spot >= 0, barcodes[spot], "").astype(str)
    ours = pd.DataFrame(
        {
            keys.ARRAY_ROW: array_rc[:, 0],
            keys.ARRAY_COL: array_rc[:, 1],
            keys.ORIGIN: pd.Categorical(result.targets.origin),
            keys.BARCODE: at_spot,
            keys.IN_TISSUE: 1,
        },
        index=position_names(at_spot, array_rc, taken=barcodes.astype(str)),
    )
    theirs = _of_spots(result.section, spot).drop(columns=ours, errors="ignore")
    return pd.concat([theirs.set_axis(ours.index), ours], axis=1)


def _of_spots(section: Section, spot: IntArray) -> pd.DataFrame:
    """What the input tells of its spots (clusters, ...), missing where there is none.

    Never guessed from the spots nearby: that is for whoever interprets the result.
    """
    known = storable(section.obs).reset_index(drop=True)
    if (spot < 0).any():  # which a bool cannot be
        for flag in known.select_dtypes(bool):
            known[flag] = known[flag].map(str).astype(object)
    return without_blanks(known.reindex(spot))


def _genes(result: EnhancedSection) -> pd.DataFrame:
    known = result.section.var.drop(columns=list(keys.OF_A_RUN), errors="ignore")
    var = storable(known.iloc[result.chosen])
    for column, values in result.gene_scores.items():
        var[column] = values.to_numpy()
    return var
