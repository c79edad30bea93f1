"""The gate: how far to believe corrections, judged on spots that were hidden."""

from __future__ import annotations

import numpy as np

from napari_stentrans.methods.stentrans.correction import correct
from napari_stentrans.methods.stentrans.episodes import Episode
from napari_stentrans.methods.stentrans.network import SpotTransformer
from napari_stentrans.progress import Progress, Steps
from napari_stentrans.section.lattice import FloatArray, IntArray

NEAR = 1.25
"""A position within this many typical spacings of a visible spot is near."""
_PRIOR_SD = 0.25
"""How far the best factor may be from one before any spot was looked at."""
_MOST = 1.5
_FEWEST = 3
"""Fewer spots say nothing."""


def judge_steps(
    network: SpotTransformer, episodes: list[Episode], judged: IntArray | None = None
) -> Steps[FloatArray]:
    """Best factor of the corrections, near and far, shape (2, channel).

    The factor is the regression of what kriging misses on the corrections, drawn
    towards one where the spots say little.

    Parameters
    ----------
    network
        Its corrections are judged.
    episodes
        Hidden spots and what they measured.
    judged : ndarray, optional
        Spots that may be looked at; all, if not given.
    """
    corrections, residuals, near, spots = [], [], [], []
    for number, episode in enumerate(episodes, start=1):
        mine = (
            np.isin(episode.spots, judged)
            if judged is not None
            else np.ones(len(episode.spots), dtype=bool)
        )
        corrections.append(correct(network, episode.scene)[mine])
        residuals.append(episode.residual[mine])
        near.append(episode.remoteness[mine] <= NEAR)
        spots.append(episode.spots[mine])
        scores = _scores(corrections[-1], residuals[-1])
        yield Progress("Judging corrections", number, len(episodes), scores=scores)
    correction, residual = np.concatenate(corrections), np.concatenate(residuals)
    is_near, spot = np.concatenate(near), np.concatenate(spots)
    gate = np.stack(
        [
            _factor(correction[part], residual[part], spot[part])
            for part in (is_near, ~is_near)
        ]
    )
    return gate * open_gate(gate.shape[1])


def open_gate(n_channels: int) -> FloatArray:
    """Gate that believes everything, shape (2, channel).

    But for library size far from any spot: there corrections did more harm than good
    on measured sections (docs/model.md), and kriging is left alone.
    """
    gate = np.ones((2, n_channels))
    gate[1, 0] = 0.0
    return gate


def gated(
    correction: FloatArray, gate: FloatArray, remoteness: FloatArray
) -> FloatArray:
    """Corrections as far as they are believed, shape (query, channel)."""
    believed: FloatArray = correction * gate[(remoteness > NEAR).astype(int)]
    return believed


def _scores(correction: FloatArray, residual: FloatArray) -> dict[str, float]:
    """Error that corrections leave, as a share of what kriging misses."""
    missed = float((residual**2).sum())
    left = float(((residual - correction) ** 2).sum())
    return {"network": left / missed} if missed > 0 else {}


def _factor(correction: FloatArray, residual: FloatArray, spot: IntArray) -> FloatArray:
    n_spots = len(np.unique(spot))
    if n_spots < _FEWEST:
        return np.ones(correction.shape[1])
    power = np.maximum((correction**2).sum(axis=0), 1e-12)
    slope = (correction * residual).sum(axis=0) / power
    noise = ((residual - slope * correction) ** 2).mean(axis=0)
    # the same spot in several episodes is not several spots, and the slope took one
    noise *= len(spot) / (n_spots - 1)
    precision = power / np.maximum(noise, 1e-12)
    prior = 1 / _PRIOR_SD**2
    factor: FloatArray = (prior + precision * slope) / (prior + precision)
    return factor.clip(0.0, _MOST)
