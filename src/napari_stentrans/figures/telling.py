"""Which genes are worth a picture."""

from __future__ import annotations

import numpy as np

from napari_stentrans.section.gene_statistics import neighbour_graph
from napari_stentrans.section.lattice import IntArray
from napari_stentrans.section.section import Section

_CANDIDATES, _FEWEST_CANDIDATES = 500, 40
"""Genes looked at for a telling pattern: the ones found in most spots."""
_MOST_VALUES = 20_000_000
"""Of spots and genes together: of many spots fewer genes are looked at."""
_ALIKE = 0.6
"""Correlation from which two genes show the same pattern."""


def telling_genes(
    section: Section, n: int = 3, among: IntArray | None = None
) -> list[str]:
    """Genes whose pattern stands out of the counting noise, each of another pattern.

    Ranked by the covariance of their share of counts between neighbouring spots over
    its mean; a gene that goes along with a better one is passed over.

    Parameters
    ----------
    section
        Where they are measured.
    n
        How many, at most.
    among : ndarray, shape (gene,), optional
        Columns of the genes to choose from; by default all.
    """
    asked = np.arange(section.n_genes) if among is None else among
    room = max(_MOST_VALUES // section.n_spots, _FEWEST_CANDIDATES)
    n_candidates = min(_CANDIDATES, room)
    common = asked[np.argsort(-section.detected_in[asked], kind="stable")]
    common = common[:n_candidates]
    depth = np.maximum(section.library_size, 1.0)[:, None]
    share = section.counts[:, common].toarray() / depth * np.median(depth)
    mean = share.mean(axis=0)
    around = neighbour_graph(section) @ (share - mean)
    together = ((share - mean) * around).sum(axis=0) / np.maximum(mean, 1e-9)
    smooth = share - mean + around
    norm = np.maximum(np.linalg.norm(smooth, axis=0), 1e-9)
    alike = (smooth.T @ smooth) / np.outer(norm, norm)
    ranked = list(np.argsort(-together, kind="stable"))
    chosen: list[int] = []
    for gene in ranked:
        if len(chosen) < n and (alike[gene, chosen] < _ALIKE).all():
            chosen.append(int(gene))
    chosen += [int(gene) for gene in ranked if gene not in chosen][: n - len(chosen)]
    return [str(gene) for gene in section.genes[common[chosen]]]
