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

from napari_stentrans.methods.parallel import one_blas_thread
from napari_stentrans.section.lattice import FloatArray, IntArray
from napari_stentrans.section.section import Section

_MIN_SHARE = 0.01
"""Genes detected in fewer spots than this take no part in finding programmes."""
_LEAST_LIBRARY = 0.1
"""Smaller libraries, relative to the median, are of spots that failed."""
SPOTS_PER_PROGRAMME = 6
"""More programmes than this allows are mostly noise of their own spots."""
_SMALL = 600
"""Up to so many spots the components are found exactly."""
_SPARE, _ITERATIONS = 10, 4
"""Spare dimensions and iterations of the search for components of many spots."""
_ROUNDING, _ROUNDING_OF_ALL = 1e-3, 1e-5
"""Components this weak, relative to the strongest or to the highest expression, are
rounding errors of single precision."""
_ILL_CONDITIONED = 1e6
"""Products of loadings in single precision tell nothing beyond this condition."""


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

    @cached_property
    def strength(self) -> FloatArray:
        """Change of all log expression with one unit of a channel, (1 + k,)."""
        of_programmes = np.sqrt((self.loadings.astype(np.float64) ** 2).sum(axis=1))
        return np.concatenate([[1.0], of_programmes])

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


def log_normalised(
    section: Section, median: float | None = None
) -> tuple[sparse.csr_matrix, FloatArray, float]:
    """Return log1p of counts at the median library; libraries; their median."""
    library, own_median = floored_library(section)
    median = own_median if median is None else median
    counts = section.counts
    factor = np.repeat(median / library, np.diff(counts.indptr))
    data = np.log1p((counts.data * factor).astype(np.float32))
    where = counts.indices.copy(), counts.indptr.copy()
    log = sparse.csr_matrix((data, *where), counts.shape)
    return log, library, median


def floored_library(section: Section) -> tuple[FloatArray, float]:
    """Return the library size of each spot, shape (spot,), and their median.

    Libraries are taken to be a tenth of the section's median at least: the few counts
    of a failed spot, brought to the median, would outshine all others, and the
    logarithm of so small a library would be most of what libraries differ by.
    """
    library = np.maximum(section.library_size, 1.0)
    median = float(np.median(library))
    return np.maximum(library, _LEAST_LIBRARY * median), median


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
    columns = informative_genes(section)
    most = min(section.n_spots // SPOTS_PER_PROGRAMME, len(columns) // 3)
    scores = component_scores(log[:, columns], min(n_programmes, most), seed)
    scale = scores.std(axis=0)
    strongest, highest = scale.max(initial=0.0), log.data.max(initial=0.0)
    real = scale > max(_ROUNDING * strongest, _ROUNDING_OF_ALL * highest)
    scores = scores[:, real] / scale[real]
    loadings = regress(scores, log)

    channel, centre, spread = library_channel(library, median)
    return Programmes(
        scores=np.concatenate([channel[:, None], scores], axis=1),
        centre=np.concatenate([[centre], np.zeros(scores.shape[1])]),
        scale=np.concatenate([[spread], np.ones(scores.shape[1])]),
        loadings=loadings,
        gene_mean=mean.astype(np.float32),
        median_library=median,
    )


def library_channel(
    library: FloatArray, median: float
) -> tuple[FloatArray, float, float]:
    """Log library size, standardised, shape (spot,); its mean and its spread."""
    relative = np.log(library / median)
    centre, scale = float(relative.mean()), max(float(relative.std()), 1e-6)
    return (relative - centre) / scale, centre, scale


def scores_on(section: Section, programmes: Programmes) -> FloatArray:
    """Scores of the spots of any section with the same genes, shape (spot, 1 + k)."""
    log, library, median = log_normalised(section, programmes.median_library)
    found = project(log, programmes.gene_mean, programmes.loadings)
    log_library = np.log(library / median)
    channel = (log_library - programmes.centre[0]) / programmes.scale[0]
    return np.concatenate([channel[:, None], found], axis=1)


def informative_genes(section: Section) -> IntArray:
    """Columns of the genes detected often enough to take part."""
    detected = section.detected_in >= max(3, _MIN_SHARE * section.n_spots)
    return np.flatnonzero(detected)


def component_scores(values: sparse.csr_matrix, k: int, seed: int) -> FloatArray:
    """Principal component scores, shape (spot, k)."""
    if k < 1:
        return np.zeros((values.shape[0], 0))
    if values.shape[0] <= _SMALL:
        return _exact_scores(values, k)
    return _subspace_scores(values, k, seed)


def _subspace_scores(values: sparse.csr_matrix, k: int, seed: int) -> FloatArray:
    """Principal component scores by iterating on a random subspace: fast for many.

    Halko, Martinsson and Tropp, SIAM Review 53 (2011), algorithm 4.4. The mean is taken
    away on the fly, so that the matrix stays sparse.
    """
    mean = np.asarray(values.mean(axis=0), dtype=np.float32).ravel()
    transposed = values.T.tocsr()  # rows first: products with it are twice as fast
    rng = np.random.default_rng(seed)
    basis = rng.normal(size=(values.shape[1], k + _SPARE)).astype(np.float32)
    with one_blas_thread():
        for _ in range(_ITERATIONS):
            scores = np.linalg.qr(values @ basis - mean @ basis)[0]
            basis = transposed @ scores - np.outer(mean, scores.sum(axis=0))
        basis = np.linalg.qr(basis)[0]
        scores = (values @ basis - mean @ basis).astype(np.float64)
        left, strength, _ = np.linalg.svd(scores, full_matrices=False)
    return _signed((left[:, :k] * strength[:k]).astype(np.float64, copy=False))


def _signed(scores: FloatArray) -> FloatArray:
    """Fix the arbitrary signs of components: the same on every machine."""
    signs = np.sign(scores[np.abs(scores).argmax(axis=0), np.arange(scores.shape[1])])
    signed: FloatArray = scores * signs
    return signed


def _exact_scores(values: sparse.csr_matrix, k: int) -> FloatArray:
    """Principal component scores by the Gram matrix of the spots: fast for few."""
    dense = values.toarray()
    dense -= dense.mean(axis=0)
    n = len(dense)
    strength, vectors = eigh(dense @ dense.T, subset_by_index=(n - k, n - 1))
    scores = vectors[:, ::-1] * np.sqrt(np.maximum(strength[::-1], 0))
    return _signed(scores.astype(np.float64))


def regress(scores: FloatArray, log: sparse.csr_matrix) -> NDArray[np.float32]:
    """Loadings of every gene on uncorrelated, centred scores, shape (k, gene)."""
    if scores.shape[1] == 0:
        return np.zeros((0, log.shape[1]), dtype=np.float32)
    solved = solve(scores.T @ scores, scores.T)
    return np.asarray((log.T @ solved.T.astype(np.float32)).T, dtype=np.float32)


def project(
    log: sparse.csr_matrix, mean: NDArray[np.floating], loadings: NDArray[np.float32]
) -> FloatArray:
    """Scores of spots on given loadings (least squares), shape (spot, k)."""
    gram = (loadings @ loadings.T).astype(np.float64)
    against = log @ loadings.T - (mean @ loadings.T)
    return np.asarray(solve(gram, against.T.astype(np.float64)).T)


def solve(gram: FloatArray, against: FloatArray) -> FloatArray:
    """Solve normal equations; the shortest solution where there is more than one."""
    if len(gram) and np.linalg.cond(gram) > _ILL_CONDITIONED:
        inverse = np.linalg.pinv(gram, 1 / _ILL_CONDITIONED, hermitian=True)
        return np.asarray(inverse @ against)
    return np.asarray(np.linalg.solve(gram, against))
