"""What any denoising has to beat: the counts as they are, and principal components.

They know nothing of space and predict nowhere else, so they are no methods of the
registry; the task *denoise* shows them beside the methods.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.linalg import LinearOperator, svds

from napari_stentrans.config import RunConfig
from napari_stentrans.errors import InvalidRequestError
from napari_stentrans.methods.base import Enhancer, ExpressionField, Fitted, Prediction
from napari_stentrans.progress import Progress, Steps
from napari_stentrans.section.lattice import FloatArray, IntArray
from napari_stentrans.section.section import Section

_COMPONENTS = 20


class _AtSpots(Fitted, ExpressionField):
    """Values at the spots alone, without an uncertainty (NaN)."""

    @property
    def n_positions(self) -> int:
        return self.section.n_spots

    def spot_field_steps(self) -> Steps[ExpressionField]:
        yield Progress("Reading", 0, 1)
        return self

    def field_steps(self, array_rc: FloatArray) -> Steps[ExpressionField]:  # noqa: ARG002
        msg = "this baseline only denoises measured spots; use it with task 'denoise'"
        raise InvalidRequestError(msg)
        yield  # a generator, as the interface has it


@dataclass(eq=False)
class _Unchanged(_AtSpots):
    section: Section

    def read(self, genes: IntArray) -> Prediction:
        mean = self.section.counts[:, genes].toarray().astype(np.float32)
        return Prediction(mean, np.full_like(mean, np.nan))


class Raw(Enhancer):
    """The counts as they are."""

    name = "raw"
    summary = "Leave the counts as they are (baseline of denoise)."

    def learn_steps(self, section: Section, config: RunConfig) -> Steps[Fitted]:  # noqa: ARG002
        """Nothing to learn."""
        yield Progress("Copying", 0, 1)
        return _Unchanged(section)


@dataclass(eq=False)
class _Reconstructed(_AtSpots):
    section: Section
    mean: NDArray[np.float64]
    scores: NDArray[np.float64]
    loadings: NDArray[np.float64]
    relative_library: FloatArray

    def read(self, genes: IntArray) -> Prediction:
        log = self.scores @ self.loadings[:, genes] + self.mean[genes]
        mean = np.expm1(np.maximum(log, 0)) * self.relative_library[:, None]
        return Prediction(
            mean.astype(np.float32), np.full(mean.shape, np.nan, np.float32)
        )


class PCA20(Enhancer):
    """Keep the 20 principal components of log-normalised expression."""

    name = "pca20"
    summary = "Keep 20 principal components (baseline of denoise)."

    def learn_steps(self, section: Section, config: RunConfig) -> Steps[Fitted]:
        """Decompose log1p of counts at the median library size."""
        yield Progress("Decomposing", 0, 1)
        library = section.library_size
        typical = float(np.median(library[library > 0]))
        depth = library / typical
        log = sparse.diags(1 / np.where(depth > 0, depth, 1.0)) @ section.counts
        log = sparse.csr_matrix(log, dtype=np.float64)
        log.data = np.log1p(log.data)
        mean = np.asarray(log.mean(axis=0)).ravel()
        k = min(_COMPONENTS, min(section.counts.shape) - 1)
        left, size, right = _components(log, mean, k, config.seed)
        return _Reconstructed(section, mean, left * size, right, depth)


def _components(
    log: sparse.csr_matrix, mean: FloatArray, k: int, seed: int
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Singular vectors of a sparse matrix less its mean, never made dense."""
    if k < 1:
        rows, cols = log.shape
        return np.zeros((rows, 0)), np.zeros(0), np.zeros((0, cols))
    ones = np.ones(log.shape[0])
    deviations = LinearOperator(
        log.shape,
        matvec=lambda v: log @ v.ravel() - ones * (mean @ v.ravel()),
        rmatvec=lambda u: log.T @ u.ravel() - mean * u.sum(),
        dtype=np.float64,
    )
    start = np.random.default_rng(seed).normal(size=min(log.shape))
    left, size, right = svds(deviations, k=k, v0=start)
    return np.asarray(left), np.asarray(size, np.float64), np.asarray(right)


BASELINES: dict[str, type[Enhancer]] = {"raw": Raw, "pca20": PCA20}
"""Pseudo-methods for `Task.DENOISE` alone, by name."""
