"""Which covariances explain the channels of a section, and how well each does.

Empirical Bayes: every kernel and noise ratio is weighted by how well it explains each
channel, in a few windows of the section.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.special import logsumexp

from napari_stentrans.methods.kriging.covariance import (
    NOISE_RATIOS,
    Kernel,
    candidate_kernels,
    likelihood,
)
from napari_stentrans.methods.kriging.spectra import WindowSpectra
from napari_stentrans.methods.kriging.windows import largest
from napari_stentrans.methods.parallel import map_in_order
from napari_stentrans.progress import Progress, Steps
from napari_stentrans.section.lattice import FloatArray

_NEGLIGIBLE = 0.03
"""A kernel whose weight is below this for every channel is dropped."""
_MAX_KERNELS, _MAX_KERNELS_AND_LOOKS = 5, 8
_NEXT_TO_NOTHING = 1e-6
"""Weight of a channel that none of the kernels kept so far explains."""
_LOOKS = (0.0, 0.1, 0.3, 0.6)
"""Shares of appearance averaged over, where there is an image."""
_WINDOWS, _SIZE = 3, 350
"""Windows that are enough to weigh by, and spots in each."""


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


def mixture_steps(spectra: WindowSpectra, channels: FloatArray) -> Steps[Mixture]:
    """Weigh the candidate kernels and noise ratios by their likelihood.

    Where places have an appearance, the kernels that matter are weighed once more, with
    several shares of appearance. What is decomposed for that is left in the spectra,
    unless windows are larger than weighing needs: then it is done in smaller ones.
    """
    if largest(spectra.windows) > 1.5 * _SIZE:
        spectra = WindowSpectra(spectra.places, _SIZE)
    kernels = candidate_kernels()
    found = yield from _weighed_steps(kernels, spectra, channels, _MAX_KERNELS)
    if spectra.places.shape[1] == 2:
        return found
    kernels = [
        replace(kernel, looks=looks) for looks in _LOOKS for kernel in found.kernels
    ]
    most = _MAX_KERNELS_AND_LOOKS
    return (yield from _weighed_steps(kernels, spectra, channels, most))


def _weighed_steps(
    candidates: list[Kernel],
    spectra: WindowSpectra,
    channels: FloatArray,
    most: int,
) -> Steps[Mixture]:
    n_windows = len(spectra.windows)
    chosen = range(n_windows)[:: max(1, n_windows // _WINDOWS)][:_WINDOWS]
    log = np.zeros((len(candidates), len(NOISE_RATIOS), channels.shape[1]))

    def of_kernel(kernel: Kernel) -> FloatArray:
        total = np.zeros(log.shape[1:])
        for number in chosen:
            spectrum = spectra.of(number, kernel)
            rotated = spectrum.rotate(channels[spectra.windows[number].spots])
            total += likelihood(spectrum, rotated).log
        return total

    for number, found in enumerate(map_in_order(of_kernel, candidates)):
        log[number] = found
        yield Progress("Kriging: covariance", number + 1, len(candidates))
    weights = np.exp(log - logsumexp(log, axis=(0, 1)))
    return _pruned(candidates, weights, most)


def _pruned(kernels: list[Kernel], weights: FloatArray, most: int) -> Mixture:
    """Keep a few kernels, so that each channel keeps as much of its weight as can be.

    One after the other is taken that adds most to the logarithms of what channels keep:
    those of greatest weight in all would be neighbours, and leave some channels none.
    """
    of_channel = weights.sum(axis=1)  # (kernel, channel)
    matters = np.flatnonzero(of_channel.max(axis=1) > _NEGLIGIBLE)
    covered = np.full(weights.shape[2], _NEXT_TO_NOTHING)
    kept: list[int] = []
    while len(matters) and len(kept) < most:
        gain = np.log(covered + of_channel[matters]).sum(axis=1)
        best = matters[np.argmax(gain)]
        covered += of_channel[best]
        kept.append(int(best))
        matters = matters[matters != best]
    kept.sort()
    left = weights[kept]
    return Mixture([kernels[i] for i in kept], left / left.sum(axis=(0, 1)))
