"""Kriging of several channels at once, averaged over covariance parameters.

Predictions by every kernel and noise ratio are averaged, as each explains the channel.
One eigendecomposition of a window serves all channels and all noise ratios.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from napari_stentrans.methods.channels import ChannelEstimate
from napari_stentrans.methods.kriging.mixture import Mixture
from napari_stentrans.methods.kriging.solution import Solution
from napari_stentrans.methods.kriging.spectra import WindowSpectra
from napari_stentrans.methods.kriging.windows import answered_by
from napari_stentrans.methods.parallel import map_in_order
from napari_stentrans.portions import portions
from napari_stentrans.progress import Progress, Steps
from napari_stentrans.section.lattice import FloatArray

QUERIES_AT_ONCE = 4096
"""Of a window: what is computed of each against all spots takes memory."""


@dataclass(frozen=True, eq=False)
class KrigedSpots:
    """Channels at the spots themselves.

    Attributes
    ----------
    left_out
        Of each spot, from all the others.
    smoothed
        Of each spot, from all of them.
    """

    left_out: ChannelEstimate
    smoothed: ChannelEstimate


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
        return _estimate(mean, second)

    def at_spots_steps(self) -> Steps[KrigedSpots]:
        """Krige at the spots: each from all the others, and from all of them.

        Both need the same decompositions, which large sections do not keep.
        """
        shape = (2, 2, *self.channels.shape)  # (kind, mean and variance, spot, channel)
        found, n_windows = np.zeros(shape), len(self.windows)
        for number, here in enumerate(map_in_order(self._spots_in, range(n_windows))):
            for kind, part in enumerate((here.left_out, here.smoothed)):
                found[kind][:, self.windows[number].core] = part.mean, part.variance
            yield Progress("Kriging: leave-one-out", number + 1, n_windows)
        return KrigedSpots(*(ChannelEstimate(*kind) for kind in found))

    def _solved(self, number: int) -> Iterator[Solution]:
        """Solve a window by each kernel."""
        here = self.channels[self.windows[number].spots]
        mixture = self.mixture
        for kernel, weights in zip(mixture.kernels, mixture.weights, strict=True):
            yield Solution.of(self.spectra.of(number, kernel), here, weights)

    def _predict_in(self, number: int, queries: FloatArray) -> ChannelEstimate:
        moments = np.zeros((2, len(queries), self.channels.shape[1]))
        for solved in self._solved(number):
            for some in portions(len(queries), QUERIES_AT_ONCE):
                moments[:, some] += solved.at(solved.spectrum.along(queries[some]))
        return _estimate(*moments)

    def _spots_in(self, number: int) -> KrigedSpots:
        """Krige at the spots of the core of a window."""
        window = self.windows[number]
        core = np.searchsorted(window.spots, window.core)
        own = self.channels[window.core]
        left_out, smoothed = np.zeros((2, *own.shape)), np.zeros((2, *own.shape))
        for solved in self._solved(number):
            left_out += solved.left_out(core, own)
            smoothed += solved.at(solved.spectrum.along_spots(core))
        return KrigedSpots(_estimate(*left_out), _estimate(*smoothed))


def _estimate(mean: FloatArray, second: FloatArray) -> ChannelEstimate:
    """Mean and variance of the first two moments."""
    return ChannelEstimate(mean, np.maximum(second - mean**2, 1e-9))
