"""Training on the section itself: episodes, early stopping, and the gate.

A fifth of the spots never serve as training targets. Half of them are watched during
training, to keep the network at its best; on the other half its corrections are judged.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from napari_stentrans.config import RunConfig
from napari_stentrans.methods.kriging.enhancer import FittedKriging
from napari_stentrans.methods.kriging.windows import split_windows
from napari_stentrans.methods.parallel import map_in_order, one_torch_thread
from napari_stentrans.methods.stentrans.episodes import Episode, Scene, make_episode
from napari_stentrans.methods.stentrans.gate import judge
from napari_stentrans.methods.stentrans.network import SpotTransformer
from napari_stentrans.progress import Progress, Steps
from napari_stentrans.section.lattice import FloatArray, IntArray

_JUDGING = 3
"""One episode for judging to so many for learning."""
_KEPT_SHARE = 0.2
"""Share of the spots that are never trained on."""
_CHECK_EVERY = 25
_PATIENCE = 6
"""Training ends when so many checks in a row brought nothing."""
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
    taught, watched, judged = _divide(n_spots, rng)
    members = _parts(kriging, config)
    neighbours = config.transformer.neighbours

    n_learning = config.transformer.episodes
    n_episodes = n_learning + -(-n_learning // _JUDGING)
    seeds = rng.spawn(n_episodes)

    def episode(number: int) -> Episode:
        part = members[number % len(members)]
        return make_episode(kriging, part, neighbours, seeds[number])

    network = _new_network(kriging, config)
    episodes: list[Episode] = []
    for made in map_in_order(episode, range(n_episodes)):
        episodes.append(made)
        if (yield Progress("Preparing the Transformer", len(episodes), n_episodes)):
            return Trained(network.eval(), _closed(kriging), [], stopped_early=True)
    learning, judging = episodes[:n_learning], episodes[n_learning:]

    network = network.to(device)
    importance = torch.from_numpy(programme_importance(kriging)).float().to(device)
    with one_torch_thread():
        losses, stop = yield from _optimise(
            network,
            [_Lesson.of(episode, taught, device) for episode in learning],
            [_Lesson.of(episode, watched, device) for episode in judging],
            importance,
            config,
        )
        network = network.cpu().eval()
        gate = judge(network, judging, judged)
    return Trained(network, gate, losses, bool(stop))


def _divide(
    n_spots: int, rng: np.random.Generator
) -> tuple[IntArray, IntArray, IntArray]:
    """Spots to learn from, to watch during training, and to judge by."""
    order = rng.permutation(n_spots)
    n_each = max(1, int(_KEPT_SHARE * n_spots / 2))
    return order[2 * n_each :], order[:n_each], order[n_each : 2 * n_each]


def _closed(kriging: FittedKriging) -> FloatArray:
    return np.zeros((2, kriging.programmes.n_channels - 1))


def programme_importance(kriging: FittedKriging) -> FloatArray:
    """Share of each programme in all log expression, shape (programme,)."""
    strength = (kriging.programmes.loadings.astype(np.float64) ** 2).sum(axis=1)
    share: FloatArray = strength / max(strength.sum(), 1e-12)
    return share


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


@dataclass(frozen=True, eq=False)
class _Lesson:
    """An episode on the device, with the queries that it may be scored on."""

    scene: Scene
    residual: Tensor
    rows: Tensor

    @classmethod
    def of(cls, episode: Episode, spots: IntArray, device: torch.device) -> _Lesson:
        """Make a lesson of the queries that are among the given spots."""
        rows = torch.from_numpy(np.flatnonzero(np.isin(episode.spots, spots)))
        return cls(
            episode.scene.to(device), episode.residual.to(device), rows.to(device)
        )

    def loss(self, network: SpotTransformer, weight: Tensor, signs: Tensor) -> Tensor:
        """Weighted squared error, with the signs of channels flipped."""
        seen = self.scene.flipped(signs)
        units = network(
            seen.spot_features, seen.query_features, seen.spot_near, seen.query_near
        )
        error = units * seen.query_sd - self.residual * signs[1:]
        loss: Tensor = (error[self.rows] ** 2 * weight).sum(dim=1).mean()
        return loss


def _optimise(
    network: SpotTransformer,
    lessons: list[_Lesson],
    watched: list[_Lesson],
    weight: Tensor,
    config: RunConfig,
) -> Steps[tuple[list[float], bool]]:
    """Train; leave the network as it was when it did best on the watched spots."""
    rate, n_steps = config.transformer.learning_rate, config.transformer.steps
    optimiser = torch.optim.AdamW(
        network.parameters(), lr=rate, weight_decay=_WEIGHT_DECAY
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, rate, total_steps=n_steps, pct_start=0.1
    )
    generator = torch.Generator().manual_seed(config.seed)
    best = _Best(network, _watched_loss(network, watched, weight))
    losses: list[float] = []
    stop: bool | None = False
    for step in range(1, n_steps + 1):
        lesson = lessons[int(torch.randint(len(lessons), (1,), generator=generator))]
        signs = _random_signs(len(weight) + 1, generator).to(weight.device)
        loss = lesson.loss(network, weight, signs)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        losses.append(float(loss.detach()))
        stop = yield Progress("Training", step, n_steps, loss=losses[-1])
        if step % _CHECK_EVERY == 0 or step == n_steps or stop:
            best.update(network, _watched_loss(network, watched, weight))
        if stop or best.age == _PATIENCE:
            break
    best.restore(network)
    return losses, bool(stop)


class _Best:
    """The weights that did best so far, and how many checks ago."""

    def __init__(self, network: SpotTransformer, loss: float) -> None:
        self.loss, self.age = loss, 0
        self._weights = deepcopy(network.state_dict())

    def update(self, network: SpotTransformer, loss: float) -> None:
        """Take in a check."""
        if loss < self.loss:
            self.loss, self.age = loss, 0
            self._weights = deepcopy(network.state_dict())
        else:
            self.age += 1

    def restore(self, network: SpotTransformer) -> None:
        """Put the best weights back."""
        network.load_state_dict(self._weights)


def _watched_loss(
    network: SpotTransformer, watched: list[_Lesson], weight: Tensor
) -> float:
    """Mean loss at the watched spots; infinite where there are none."""
    signs = torch.ones(len(weight) + 1, device=weight.device)
    with torch.no_grad():
        losses = [
            float(lesson.loss(network, weight, signs))
            for lesson in watched
            if len(lesson.rows)
        ]
    return float(np.mean(losses)) if losses else float("inf")


def _random_signs(n_channels: int, generator: torch.Generator) -> Tensor:
    """Signs to flip channels by; that of library size is not arbitrary and stays."""
    signs = torch.randint(0, 2, (n_channels,), generator=generator) * 2.0 - 1.0
    signs[0] = 1.0
    return signs
