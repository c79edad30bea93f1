"""Scenes to learn from: what kriging saw of a tissue and said, and what was true."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from napari_stentrans.config import KrigingConfig, RunConfig
from napari_stentrans.methods.channels import ChannelEstimate
from napari_stentrans.methods.kriging.enhancer import FittedKriging, Kriging
from napari_stentrans.methods.programmes import scores_on
from napari_stentrans.methods.stentrans.masking import random_mask
from napari_stentrans.methods.stentrans.pretraining.tissue import (
    random_tissue,
    section_of,
)
from napari_stentrans.progress import run_to_end
from napari_stentrans.section.lattice import FloatArray
from napari_stentrans.section.section import Section

REPLICATES = 8
"""Experiments averaged for a target: their mean is nearly free of noise."""
_FEWEST_VISIBLE = 40


@dataclass(frozen=True, eq=False)
class KrigedScene:
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


def random_scene(seed: int) -> KrigedScene:
    """Simulate a tissue, hide some of its spots and krige them."""
    rng = np.random.default_rng(seed)
    n_spots = int(np.exp(rng.uniform(np.log(120), np.log(900))))
    tissue = random_tissue(rng, n_spots)
    section = section_of(tissue, tissue.draw(rng))
    again = (section_of(tissue, tissue.draw(rng)) for _ in range(REPLICATES))
    return kriged_scene(section, again, rng)


def kriged_scene(
    section: Section, again: Iterable[Section], rng: np.random.Generator
) -> KrigedScene:
    """Hide some spots of a section and krige them from the others.

    Parameters
    ----------
    section
        Of which some spots are seen.
    again
        The same spots as other experiments measure them: the truth is their mean.
    rng
        Chooses the spots that are hidden.
    """
    hidden = random_mask(section.pitch_rc, rng)
    if (~hidden).sum() < _FEWEST_VISIBLE:
        hidden[:] = rng.random(len(hidden)) < 0.3
    config = RunConfig(kriging=KrigingConfig(residuals=False))
    kriging = run_to_end(Kriging().learn_steps(section.subset(~hidden), config))
    query_rc = section.pitch_rc[hidden]
    kriged = run_to_end(kriging.estimate_steps(query_rc))
    measured = [scores_on(each, kriging.programmes)[hidden] for each in again]
    return KrigedScene(kriging, query_rc, kriged, np.mean(measured, axis=0))
