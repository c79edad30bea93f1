"""Kriging of several channels at once, averaged over covariance parameters.

Empirical Bayes: every kernel and noise ratio is weighted by how well it explains each
channel, and the predictions are averaged. One eigendecomposition of a window serves
all channels and all noise ratios.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import logsumexp

from napari_stentrans.methods.channels import ChannelEstimate
from napari_stentrans.methods.kriging.covariance import (
    NOISE_RATIOS,
    Kernel,
    Likelihood,
    Spectrum,
    candidate_kernels,
    likelihood,
)
from napari_stentrans.methods.kriging.windows import (
    assign_queries,
    split_windows,
)
from napari_stentrans.methods.parallel import map_in_order
from napari_stentrans.progress import Progress, Steps
from napari_stentrans.section.lattice import FloatArray

_NEGLIGIBLE = 0.03
"""A kernel whose weight is below this for every channel is dropped."""
_MAX_KERNELS, _MAX_KERNELS_AND_LOOKS = 6, 8
_LOOKS = (0.0, 0.1, 0.3, 0.6)
"""Shares of appearance averaged over, where there is an image."""
_WINDOWS_FOR_WEIGHTS = 3
_SIZE_FOR_WEIGHTS = 350
_CACHE_BYTES = 400_000_000


@dataclass(frozen=True, eq=False)
class Mixture:
    """Kernels and the weight of each, with each noise ratio, for every channel.

    Attributes
    ----------
    kernels
        Those that matter.
    weights : ndarray, shape (kernel, noise, channel)
        Sums to one for every channel.
    """

    kernels: list[Kernel]
    weights: FloatArray


def mixture_steps(
    places: FloatArray, channels: FloatArray, size: int
) -> Steps[Mixture]:
    """Weigh the candidate kernels and noise ratios by their likelihood.

    Where places have an appearance, the kernels that matter are weighed once more, with
    several shares of appearance.
    """
    kernels = candidate_kernels()
    found = yield from _weighed_steps(kernels, places, channels, size, _MAX_KERNELS)
    if places.shape[1] == 2:
        return found
    kernels = [
        replace(kernel, looks=looks) for looks in _LOOKS for kernel in found.kernels
    ]
    most = _MAX_KERNELS_AND_LOOKS
    return (yield from _weighed_steps(kernels, places, channels, size, most))


def _weighed_steps(
    candidates: list[Kernel],
    places: FloatArray,
    channels: FloatArray,
    size: int,
    most: int,
) -> Steps[Mixture]:
    windows = split_windows(places[:, :2], min(size, _SIZE_FOR_WEIGHTS))
    chosen = windows[:: max(1, len(windows) // _WINDOWS_FOR_WEIGHTS)][
        :_WINDOWS_FOR_WEIGHTS
    ]
    log = np.zeros((len(candidates), len(NOISE_RATIOS), channels.shape[1]))

    def of_kernel(kernel: Kernel) -> FloatArray:
        total = np.zeros(log.shape[1:])
        for window in chosen:
            spectrum = Spectrum.of(places[window.spots], kernel)
            rotated = spectrum.rotate(channels[window.spots])
            total += likelihood(spectrum, rotated).log
        return total

    for number, found in enumerate(map_in_order(of_kernel, candidates)):
        log[number] = found
        yield Progress("Kriging: covariance", number + 1, len(candidates))
    weights = np.exp(log - logsumexp(log, axis=(0, 1)))
    return _pruned(candidates, weights, most)


def _pruned(kernels: list[Kernel], weights: FloatArray, most: int) -> Mixture:
    by_channel = weights.sum(axis=1)  # (kernel, channel)
    matters = np.flatnonzero(by_channel.max(axis=1) > _NEGLIGIBLE)
    if len(matters) > most:
        total = by_channel[matters].sum(axis=1)
        matters = np.sort(matters[np.argsort(-total)[:most]])
    kept = weights[matters]
    return Mixture([kernels[i] for i in matters], kept / kept.sum(axis=(0, 1)))


class ChannelKriging:
    """Channels of a section's spots, ready to be predicted anywhere.

    Parameters
    ----------
    places : ndarray, shape (spot, 2 + direction)
        In pitches, and how they look if that is to count.
    channels : ndarray, shape (spot, channel)
    mixture
        Covariance parameters and their weights.
    size
        Spots to a window.
    """

    def __init__(
        self, places: FloatArray, channels: FloatArray, mixture: Mixture, size: int
    ) -> None:
        self.places = places
        self.pitch_rc = places[:, :2]
        self.channels = channels
        self.mixture = mixture
        self.windows = split_windows(self.pitch_rc, size)
        largest = max(len(window.spots) for window in self.windows)
        needed = 4 * largest**2 * len(self.windows) * len(mixture.kernels)
        self._cache: dict[tuple[int, int], Spectrum] | None = (
            {} if needed < _CACHE_BYTES else None
        )

    def predict_steps(self, queries: FloatArray) -> Steps[ChannelEstimate]:
        """Krige at any places, shape (query, 2 + direction)."""
        shape = (len(queries), self.channels.shape[1])
        mean, variance = np.zeros(shape), np.zeros(shape)
        owner = assign_queries(self.windows, self.pitch_rc, queries[:, :2])
        parts = [np.flatnonzero(owner == w) for w in range(len(self.windows))]

        def in_window(number: int) -> ChannelEstimate:
            return self._predict_in(number, queries[parts[number]])

        for number, found in enumerate(map_in_order(in_window, range(len(parts)))):
            mine = parts[number]
            mean[mine], variance[mine] = found.mean, found.variance
            yield Progress("Kriging: predicting", number + 1, len(parts))
        return ChannelEstimate(mean, variance)

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
        window = self.windows[number]
        here = self.channels[window.spots]
        for k, kernel in enumerate(self.mixture.kernels):
            spectrum = self._cache.get((number, k)) if self._cache is not None else None
            if spectrum is None:
                spectrum = Spectrum.of(self.places[window.spots], kernel)
                if self._cache is not None:
                    self._cache[number, k] = spectrum
            rotated = spectrum.rotate(here)
            fit = likelihood(spectrum, rotated)
            yield spectrum, rotated, fit, self.mixture.weights[k]

    def _predict_in(self, number: int, queries: FloatArray) -> ChannelEstimate:
        shape = (len(queries), self.channels.shape[1])
        mean, second = np.zeros(shape), np.zeros(shape)
        for spectrum, rotated, fit, weights in self._solved(number):
            to_spots = spectrum.to_queries(queries) @ spectrum.vectors
            shrunk = 1.0 / (spectrum.values[None, :] + NOISE_RATIOS[:, None])
            # sum over noise ratios first: one product with the queries then does all
            centred = rotated[None] - spectrum.ones[None, :, None] * fit.mean[:, None]
            coefficients = np.einsum("ec,es,esc->sc", weights, shrunk, centred)
            explained = np.einsum("ec,ec,es->sc", weights, fit.variance, shrunk)
            part = to_spots @ coefficients.astype(np.float32)
            part = part + (weights * fit.mean).sum(axis=0)
            mean += part
            second += (weights * fit.variance).sum(axis=0) - (
                to_spots**2 @ explained.astype(np.float32)
            )
            share = np.maximum(weights.sum(axis=0), 1e-12)
            second += part**2 / share  # spread between kernels
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
