"""What the measured spots say of every gene: how much, how widespread, how spatial.

Knows nothing of windows; the autocorrelation is scanpy's.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from napari_stentrans.portions import portions
from napari_stentrans.progress import Progress, Steps
from napari_stentrans.section.lattice import FloatArray
from napari_stentrans.section.section import Section

_GENES_AT_ONCE = 256
"""Genes between two signs of life, and made dense at a time."""
_FEWEST_SPOTS = 3
"""A gene found in fewer spots has no pattern to speak of."""


def mean_counts(section: Section) -> FloatArray:
    """Mean counts a spot of each gene, shape (gene,)."""
    return np.asarray(section.gene_totals / section.n_spots, dtype=np.float64)


def share_of_spots(section: Section) -> FloatArray:
    """Share of the spots in which each gene is found, 0 to 1, shape (gene,)."""
    return np.asarray(section.detected_in / section.n_spots, dtype=np.float64)


def moran_steps(section: Section) -> Steps[FloatArray]:
    """Moran's I of each gene, shape (gene,): 1 for large patches, 0 for no pattern.

    Of log-normalised counts (counts per median library, log1p), over pairs of
    neighbouring spots, each pair with the same weight. NaN for genes found in fewer
    than three spots, in all of them alike, or if no spot has a neighbour.
    """
    found = np.full(section.n_genes, np.nan)
    graph = neighbour_graph(section)
    if graph.nnz == 0:
        return found
    from scanpy.metrics import morans_i

    done = 0
    for genes, values in _log_normalised(section):
        yield Progress("Moran's I", done, section.n_genes)
        for gene, of_gene in zip(genes, values.T, strict=True):
            # One by one: a matrix would run on threads of numba's, which must not be
            # used from two places at once, and would keep the window waiting.
            found[gene] = morans_i(graph, np.ascontiguousarray(of_gene))
        done = int(genes[-1]) + 1
    return found


def moran_of_steps(section: Section, values: NDArray[np.floating]) -> Steps[FloatArray]:
    """Moran's I of values at the spots, as they are.

    Parameters
    ----------
    section
        Where the spots are.
    values : ndarray, shape (spot, n)
        Anything that spots have.

    Returns
    -------
    ndarray, shape (n,)
        NaN of what is the same everywhere, or if no spot has a neighbour.
    """
    found = np.full(values.shape[1], np.nan)
    graph = neighbour_graph(section)
    if graph.nnz == 0:
        return found
    from scanpy.metrics import morans_i

    for done, number in enumerate(np.flatnonzero(np.ptp(values, axis=0) > 0)):
        if done % _GENES_AT_ONCE == 0:
            yield Progress("Moran's I", done, len(found))
        found[number] = morans_i(graph, np.ascontiguousarray(values[:, number]))
    return found


def neighbour_graph(section: Section) -> sparse.csr_matrix:
    """Which spots are neighbours, both ways, shape (spot, spot)."""
    pairs = section.lattice.neighbours(section.array_rc)
    first, second = pairs.T
    shape = (section.n_spots, section.n_spots)
    one_way = sparse.coo_matrix((np.ones(len(pairs)), (first, second)), shape).tocsr()
    return sparse.csr_matrix(one_way + one_way.T)


def _log_normalised(
    section: Section,
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float64]]]:
    """Yield genes that can have a pattern, with their values, shape (spot, gene)."""
    library = np.maximum(section.library_size, 1.0)
    per_median = sparse.diags(np.median(library) / library)
    by_gene = (per_median @ section.counts).tocsc()
    by_gene.data = np.log1p(by_gene.data)
    candidates = np.flatnonzero(section.detected_in >= _FEWEST_SPOTS)
    for part in portions(len(candidates), _GENES_AT_ONCE):
        genes = candidates[part]
        values = by_gene[:, genes].toarray()
        varying = np.ptp(values, axis=0) > 0
        if varying.any():
            yield genes[varying], values[:, varying]
