"""Lessons from simulated tissue: what kriging saw and said, and what was true."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from napari_stentrans.config import KrigingConfig, RunConfig
from napari_stentrans.methods.channels import ChannelEstimate
from napari_stentrans.methods.kriging.enhancer import FittedKriging, Kriging
from napari_stentrans.methods.programmes import Programmes, scores_on
from napari_stentrans.methods.stentrans.masking import random_mask
from napari_stentrans.methods.stentrans.pretraining.tissue import (
    Tissue,
    random_tissue,
    section_of,
)
from napari_stentrans.progress import run_to_end
from napari_stentrans.section.lattice import FloatArray

_REPLICATES = 8
"""Experiments averaged for a target: their mean is nearly free of noise."""
_FEWEST_VISIBLE = 40


@dataclass(frozen=True, eq=False)
class SimulatedScene:
    """Spots seen by kriging, positions it was asked for, and the true answers.

    Attributes
    ----------
    kriging
        Fitted on the visible spots.
    query_rc : ndarray, shape (query, 2)
        Hidden positions, in pitches.
    kriged
        What kriging says there.
    truth : ndarray, shape (query, channel)
        Expected channel scores there.
    """

    kriging: FittedKriging
    query_rc: FloatArray
    kriged: ChannelEstimate
    truth: FloatArray


def random_scene(seed: int) -> SimulatedScene:
    """Simulate a tissue, hide some of its spots and krige them."""
    rng = np.random.default_rng(seed)
    n_spots = int(np.exp(rng.uniform(np.log(120), np.log(900))))
    tissue = random_tissue(rng, n_spots)
    counts = tissue.draw(rng)
    hidden = random_mask(tissue.pitch_rc, rng)
    if (~hidden).sum() < _FEWEST_VISIBLE:
        hidden[:] = rng.random(len(hidden)) < 0.3
    section = section_of(tissue, counts).subset(np.flatnonzero(~hidden))
    config = RunConfig(kriging=KrigingConfig(residuals=False))
    kriging = run_to_end(Kriging().learn_steps(section, config))
    query_rc = tissue.pitch_rc[hidden]
    kriged = run_to_end(kriging.estimate_steps(query_rc))
    truth = _expected_scores(tissue, kriging.programmes, rng)[hidden]
    return SimulatedScene(kriging, query_rc, kriged, truth)


def _expected_scores(
    tissue: Tissue, programmes: Programmes, rng: np.random.Generator
) -> FloatArray:
    """Mean channel scores of many experiments, shape (spot, channel)."""
    drawn = [
        scores_on(section_of(tissue, tissue.draw(rng)), programmes)
        for _ in range(_REPLICATES)
    ]
    mean: FloatArray = np.mean(drawn, axis=0)
    return mean
