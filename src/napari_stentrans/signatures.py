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
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from napari_stentrans import keys
from napari_stentrans.enhanced import EnhancedSection
from napari_stentrans.errors import InvalidRequestError
from napari_stentrans.io.gene_sets import read_gene_sets
from napari_stentrans.methods.base import ExpressionField, Fitted, Prediction
from napari_stentrans.methods.decoder import conformal_stretch
from napari_stentrans.methods.parallel import map_in_order
from napari_stentrans.methods.units import value_of_one_count
from napari_stentrans.portions import gene_portions
from napari_stentrans.progress import Progress, Steps, run_to_end
from napari_stentrans.section.depth import evened
from napari_stentrans.section.gene_sets import GeneSets
from napari_stentrans.section.gene_statistics import moran_of_steps
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
    one_count = value_of_one_count(result.fitted.section)
    with closing(replace(result, chosen=columns).blocks()) as blocks:
        found = _combined(blocks, weights, one_count)
    depth = result.depth if even_depth else None
    mean, sd = _at(depth, found.mean), _at(depth, found.sd)
    left_out = _left_out(result.fitted, columns, weights, even_depth=even_depth)
    if left_out is None:
        return Signatures(mean, sd, np.full(weights.shape[1], np.nan))
    sd[~result.targets.measured] *= left_out.stretch
    return Signatures(mean, sd, left_out.pearson)


def signatures_of(
    result: EnhancedSection, sets: SetsLike, *, even_depth: bool = True
) -> AnnData:
    """`EnhancedSection.signatures`."""
    from anndata import AnnData

    if isinstance(sets, str | Path):
        sets = read_gene_sets(sets)
    if not isinstance(sets, Mapping):
        msg = "give gene sets as a mapping of names to genes, or the file of them"
        raise InvalidRequestError(msg)
    matched = GeneSets.of(result.section, sets)
    even_depth = even_depth and result.depth is not None
    mean = np.empty((len(result), len(matched)), np.float32)
    adata = AnnData(mean, layers={keys.SD: mean.copy(), keys.MEASURED: mean.copy()})
    told, at = [], 0
    for part in matched.parts():
        here = np.s_[:, at : (at := at + len(part))]
        found = signatures(result, part.columns, part.weights, even_depth=even_depth)
        measured = part.measured_evenly if even_depth else part.measured
        adata.X[here], adata.layers[keys.SD][here] = found.mean, found.sd
        adata.layers[keys.MEASURED][here] = _at_positions(result, measured)
        moran = run_to_end(moran_of_steps(part.section, part.measured_evenly))
        genes = ["; ".join(part.genes(name)) for name in part.names]
        scored = part.table.assign(genes=genes, moran=moran)
        scored[keys.HELDOUT_PCC] = found.heldout_pcc
        told.append(scored)
    positions = replace(result, chosen=matched.columns[:1]).annotations()
    adata.obs, adata.var = positions.obs, pd.concat(told)
    adata.obsm.update(positions.obsm)
    adata.uns.update(positions.uns)
    return adata


def scores_steps(result: EnhancedSection, sets: GeneSets) -> Steps[FloatArray]:
    """Score signatures at left-out spots, at one sequencing depth, shape (set,)."""
    scores, at = np.full(len(sets), np.nan), 0
    for part in sets.parts():
        yield Progress("Scores of gene sets", at, len(sets))
        left_out = _left_out(result.fitted, part.columns, part.weights, even_depth=True)
        if left_out is not None:
            scores[at : at + len(part)] = left_out.pearson
        at += len(part)
    return scores


@dataclass(frozen=True, eq=False)
class _LeftOutSignatures:
    """What was measured at the visible spots, and predicted from all others."""

    measured: NDArray[np.float32]
    mean: NDArray[np.float32]
    sd: NDArray[np.float32]

    @property
    def pearson(self) -> FloatArray:
        """Correlation of both, shape (signature,)."""
        from napari_stentrans.evaluation.metrics import pearson

        return pearson(self.measured, self.mean)

    @property
    def stretch(self) -> NDArray[np.float32]:
        """Factor of the sd with which 90 % intervals hold that, shape (signature,)."""
        return conformal_stretch(np.abs(self.measured - self.mean) / (self.sd + _TINY))


def _left_out(
    fitted: Fitted, columns: IntArray, weights: sparse.csr_matrix, *, even_depth: bool
) -> _LeftOutSignatures | None:
    field, seen = fitted.left_out_field(), fitted.section
    if field is None:
        return None
    found = _combined(_read(field, columns), weights, value_of_one_count(seen))
    measured = (seen.by_gene[:, columns] @ weights).toarray()
    depth = field.depth if even_depth else None
    own = None if depth is None else seen.depth
    return _LeftOutSignatures(
        _at(own, measured), _at(depth, found.mean), _at(depth, found.sd)
    )


def _at_positions(result: EnhancedSection, measured: FloatArray) -> NDArray[np.float32]:
    """What was measured at each position, NaN where nothing was, or was painted."""
    found = measured[result.targets.spot].astype(np.float32)
    found[~result.targets.measured] = np.nan
    return found


def _read(field: ExpressionField, columns: IntArray) -> Iterator[Block]:
    parts = gene_portions(len(columns), field.n_positions, _VALUES_AT_ONCE)
    chosen = [columns[part] for part in parts]
    yield from zip(parts, map_in_order(field.read, chosen), strict=True)


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
