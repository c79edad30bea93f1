"""The gate: how far to believe corrections, judged on spots never trained on."""

from __future__ import annotations

import numpy as np
import torch

from napari_stentrans.methods.stentrans.episodes import Episode, Scene
from napari_stentrans.methods.stentrans.network import SpotTransformer
from napari_stentrans.section.lattice import FloatArray, IntArray

NEAR = 1.25
"""A position within this many typical spacings of a visible spot is near."""


def judge(
    network: SpotTransformer, episodes: list[Episode], judged: IntArray
) -> FloatArray:
    """Best factor of the corrections at spots never trained on, shape (2, programme).

    The factor is the regression of what kriging misses on the corrections, less one
    standard error, and never below zero.
    """
    corrections, residuals, near = [], [], []
    for episode in episodes:
        mine = np.isin(episode.spots, judged)
        corrections.append(correct(network, episode.scene)[mine])
        residuals.append(episode.residual.numpy()[mine])
        near.append(episode.remoteness[mine] <= NEAR)
    correction, residual = np.concatenate(corrections), np.concatenate(residuals)
    is_near = np.concatenate(near)
    gates = [_factor(correction[part], residual[part]) for part in (is_near, ~is_near)]
    return np.stack(gates)


def correct(network: SpotTransformer, scene: Scene) -> FloatArray:
    """Ungated corrections of a scene's queries, shape (query, programme)."""
    with torch.no_grad():
        units = network(
            scene.spot_features,
            scene.query_features,
            scene.spot_near,
            scene.query_near,
        )
        found: FloatArray = (units * scene.query_sd).numpy().astype(np.float64)
    return found


def _factor(correction: FloatArray, residual: FloatArray) -> FloatArray:
    n = len(correction)
    if n < 10:
        return np.zeros(correction.shape[1])
    power = np.maximum((correction**2).sum(axis=0), 1e-12)
    slope = (correction * residual).sum(axis=0) / power
    noise = ((residual - slope * correction) ** 2).mean(axis=0)
    factor: FloatArray = np.clip(slope - np.sqrt(noise / power), 0.0, 1.0)
    return factor
