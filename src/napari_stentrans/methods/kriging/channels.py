"""Kriging of several channels at once, averaged over covariance parameters.

Predictions by every kernel and noise ratio are averaged, as each explains the channel.
One eigendecomposition of a window serves all channels and all noise ratios.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from napari_stentrans.methods.channels import ChannelEstimate
from napari_stentrans.methods.kriging.covariance import (
    NOISE_RATIOS,
    Likelihood,
    Spectrum,
    likelihood,
)
from napari_stentrans.methods.kriging.mixture import Mixture
from napari_stentrans.methods.kriging.spectra import WindowSpectra
from napari_stentrans.methods.kriging.windows import answered_by
from napari_stentrans.methods.parallel import map_in_order
from napari_stentrans.portions import portions
from napari_stentrans.progress import Progress, Steps
from napari_stentrans.section.lattice import FloatArray

QUERIES_AT_ONCE = 4096
"""Of a window: what is computed of each against all spots takes memory."""


class ChannelKriging:
    """Channels of a section's spots, ready to be predicted anywhere.

    Parameters
    ----------
    spectra
        Of the windows of the spots.
    channels : ndarray, shape (spot, channel)
    mixture
        Covariance parameters and their weights.
    """

    def __init__(
        self, spectra: WindowSpectra, channels: FloatArray, mixture: Mixture
    ) -> None:
        self.spectra = spectra
        self.windows = spectra.windows
        self.channels = channels
        self.mixture = mixture

    @property
    def places(self) -> FloatArray:
        """Where the spots are, and how they look, shape (spot, 2 + direction)."""
        return self.spectra.places

    def predict_steps(self, queries: FloatArray) -> Steps[ChannelEstimate]:
        """Krige at any places, shape (query, 2 + direction)."""
        shape = (len(queries), self.channels.shape[1])
        mean, second = np.zeros(shape), np.zeros(shape)
        parts = answered_by(self.windows, self.spectra.pitch_rc, queries[:, :2])

        def in_window(number: int) -> ChannelEstimate:
            return self._predict_in(number, queries[parts[number].rows])

        for number, found in enumerate(map_in_order(in_window, range(len(parts)))):
            mine, share = parts[number].rows, parts[number].share[:, None]
            mean[mine] += share * found.mean
            second[mine] += share * (found.variance + found.mean**2)
            yield Progress("Kriging: predicting", number + 1, len(parts))
        return ChannelEstimate(mean, np.maximum(second - mean**2, 1e-9))

    def leave_one_out_steps(self) -> Steps[ChannelEstimate]:
        """Krige at each spot from all the others, shape (spot, channel)."""
        mean, variance = np.zeros_like(self.channels), np.zeros_like(self.channels)
        n_windows = len(self.windows)
        results = map_in_order(self._leave_one_out_in, range(n_windows))
        for number, found in enumerate(results):
            window = self.windows[number]
            mine = np.searchsorted(window.spots, window.core)
            mean[window.core] = found.mean[mine]
            variance[window.core] = found.variance[mine]
            yield Progress("Kriging: leave-one-out", number + 1, n_windows)
        return ChannelEstimate(mean, variance)

    def _solved(
        self, number: int
    ) -> Iterator[tuple[Spectrum, FloatArray, Likelihood, FloatArray]]:
        """Yield spectrum, rotated channels, likelihood and weights of each kernel."""
        here = self.channels[self.windows[number].spots]
        mixture = self.mixture
        for kernel, weights in zip(mixture.kernels, mixture.weights, strict=True):
            spectrum = self.spectra.of(number, kernel)
            rotated = spectrum.rotate(here)
            yield spectrum, rotated, likelihood(spectrum, rotated), weights

    def _predict_in(self, number: int, queries: FloatArray) -> ChannelEstimate:
        shape = (len(queries), self.channels.shape[1])
        mean, second = np.zeros(shape), np.zeros(shape)
        for spectrum, rotated, fit, weights in self._solved(number):
            shrunk = 1.0 / (spectrum.values[None, :] + NOISE_RATIOS[:, None])
            # sum over noise ratios first: one product with the queries then does all
            centred = rotated[None] - spectrum.ones[None, :, None] * fit.mean[:, None]
            coefficients = np.einsum("ec,es,esc->sc", weights, shrunk, centred)
            explained = np.einsum("ec,ec,es->sc", weights, fit.variance, shrunk)
            share = np.maximum(weights.sum(axis=0), 1e-12)
            for some in portions(len(queries), QUERIES_AT_ONCE):
                to_spots = spectrum.to_queries(queries[some]) @ spectrum.vectors
                part = to_spots @ coefficients.astype(np.float32)
                part = part + (weights * fit.mean).sum(axis=0)
                mean[some] += part
                second[some] += (weights * fit.variance).sum(axis=0) - (
                    to_spots**2 @ explained.astype(np.float32)
                )
                second[some] += part**2 / share  # spread between kernels
        return ChannelEstimate(mean, np.maximum(second - mean**2, 1e-9))

    def _leave_one_out_in(self, number: int) -> ChannelEstimate:
        here = self.channels[self.windows[number].spots]
        mean, second = np.zeros_like(here), np.zeros_like(here)
        for spectrum, rotated, fit, weights in self._solved(number):
            squared = spectrum.vectors**2
            for e in np.flatnonzero(weights.max(axis=1) > 1e-3):
                shrunk = 1.0 / (spectrum.values + NOISE_RATIOS[e])
                centred = rotated - spectrum.ones[:, None] * fit.mean[e]
                precision = (squared @ shrunk.astype(np.float32))[:, None]
                error = (
                    spectrum.vectors @ (shrunk[:, None] * centred).astype(np.float32)
                ) / precision
                part = here - error
                latent = fit.variance[e] * np.maximum(
                    1 / precision - NOISE_RATIOS[e], 0
                )
                mean += weights[e] * part
                second += weights[e] * (latent + part**2)
        return ChannelEstimate(mean, np.maximum(second - mean**2, 1e-9))
