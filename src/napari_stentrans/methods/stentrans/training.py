"""Training on the section itself, and the gate that decides what to believe.

A fifth of the spots never serve as training targets: on them the corrections are
judged, programme by programme and near and far from the measured spots apart, and
scaled to what they are worth, down to nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from napari_stentrans.config import RunConfig
from napari_stentrans.methods.kriging.enhancer import FittedKriging
from napari_stentrans.methods.kriging.windows import split_windows
from napari_stentrans.methods.parallel import map_in_order, one_torch_thread
from napari_stentrans.methods.stentrans.episodes import Episode, Scene, make_episode
from napari_stentrans.methods.stentrans.network import SpotTransformer
from napari_stentrans.progress import Progress, Steps
from napari_stentrans.section.lattice import FloatArray, IntArray

NEAR = 1.25
"""A position within this many typical spacings of a visible spot is near."""
_JUDGING = 3
"""One episode for judging to so many for learning."""
_JUDGED_SHARE = 0.2
_WEIGHT_DECAY = 0.05


@dataclass(frozen=True, eq=False)
class Trained:
    """A trained network and how far to believe it.

    Attributes
    ----------
    network
        On the CPU, in evaluation mode.
    gate : ndarray, shape (2, programme)
        Factor of the corrections near to and far from the visible spots, 0 to 1.
    losses
        Training loss of every step.
    stopped_early
        Whether a person stopped the training.
    """

    network: SpotTransformer
    gate: FloatArray
    losses: list[float]
    stopped_early: bool


def training_steps(
    kriging: FittedKriging, config: RunConfig, device: torch.device
) -> Steps[Trained]:
    """Train on episodes of the section; a true value sent in ends the training."""
    rng = np.random.default_rng(config.seed)
    n_spots = kriging.section.n_spots
    judged = rng.permutation(n_spots)[: max(1, int(_JUDGED_SHARE * n_spots))]
    members = _parts(kriging, config)
    neighbours = config.transformer.neighbours

    n_learning = config.transformer.episodes
    n_episodes = n_learning + -(-n_learning // _JUDGING)
    seeds = rng.spawn(n_episodes)

    def episode(number: int) -> Episode:
        part = members[number % len(members)]
        return make_episode(kriging, part, neighbours, seeds[number])

    stop, episodes = None, []
    for made in map_in_order(episode, range(n_episodes)):
        episodes.append(made)
        answer = yield Progress("Preparing the Transformer", len(episodes), n_episodes)
        stop = stop or answer
    learning, judging = episodes[:n_learning], episodes[n_learning:]

    importance = programme_importance(kriging)
    network = _new_network(kriging, config).to(device)
    with one_torch_thread():
        losses, stop = yield from _optimise(
            network, learning, judged, importance, config, bool(stop)
        )
        network = network.cpu().eval()
        gate = judge(network, judging, judged)
    return Trained(network, gate, losses, bool(stop))


def programme_importance(kriging: FittedKriging) -> FloatArray:
    """Share of each programme in all log expression, shape (programme,)."""
    strength = (kriging.programmes.loadings.astype(np.float64) ** 2).sum(axis=1)
    share: FloatArray = strength / max(strength.sum(), 1e-12)
    return share


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


def _parts(kriging: FittedKriging, config: RunConfig) -> list[IntArray]:
    """Spots of each part of the section that an episode may be made of."""
    windows = split_windows(kriging.section.pitch_rc, config.kriging.window)
    return [window.spots for window in windows]


def _new_network(kriging: FittedKriging, config: RunConfig) -> SpotTransformer:
    """Draw a network from the seed, leaving the global generator alone."""
    n_channels = kriging.programmes.n_channels
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        return SpotTransformer(
            3 * n_channels, 2 * n_channels, n_channels - 1, config.transformer
        )


def _optimise(
    network: SpotTransformer,
    episodes: list[Episode],
    judged: IntArray,
    importance: FloatArray,
    config: RunConfig,
    stop: bool,  # noqa: FBT001 - the answer of the phase before
) -> Steps[tuple[list[float], bool]]:
    device = next(network.parameters()).device
    n_steps = config.transformer.steps
    optimiser = torch.optim.AdamW(
        network.parameters(),
        lr=config.transformer.learning_rate,
        weight_decay=_WEIGHT_DECAY,
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, config.transformer.learning_rate, total_steps=n_steps, pct_start=0.1
    )
    generator = torch.Generator().manual_seed(config.seed)
    weight = torch.tensor(importance, dtype=torch.float32, device=device)
    ready = [_to_device(episode, judged, device) for episode in episodes]
    losses: list[float] = []
    answer: bool | None = stop
    for step in range(n_steps):
        if answer:
            break
        chosen = int(torch.randint(len(ready), (1,), generator=generator))
        scene, residual, rows = ready[chosen]
        n_channels = len(importance) + 1
        signs = torch.randint(0, 2, (n_channels,), generator=generator) * 2.0 - 1.0
        signs[0] = 1.0  # library size has no arbitrary sign
        signs = signs.to(device)
        seen = scene.flipped(signs)
        units = network(
            seen.spot_features, seen.query_features, seen.spot_near, seen.query_near
        )
        error = units * seen.query_sd - residual * signs[1:]
        loss = (error[rows] ** 2 * weight).sum(dim=1).mean()
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        losses.append(float(loss.detach()))
        answer = yield Progress("Training", step + 1, n_steps, loss=losses[-1])
    return losses, bool(answer)


def _to_device(
    episode: Episode, judged: IntArray, device: torch.device
) -> tuple[Scene, Tensor, Tensor]:
    """Scene, residual and the queries that may be learnt from, on a device."""
    rows = np.flatnonzero(~np.isin(episode.spots, judged))
    return (
        episode.scene.to(device),
        episode.residual.to(device),
        torch.from_numpy(rows).to(device),
    )
