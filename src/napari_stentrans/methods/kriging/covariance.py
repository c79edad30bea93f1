"""Covariance with distance, and its spectrum, for one window of spots."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from scipy.spatial.distance import cdist

from napari_stentrans.section.lattice import Float32Array, FloatArray, IntArray


@dataclass(frozen=True)
class Kernel:
    """A Matern covariance of unit variance.

    Attributes
    ----------
    roughness
        0.5 (exponential) or 1.5 (once differentiable).
    length
        Length-scale in pitches.
    looks
        Share of the variance that follows appearance in place of distance.
    """

    roughness: float
    length: float
    looks: float = 0.0

    def between(self, places: FloatArray, others: FloatArray) -> Float32Array:
        """Covariance of places with others, shape (place, other).

        A place is (row, col) in pitches, with columns of appearance after that: one
        apart in appearance is as alike as one standard deviation of a bell curve.
        """
        near = self(cdist(places[:, :2], others[:, :2]))
        if self.looks == 0:
            return near
        apart = cdist(places[:, 2:], others[:, 2:], "sqeuclidean")
        alike = np.exp(-0.5 * apart).astype(np.float32)
        covariance: Float32Array = (1 - self.looks) * near + self.looks * alike
        return covariance

    def __call__(self, distance: FloatArray) -> Float32Array:
        """Covariance at distances in pitches, same shape."""
        scaled = np.asarray(distance / self.length, dtype=np.float32)
        if self.roughness == 0.5:
            return np.exp(-scaled)
        scaled *= np.float32(np.sqrt(3))
        return (1 + scaled) * np.exp(-scaled)


def candidate_kernels() -> list[Kernel]:
    """Kernels averaged over: two shapes, ten length-scales of 0.7 to 20 pitches."""
    lengths = np.geomspace(0.7, 20, 10)
    return [Kernel(nu, float(length)) for nu in (0.5, 1.5) for length in lengths]


NOISE_RATIOS: FloatArray = np.geomspace(0.05, 60, 10)
"""Noise variance over signal variance, averaged over."""


@dataclass(frozen=True, eq=False)
class Spectrum:
    """Covariance of a window's spots under one kernel, as eigenvalues and vectors.

    Single precision: the noise ratio, at least 0.05, keeps every solve well away from
    its rounding error, and the decomposition takes a third of the time.

    Attributes
    ----------
    places : ndarray, shape (spot, 2 + direction)
    kernel
    values : ndarray, shape (spot,)
        Eigenvalues.
    vectors : ndarray of float32, shape (spot, spot)
        Eigenvectors in columns.
    ones : ndarray, shape (spot,)
        The constant function in the eigenvectors.
    """

    places: FloatArray
    kernel: Kernel
    values: FloatArray
    vectors: Float32Array
    ones: FloatArray

    @classmethod
    def of(cls, places: FloatArray, kernel: Kernel) -> Spectrum:
        """Decompose, at once: what is cached later would be computed under a lock.

        Torch does it because, unlike scipy, it lets other threads run meanwhile.
        """
        covariance = kernel.between(places, places)
        values, turned = torch.linalg.eigh(torch.from_numpy(covariance))
        vectors: Float32Array = turned.numpy()
        return cls(
            places,
            kernel,
            np.maximum(values.numpy().astype(np.float64), 0.0),
            vectors,
            vectors.sum(axis=0, dtype=np.float64),
        )

    def shrunk(self) -> FloatArray:
        """One over eigenvalue plus noise ratio, shape (noise, direction)."""
        found: FloatArray = 1.0 / (self.values[None, :] + NOISE_RATIOS[:, None])
        return found

    def rotate(self, channels: FloatArray) -> FloatArray:
        """Project channels on the eigenvectors, shape (spot, channel)."""
        rotated: FloatArray = (self.vectors.T @ channels.astype(np.float32)).astype(
            np.float64
        )
        return rotated

    def to_queries(self, queries: FloatArray) -> Float32Array:
        """Covariance of queries with the spots, shape (query, spot)."""
        return self.kernel.between(queries, self.places)

    def along(self, queries: FloatArray) -> Float32Array:
        """Covariance of queries with the directions, shape (query, direction)."""
        return self.to_queries(queries) @ self.vectors

    def along_spots(self, spots: IntArray) -> Float32Array:
        """Return the same of some of the spots: the spectrum has it already."""
        found: Float32Array = self.vectors[spots] * self.values.astype(np.float32)
        return found


@dataclass(frozen=True, eq=False)
class Likelihood:
    """Fit of each channel under one kernel and every noise ratio.

    Attributes
    ----------
    log : ndarray, shape (noise, channel)
        Log-likelihood, the mean and the variance at their best.
    mean, variance : ndarray, shape (noise, channel)
        Generalised-least-squares mean; signal variance.
    """

    log: FloatArray
    mean: FloatArray
    variance: FloatArray


def likelihood(spectrum: Spectrum, rotated: FloatArray) -> Likelihood:
    """Evaluate every noise ratio for all channels at once."""
    n = len(rotated)
    weight = spectrum.shrunk()
    ones = spectrum.ones
    weighted_ones = weight * ones
    mean = (weighted_ones @ rotated) / (weighted_ones @ ones)[:, None]
    squares = (
        weight @ rotated**2
        - 2 * mean * (weighted_ones @ rotated)
        + mean**2 * (weighted_ones @ ones)[:, None]
    )
    variance = np.maximum(squares / n, 1e-12)
    log = -0.5 * n * np.log(variance) + 0.5 * np.log(weight).sum(axis=1)[:, None]
    return Likelihood(log, mean, variance)
