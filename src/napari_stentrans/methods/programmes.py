"""Gene programmes: the few channels that stand for thousands of genes.

Log-normalised expression of the visible spots is reduced to principal components
("programmes"), and library size is modelled apart. Methods predict these channels at
new positions; loadings bring any gene back. Fit on visible spots only.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.linalg import eigh

from napari_stentrans.section.lattice import FloatArray, IntArray
from napari_stentrans.section.section import Section

_MIN_SHARE = 0.01
"""Genes detected in fewer spots than this take no part in finding programmes."""
_SPOTS_PER_PROGRAMME = 6
"""More programmes than this allows are mostly noise of their own spots."""
_SMALL = 1500
"""Up to so many spots the components are found exactly."""


@dataclass(frozen=True, eq=False)
class Programmes:
    """Low-rank gene programmes of one section.

    Attributes
    ----------
    scores : ndarray, shape (spot, 1 + k)
        Column 0: log library size. The others: programme scores. All are standardised
        over the spots (see ``centre`` and ``scale``).
    centre, scale : ndarray, shape (1 + k,)
        What standardisation took away.
    loadings : ndarray of float32, shape (k, gene)
        Change of log-normalised expression with one standard deviation of a score.
    gene_mean : ndarray of float32, shape (gene,)
        Mean log-normalised expression.
    median_library
        Library size that expression is normalised to.
    """

    scores: FloatArray
    centre: FloatArray
    scale: FloatArray
    loadings: NDArray[np.float32]
    gene_mean: NDArray[np.float32]
    median_library: float

    @cached_property
    def n_channels(self) -> int:
        """Library size and programmes."""
        return int(self.scores.shape[1])

    def library(self, scores: FloatArray) -> FloatArray:
        """Library size of channel scores, relative to the median, shape (position,)."""
        relative: FloatArray = np.exp(scores[:, 0] * self.scale[0] + self.centre[0])
        return relative

    def share(self, scores: FloatArray, genes: IntArray) -> NDArray[np.float32]:
        """Expected counts at the median library size, shape (position, gene)."""
        log = scores[:, 1:].astype(np.float32) @ self.loadings[:, genes]
        log += self.gene_mean[genes]
        np.maximum(log, 0, out=log)
        shares: NDArray[np.float32] = np.expm1(log, out=log)
        return shares

    def log_variance(
        self, variances: FloatArray, genes: IntArray
    ) -> NDArray[np.float32]:
        """Variance of a gene's log expression, given that of the channels.

        Parameters
        ----------
        variances : ndarray, shape (position, 1 + k)
            Of the standardised channels.
        genes : ndarray, shape (gene,)
            Columns of the section.

        Returns
        -------
        ndarray of float32, shape (position, gene)
        """
        squared = self.loadings[:, genes] ** 2
        of_library = (variances[:, :1] * self.scale[0] ** 2).astype(np.float32)
        found: NDArray[np.float32] = (
            variances[:, 1:].astype(np.float32) @ squared + of_library
        )
        return found


def log_normalised(section: Section) -> tuple[sparse.csr_matrix, FloatArray, float]:
    """Return log1p of counts at the median library; libraries; their median."""
    library = np.maximum(section.library_size, 1.0)
    median = float(np.median(library))
    log = sparse.csr_matrix(sparse.diags(median / library) @ section.counts)
    log = log.astype(np.float32)
    log.data = np.log1p(log.data)
    return log, library, median


def find_programmes(section: Section, n_programmes: int, seed: int) -> Programmes:
    """Find the programmes of a section.

    Parameters
    ----------
    section
        Visible spots only.
    n_programmes
        At most; never more than one for six spots, or three genes.
    seed
        Of the solver's starting vector.
    """
    log, library, median = log_normalised(section)
    mean = np.asarray(log.mean(axis=0)).ravel()
    columns = _informative(section)
    most = min(section.n_spots // _SPOTS_PER_PROGRAMME, len(columns) // 3)
    scores = _component_scores(log[:, columns], min(n_programmes, most), seed)
    scale = np.maximum(scores.std(axis=0), 1e-12)
    scores = scores / scale
    loadings = _regress(scores, log)

    log_library = np.log(library / median)
    centre, spread = log_library.mean(), max(log_library.std(), 1e-6)
    channel = ((log_library - centre) / spread)[:, None]
    return Programmes(
        scores=np.concatenate([channel, scores], axis=1),
        centre=np.concatenate([[centre], np.zeros(scores.shape[1])]),
        scale=np.concatenate([[spread], np.ones(scores.shape[1])]),
        loadings=loadings,
        gene_mean=mean.astype(np.float32),
        median_library=median,
    )


def cross_fitted_scores(
    section: Section, programmes: Programmes, seed: int
) -> FloatArray:
    """Scores of each spot from loadings found without it, shape (spot, 1 + k).

    Scores of the very spots that programmes were found on are too large: some of each
    component is noise of those spots. Loadings of each fold are turned to match the
    whole section's (Procrustes), so that the channels mean the same.
    """
    rng = np.random.default_rng(seed)
    n_folds = 5 if section.n_spots <= _SMALL else 2  # components of many spots are firm
    fold = rng.permutation(section.n_spots) % n_folds
    log, _, _ = log_normalised(section)
    k = programmes.n_channels - 1
    crossed = programmes.scores.copy()
    for held in range(n_folds):
        rest, own = np.flatnonzero(fold != held), np.flatnonzero(fold == held)
        columns = _informative(section.subset(rest)) if len(rest) else rest
        if len(own) == 0 or min(len(rest), len(columns)) <= k:
            continue
        scores = _component_scores(log[rest][:, columns], k, seed)
        scores = scores / np.maximum(scores.std(axis=0), 1e-12)
        turn = _procrustes(scores, programmes.scores[rest, 1:])
        loadings = _regress(scores @ turn, log[rest])
        mean = np.asarray(log[rest].mean(axis=0)).ravel()
        crossed[own, 1:] = _project(log[own], mean, loadings)
    return crossed


def _informative(section: Section) -> IntArray:
    """Columns of the genes detected often enough to take part."""
    detected = section.detected_in >= max(3, _MIN_SHARE * section.n_spots)
    return np.flatnonzero(detected)


def _component_scores(values: sparse.csr_matrix, k: int, seed: int) -> FloatArray:
    """Principal component scores, shape (spot, k)."""
    if k < 1:
        return np.zeros((values.shape[0], 0))
    if values.shape[0] <= _SMALL:
        return _exact_scores(values, k)
    from sklearn.decomposition import PCA

    solver = PCA(k, svd_solver="arpack", random_state=seed)
    found: FloatArray = solver.fit_transform(values.astype(np.float64))
    return found


def _exact_scores(values: sparse.csr_matrix, k: int) -> FloatArray:
    """Principal component scores by the Gram matrix of the spots: fast for few."""
    dense = values.toarray()
    dense -= dense.mean(axis=0)
    n = len(dense)
    strength, vectors = eigh(dense @ dense.T, subset_by_index=(n - k, n - 1))
    scores = vectors[:, ::-1] * np.sqrt(np.maximum(strength[::-1], 0))
    # the sign is arbitrary: make it the same on every machine
    signs = np.sign(scores[np.abs(scores).argmax(axis=0), np.arange(k)])
    return np.asarray(scores * signs, dtype=np.float64)


def _regress(scores: FloatArray, log: sparse.csr_matrix) -> NDArray[np.float32]:
    """Loadings of every gene on uncorrelated, centred scores, shape (k, gene)."""
    if scores.shape[1] == 0:
        return np.zeros((0, log.shape[1]), dtype=np.float32)
    solved = np.linalg.solve(scores.T @ scores, scores.T)
    return np.asarray((log.T @ solved.T.astype(np.float32)).T, dtype=np.float32)


def _project(
    log: sparse.csr_matrix, mean: NDArray[np.floating], loadings: NDArray[np.float32]
) -> FloatArray:
    """Scores of spots on given loadings (least squares), shape (spot, k)."""
    gram = (loadings @ loadings.T).astype(np.float64)
    against = log @ loadings.T - (mean @ loadings.T)
    return np.asarray(np.linalg.solve(gram, against.T.astype(np.float64)).T)


def _procrustes(scores: FloatArray, onto: FloatArray) -> FloatArray:
    """Rotation that turns scores onto others of the same spots."""
    left, _, right = np.linalg.svd(scores.T @ onto)
    rotation: FloatArray = left @ right
    return rotation
