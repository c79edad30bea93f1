"""What programmes leave of each gene, kriged gene by gene.

A gene whose pattern no programme carries still has structure in its standardised
residuals. For the highest genes these are kriged with rough kernels (here); half of the
result is added back (in `residual_fields`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import logsumexp

from napari_stentrans.methods.decoder import GeneDecoder
from napari_stentrans.methods.kriging.covariance import (
    NOISE_RATIOS,
    Kernel,
    Spectrum,
)
from napari_stentrans.methods.kriging.windows import (
    Window,
    largest,
    split_windows,
)
from napari_stentrans.methods.parallel import map_in_order
from napari_stentrans.progress import Progress, Steps, run_to_end
from napari_stentrans.section.lattice import Float32Array, FloatArray, IntArray

_KERNELS = [Kernel(0.5, length) for length in (1.0, 4.0, 15.0)]
_N_GENES = 2000
"""So many of the highest genes have residuals worth kriging."""
_ODDS_OF_NOISE = len(_KERNELS) * len(NOISE_RATIOS)
"""Prior odds of a residual that is noise alone, against any one of the patterns."""
_CLIP = 10.0
"""Standardised residuals beyond this are outliers, not pattern."""
_MAX_BYTES = 500_000_000
_REMEMBERED = 16
"""Genes of which is kept what was learnt."""


@dataclass(frozen=True, eq=False)
class Learnt:
    """What the residuals of some genes say.

    Attributes
    ----------
    rotated : list over windows of lists over kernels
        Residuals along the directions of the spectrum, shape (direction, gene).
    weights : ndarray, shape (kernel, noise, gene)
        Weight of every kernel and noise ratio.
    """

    rotated: list[list[Float32Array]]
    weights: FloatArray


class ResidualKriging:
    """Standardised residuals of the highest genes at the visible spots.

    Parameters
    ----------
    decoder
        Gives the leave-one-out rates that the residuals are taken from.
    size
        Spots to a window.
    """

    def __init__(self, decoder: GeneDecoder, size: int) -> None:
        self.decoder = decoder
        self.size = size
        self.pitch_rc = decoder.section.pitch_rc
        self.windows = split_windows(self.pitch_rc, size)
        self._spectra: list[list[Spectrum]] | None = None
        self._last: tuple[bytes, Learnt] | None = None

    def of(self, decoder: GeneDecoder) -> ResidualKriging:
        """Kriging of what another decoder leaves, at the same spots."""
        other = ResidualKriging(decoder, self.size)
        other._spectra = self.spectra  # the same spots, the same spectra
        return other

    @property
    def affordable(self) -> bool:
        """Whether all spectra fit in memory together."""
        taken = 4 * largest(self.windows) ** 2 * len(self.windows) * len(_KERNELS)
        return taken < _MAX_BYTES

    @cached_property
    def eligible(self) -> IntArray:
        """Columns of the genes that are treated."""
        totals = self.decoder.section.gene_totals
        return np.argsort(-totals, kind="stable")[:_N_GENES]

    def spectra_steps(self) -> Steps[list[list[Spectrum]]]:
        """Spectrum of every kernel, for each window; decomposed once."""
        if self._spectra is None:
            found = []
            for spectra in map_in_order(self._decomposed, self.windows):
                found.append(spectra)
                yield Progress("Kriging: residuals", len(found), len(self.windows))
            self._spectra = found
        return self._spectra

    @property
    def spectra(self) -> list[list[Spectrum]]:
        """`spectra_steps`, run to the end."""
        return run_to_end(self.spectra_steps())

    def standardised(self, genes: IntArray) -> Float32Array:
        """Residual over its expected standard deviation, shape (spot, gene)."""
        rate = self.decoder.rates(self.decoder.left_out, genes)
        residual = self.decoder.counts(genes) - rate
        residual /= self.decoder.deviation(rate, genes) + 1e-3
        return np.clip(residual, -_CLIP, _CLIP, out=residual)

    def learnt(self, genes: IntArray) -> Learnt:
        """Residuals along every spectrum, and the weight of each pattern.

        A few genes are remembered, since they are read at measured positions and at
        new ones one after the other.
        """
        last, asked = self._last, genes.tobytes()
        if last is not None and last[0] == asked:
            return last[1]
        residual = self.standardised(genes)
        rotated = [
            [s.vectors.T @ residual[window.spots] for s in spectra]
            for window, spectra in zip(self.windows, self.spectra, strict=True)
        ]
        found = Learnt(rotated, self._weights(rotated))
        if len(genes) <= _REMEMBERED:
            self._last = asked, found
        return found

    def coefficients(
        self, genes: IntArray
    ) -> Iterator[tuple[int, int, Spectrum, Float32Array]]:
        """Yield window, kernel, spectrum and what makes up the genes along it.

        The last is of shape (direction, gene): times the covariance of positions with
        the directions it is their residual, as one kernel says it.
        """
        learnt = self.learnt(genes)
        for number, of_window in enumerate(self.spectra):
            for k, spectrum in enumerate(of_window):
                shrunk = self._shrunk[number][k][0].T  # (direction, noise)
                found = learnt.rotated[number][k] * (shrunk @ learnt.weights[k])
                yield number, k, spectrum, found.astype(np.float32)

    def _weights(self, rotated: list[list[Float32Array]]) -> FloatArray:
        """Weight of every kernel and noise ratio, shape (kernel, noise, gene).

        They sum to less than one: the rest is the weight of there being no pattern.
        """
        n_genes = rotated[0][0].shape[1]
        shape = (len(_KERNELS), len(NOISE_RATIOS), n_genes)
        log, log_of_noise = np.zeros(shape), np.full(n_genes, np.log(_ODDS_OF_NOISE))
        for number, of_window in enumerate(rotated):
            window = self.windows[number]
            # spots are in several windows, but no more evidence for that
            share = len(window.core) / len(window.spots)
            for k, channel in enumerate(of_window):
                shrunk, log_of_shrunk = self._shrunk[number][k]
                variance = np.maximum(
                    shrunk @ channel.astype(np.float64) ** 2 / len(channel), 1e-12
                )
                log[k] -= 0.5 * len(window.core) * np.log(variance)
                log[k] += share * 0.5 * log_of_shrunk[:, None]
            power = np.mean(of_window[0].astype(np.float64) ** 2, axis=0)
            log_of_noise -= 0.5 * len(window.core) * np.log(np.maximum(power, 1e-12))
        evidence = np.logaddexp(logsumexp(log, axis=(0, 1)), log_of_noise)
        weights: FloatArray = np.exp(log - evidence)
        return weights

    def _decomposed(self, window: Window) -> list[Spectrum]:
        return [Spectrum.of(self.pitch_rc[window.spots], k) for k in _KERNELS]

    @cached_property
    def _shrunk(self) -> list[list[tuple[FloatArray, FloatArray]]]:
        """One over eigenvalue plus noise, shape (noise, direction), and its log sum."""
        shrunk = [[s.shrunk() for s in spectra] for spectra in self.spectra]
        return [[(s, np.log(s).sum(axis=1)) for s in window] for window in shrunk]
