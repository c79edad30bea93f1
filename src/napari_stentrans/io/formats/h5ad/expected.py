"""Whether an AnnData still holds the expected counts that a run of ours wrote.

Other programs keep ``uns``, whatever they do to the values. Knows nothing of sections.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy import sparse

from napari_stentrans import keys
from napari_stentrans.io.assembly.kept import kept_in
from napari_stentrans.section.targets import Origin
from napari_stentrans.section.technology import ENHANCED_NOTE

if TYPE_CHECKING:
    from anndata import AnnData

_LEFT_NOTE = (
    "Its standard deviations, and the settings of its run, stay in that file: what is "
    "written of this section does not have them."
)
_LOG1P: Final = "log1p"
"""uns: by which scanpy marks logarithms."""
_SAME_SIZE = 1e-4
_DIFFERENT = 1e-2
"""Spread, by the largest, of sizes that are the same, and of a gene that differs."""


def was_enhanced(adata: AnnData) -> bool:
    """Whether it began as a result of ours, or was exported from one that was read."""
    kept = kept_in(adata.uns.get(keys.SECTION))
    return keys.PROVENANCE in adata.uns or (kept is not None and kept.expected)


def enhanced_notes(adata: AnnData) -> tuple[str, ...]:
    """Say that values are expected counts, and what of the run a section leaves."""
    left = keys.SD in adata.layers or keys.PROVENANCE in adata.uns
    return (ENHANCED_NOTE, _LEFT_NOTE) if left else (ENHANCED_NOTE,)


def has_unmeasured(adata: AnnData) -> bool:
    """Whether some positions were never measured: whole numbers there are rounded."""
    if keys.ORIGIN not in adata.obs:
        return False
    return bool((adata.obs[keys.ORIGIN].astype(str) != Origin.MEASURED).any())


def made_of_expected(adata: AnnData, values: sparse.csr_matrix) -> str:
    """Say what was made of the expected counts of ``X`` since; "" if nothing shows.

    Parameters
    ----------
    adata
        A result of ours.
    values : csr_matrix, shape (position, gene)
        Its ``X``.
    """
    if _LOG1P in adata.uns:
        return f'logarithms (uns["{_LOG1P}"])'
    if _is_of_counts(adata) and _are_of_one_size(values):
        return "values scaled to one library size, so normalised ones"
    return ""


def _is_of_counts(adata: AnnData) -> bool:
    """Whether the run says that it was given counts: others may be of one size."""
    told = adata.uns.get(keys.PROVENANCE)
    return isinstance(told, Mapping) and str(told.get("units")).startswith("counts")


def _are_of_one_size(values: sparse.csr_matrix) -> bool:
    """Whether all positions have one library size, though not the same values."""
    size = np.asarray(values.sum(axis=1, dtype=np.float64)).ravel()
    size = size[size > 0]
    if len(size) < 3 or np.ptp(size) > _SAME_SIZE * size.max():
        return False
    most = values.max(axis=0).toarray()
    return bool((most - values.min(axis=0).toarray() > _DIFFERENT * most).any())
