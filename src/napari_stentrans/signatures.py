"""Signatures of gene sets, such as pathways: enhanced, and what is known of each.

A signature is one value a position, see `section.signature`. How sure it is, and how
well it is predicted, is found as of single genes: at the visible spots, each predicted
from all others.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from napari_stentrans import keys
from napari_stentrans.enhanced import EnhancedSection
from napari_stentrans.methods.base import ExpressionField, Prediction
from napari_stentrans.methods.decoder import conformal_stretch
from napari_stentrans.methods.units import value_of_one_count
from napari_stentrans.portions import gene_portions
from napari_stentrans.section.depth import evened
from napari_stentrans.section.gene_sets import GeneSets
from napari_stentrans.section.gene_statistics import moran_of
from napari_stentrans.section.lattice import FloatArray, IntArray
from napari_stentrans.section.signature import Combined

if TYPE_CHECKING:
    from anndata import AnnData

SetsLike: TypeAlias = Mapping[str, Iterable[str]] | str | Path
Block: TypeAlias = tuple[slice, Prediction]

_VALUES_AT_ONCE = 2**22
_TINY = 1e-9


@dataclass(frozen=True, eq=False)
class Signatures:
    """Signatures of a result.

    Attributes
    ----------
    mean, sd : ndarray, shape (position, signature)
        In standard deviations of the measured counts.
    heldout_pcc : ndarray, shape (signature,)
        Pearson's r of left-out spots with what was measured there; NaN, if the method
        does not know.
    """

    mean: NDArray[np.float32]
    sd: NDArray[np.float32]
    heldout_pcc: FloatArray


def signatures(
    result: EnhancedSection,
    columns: IntArray,
    weights: sparse.csr_matrix,
    *,
    even_depth: bool = True,
) -> Signatures:
    """Predict signatures at every position of a result.

    Parameters
    ----------
    result
        What is read.
    columns : ndarray, shape (gene,)
        Columns of the section: the genes that have a part in it.
    weights : shape (gene, signature)
        Factor of each gene's counts.
    even_depth
        At one sequencing depth, if the method tells depth apart.
    """
    from napari_stentrans.evaluation.metrics import pearson

    seen = result.fitted.section
    one_count = value_of_one_count(seen)
    with closing(replace(result, chosen=columns).blocks()) as blocks:
        found = _combined(blocks, weights, one_count)
    depth = result.depth if even_depth else None
    mean, sd = _at(depth, found.mean), _at(depth, found.sd)
    field = result.fitted.left_out_field()
    if field is None:
        return Signatures(mean, sd, np.full(weights.shape[1], np.nan))
    left_out = _combined(_read(field, columns), weights, one_count)
    depth, own = (field.depth, seen.depth) if even_depth else (None, None)
    expected, expected_sd = _at(depth, left_out.mean), _at(depth, left_out.sd)
    counted = _at(own, (seen.by_gene[:, columns] @ weights).toarray())
    stretch = conformal_stretch(np.abs(counted - expected) / (expected_sd + _TINY))
    sd[~result.targets.measured] *= stretch
    return Signatures(mean, sd, pearson(counted, expected))


def signatures_of(
    result: EnhancedSection, sets: SetsLike, *, even_depth: bool = True
) -> AnnData:
    """`EnhancedSection.signatures`."""
    from anndata import AnnData

    from napari_stentrans.io.gene_sets import read_gene_sets

    if isinstance(sets, str | Path):
        sets = read_gene_sets(sets)
    matched = GeneSets.of(result.section, sets)
    found = signatures(result, matched.columns, matched.weights, even_depth=even_depth)
    positions = replace(result, chosen=matched.columns[:1]).annotations()
    measured = matched.measured_evenly if even_depth else matched.measured
    table = matched.table.assign(
        genes=["; ".join(matched.genes(name)) for name in matched.names],
        moran=moran_of(result.section, matched.measured_evenly),
        **{keys.HELDOUT_PCC: found.heldout_pcc},
    )
    return AnnData(
        X=found.mean,
        obs=positions.obs,
        var=table,
        obsm=dict(positions.obsm),
        uns=dict(positions.uns),
        layers={keys.SD: found.sd, keys.MEASURED: _at_positions(result, measured)},
    )


def _at_positions(result: EnhancedSection, measured: FloatArray) -> NDArray[np.float32]:
    """What was measured at each position, NaN where nothing was."""
    spot = result.targets.spot
    found = measured[spot].astype(np.float32)
    found[spot < 0] = np.nan
    return found


def _read(field: ExpressionField, columns: IntArray) -> Iterator[Block]:
    for part in gene_portions(len(columns), field.n_positions, _VALUES_AT_ONCE):
        yield part, field.read(columns[part])


def _combined(
    blocks: Iterable[Block], weights: sparse.csr_matrix, one_count: float
) -> Combined:
    """Combine predictions that come a few genes at a time."""
    parts = (
        Combined.of(block.mean, block.sd, weights[part], one_count)
        for part, block in blocks
    )
    return reduce(operator.add, parts)


def _at(depth: NDArray[np.floating] | None, values: FloatArray) -> NDArray[np.float32]:
    """Values of positions of that depth at one depth; as they are, if it is None."""
    return values.astype(np.float32) if depth is None else evened(values, depth)
