"""What one covariance says of the channels of a window, at spots and elsewhere."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from napari_stentrans.methods.kriging.covariance import (
    NOISE_RATIOS,
    Likelihood,
    Spectrum,
    likelihood,
)
from napari_stentrans.section.lattice import Float32Array, FloatArray, IntArray

_FAINT = 1e-3
"""A noise ratio that weighs less than this for every channel is left out of a sum."""


@dataclass(frozen=True, eq=False)
class Solution:
    """A kernel with every noise ratio: its part of the first two moments.

    Attributes
    ----------
    spectrum
        Of the window.
    rotated : ndarray, shape (direction, channel)
        Channels along its directions.
    fit
        For every noise ratio.
    weights : ndarray, shape (noise, channel)
        Of the kernel with each noise ratio; over all kernels these sum to one.
    shrunk : ndarray, shape (noise, direction)
        One over eigenvalue plus noise.
    coefficients, explained : ndarray of float32, shape (direction, channel)
        What makes up the mean, and what is known of the variance, along each direction.
        They are sums over noise ratios, so that one product with positions does all.
    """

    spectrum: Spectrum
    rotated: FloatArray
    fit: Likelihood
    weights: FloatArray
    shrunk: FloatArray
    coefficients: Float32Array
    explained: Float32Array

    @classmethod
    def of(
        cls, spectrum: Spectrum, channels: FloatArray, weights: FloatArray
    ) -> Solution:
        """Solve for the channels of the window's spots, shape (spot, channel)."""
        rotated = spectrum.rotate(channels)
        fit = likelihood(spectrum, rotated)
        shrunk = spectrum.shrunk()
        centred = rotated[None] - spectrum.ones[None, :, None] * fit.mean[:, None]
        coefficients = np.einsum("ec,es,esc->sc", weights, shrunk, centred)
        explained = np.einsum("ec,ec,es->sc", weights, fit.variance, shrunk)
        return cls(
            spectrum,
            rotated,
            fit,
            weights,
            shrunk,
            coefficients.astype(np.float32),
            explained.astype(np.float32),
        )

    def at(self, along: Float32Array) -> FloatArray:
        """Moments at positions, shape (moment, position, channel).

        Parameters
        ----------
        along : ndarray, shape (position, direction)
            Covariance of the positions with the directions of the spectrum.
        """
        mean = along @ self.coefficients + (self.weights * self.fit.mean).sum(axis=0)
        whole = (self.weights * self.fit.variance).sum(axis=0)
        left = whole - along**2 @ self.explained
        share = np.maximum(self.weights.sum(axis=0), 1e-12)
        return np.stack([mean, left + mean**2 / share])  # spread between kernels

    def left_out(self, spots: IntArray, channels: FloatArray) -> FloatArray:
        """Moments at spots of the window, each from all the others, as in `at`.

        Parameters
        ----------
        spots : ndarray, shape (spot,)
            Some of those of the window.
        channels : ndarray, shape (spot, channel)
            What they have.
        """
        vectors, moments = self.spectrum.vectors[spots], np.zeros((2, *channels.shape))
        squared = vectors**2
        for e in np.flatnonzero(self.weights.max(axis=1) > _FAINT):
            shrunk = self.shrunk[e].astype(np.float32)
            centred = self.rotated - self.spectrum.ones[:, None] * self.fit.mean[e]
            precision = (squared @ shrunk)[:, None]
            solved = vectors @ (self.shrunk[e][:, None] * centred).astype(np.float32)
            mean = channels - solved / precision
            left = np.maximum(1 / precision - NOISE_RATIOS[e], 0)
            moments[0] += self.weights[e] * mean
            moments[1] += self.weights[e] * (self.fit.variance[e] * left + mean**2)
        return moments
