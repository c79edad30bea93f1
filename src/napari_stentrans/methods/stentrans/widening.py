"""How much wider intervals must be far from any spot, as seen on hidden spots.

The intervals of a gene are calibrated on spots that were left out one at a time: single
gaps. Holes are harder. Episodes hide spots in holes as well, and show by how much.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from napari_stentrans.methods.channels import ChannelEstimate
from napari_stentrans.methods.decoder import TIMES
from napari_stentrans.methods.fields import ProgrammeField
from napari_stentrans.methods.kriging.enhancer import FittedKriging
from napari_stentrans.methods.stentrans.episodes import Episode
from napari_stentrans.methods.stentrans.gate import NEAR
from napari_stentrans.section.lattice import FloatArray

_N_GENES = 400
"""So many genes tell; they are spread over all that are detected often enough."""
_DETECTED_IN = 0.1
_MOST = 2.0
_DOUBTED = 20
"""Hidden spots that count as much as the belief that nothing need be widened."""


@dataclass(frozen=True)
class Widening:
    """Factors of the standard deviation, never below one.

    Attributes
    ----------
    near, far
        At spots no further away than their neighbours are, and two spacings off.
    """

    near: float = 1.0
    far: float = 1.0

    def at(self, remoteness: FloatArray) -> FloatArray:
        """Factor at positions, from near to far without a step, shape (position,)."""
        along = np.clip(remoteness - 1.0, 0.0, 1.0)
        factor: FloatArray = self.near + (self.far - self.near) * along
        return factor


def learn_widening(kriging: FittedKriging, episodes: list[Episode]) -> Widening:
    """Compare intervals with the counts of spots that were hidden."""
    section = kriging.section
    often = np.flatnonzero(section.detected_in > _DETECTED_IN * section.n_spots)
    if len(often) == 0 or not episodes:
        return Widening()
    genes = often[:: max(1, len(often) // _N_GENES)]
    measured = kriging.decoder.counts(genes)
    off = np.concatenate(
        [_deviations(kriging, episode, genes, measured) for episode in episodes]
    )
    remoteness = np.concatenate([episode.remoteness for episode in episodes])
    spots = np.concatenate([episode.spots for episode in episodes])
    near = remoteness <= NEAR
    return Widening(*(_factor(off[part], spots[part]) for part in (near, ~near)))


def _deviations(
    kriging: FittedKriging,
    episode: Episode,
    genes: np.ndarray,
    measured: np.ndarray,
) -> np.ndarray:
    """Measured counts less predicted, in predicted standard deviations."""
    mean = kriging.crossed.scores[episode.spots] - episode.residual
    variance = episode.scene.query_sd.cpu().numpy().astype(np.float64) ** 2
    field = ProgrammeField(kriging.decoder, ChannelEstimate(mean, variance), None)
    predicted = field.read(genes)
    missed = np.abs(measured[episode.spots] - predicted.mean)
    found: np.ndarray = missed / np.maximum(predicted.sd, 1e-6)
    return found


def _factor(off: np.ndarray, spots: np.ndarray) -> float:
    """Factor with which nine in ten counts lie within, as far as spots vouch for it."""
    n_spots = len(np.unique(spots))
    if n_spots == 0:
        return 1.0
    needed = float(np.quantile(off, 0.9)) / TIMES
    believed = 1.0 + (needed - 1.0) * n_spots / (n_spots + _DOUBTED)
    return float(np.clip(believed, 1.0, _MOST))
