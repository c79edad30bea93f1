"""Fitting the pre-trained network to a section: train if asked, then judge."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass

import numpy as np
import torch

from napari_stentrans.config import RunConfig
from napari_stentrans.methods.kriging.enhancer import FittedKriging
from napari_stentrans.methods.kriging.windows import split_windows
from napari_stentrans.methods.parallel import map_in_order
from napari_stentrans.methods.stentrans.episodes import Episode, make_episode
from napari_stentrans.methods.stentrans.gate import judge_steps, open_gate
from napari_stentrans.methods.stentrans.network import SpotTransformer
from napari_stentrans.methods.stentrans.training import (
    Lesson,
    divide,
    training_steps,
)
from napari_stentrans.methods.stentrans.weights import load_network
from napari_stentrans.methods.stentrans.widening import Widening, learn_widening
from napari_stentrans.progress import Progress, Steps
from napari_stentrans.section.lattice import FloatArray


@dataclass(frozen=True, eq=False)
class Adapted:
    """A network and how far to believe it on one section.

    Attributes
    ----------
    network
        In evaluation mode, on the device that was asked for.
    gate : ndarray, shape (2, channel)
        Factor of the corrections near to and far from the visible spots.
    widening
        How much wider intervals are far from any spot.
    losses
        Loss of every step of training on the section; empty for none.
    stopped_early
        Whether a person stopped it.
    """

    network: SpotTransformer
    gate: FloatArray
    widening: Widening
    losses: list[float]
    stopped_early: bool


def adaptation_steps(
    kriging: FittedKriging,
    config: RunConfig,
    device: torch.device,
    network: SpotTransformer | None = None,
) -> Steps[Adapted]:
    """Adapt a network; a true value sent in ends that and keeps the best.

    Without a network the shipped one is taken. A given one is not changed.
    """
    network = (deepcopy(network) if network else load_network()).to(device)
    rng = np.random.default_rng(config.seed)
    episodes, stop = yield from _episode_steps(kriging, network, config, rng)
    n_channels = kriging.programmes.n_channels
    if not episodes:
        return Adapted(network, open_gate(n_channels), Widening(), [], stop)
    losses: list[float] = []
    judged = None
    if config.transformer.steps and not stop:
        learn, watch, judged = divide(kriging.section.n_spots, rng)
        n_learning = max(1, int(0.75 * len(episodes)))
        losses, stop = yield from training_steps(
            network,
            [Lesson.of(e, learn, device) for e in episodes[:n_learning]],
            [Lesson.of(e, watch, device) for e in episodes[n_learning:]],
            _importance(kriging),
            config.transformer,
            config.seed,
        )
        network.eval()
    gate = yield from judge_steps(network, episodes, judged)
    widening = learn_widening(kriging, episodes)
    return Adapted(network, gate, widening, losses, stop)


def _episode_steps(
    kriging: FittedKriging,
    network: SpotTransformer,
    config: RunConfig,
    rng: np.random.Generator,
) -> Steps[tuple[list[Episode], bool]]:
    """Make episodes of parts that are spread over the whole section."""
    windows = split_windows(kriging.section.pitch_rc, config.kriging.window)
    parts = [window.spots for window in windows]
    n_episodes = config.transformer.episodes
    seeds = rng.spawn(n_episodes)

    def episode(number: int) -> Episode:
        part = parts[number * len(parts) // n_episodes]
        return make_episode(kriging, part, network.shape.neighbours, seeds[number])

    episodes: list[Episode] = []
    for made in map_in_order(episode, range(n_episodes)):
        episodes.append(made)
        if (yield Progress("Hiding spots to judge by", len(episodes), n_episodes)):
            return episodes, True
    return episodes, False


def _importance(kriging: FittedKriging) -> FloatArray:
    """Share of each channel in what there is to predict; library as the first."""
    power = kriging.programmes.strength**2 * kriging.decoder.left_out.mean.var(axis=0)
    power[0] = power[1:].max()
    share = power / max(power.sum(), 1e-12)  # 0 where nothing can be predicted
    importance: FloatArray = 0.8 * share + 0.2 / len(power)
    return importance
