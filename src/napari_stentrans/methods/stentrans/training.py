"""Training on the section itself, from the weights that ship: early stopping.

A fifth of the spots never serve as training targets. Half of them are watched during
training, to keep the network at its best; on the other half its corrections are judged.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from napari_stentrans.config import TransformerConfig
from napari_stentrans.imports import importing
from napari_stentrans.methods.parallel import one_torch_thread
from napari_stentrans.methods.stentrans.episodes import Episode
from napari_stentrans.methods.stentrans.network import Scene, SpotTransformer
from napari_stentrans.progress import Progress, Steps
from napari_stentrans.section.lattice import FloatArray, IntArray

_KEPT_SHARE = 0.2
"""Share of the spots that are never trained on."""
_CHECK_EVERY = 25
_PATIENCE = 4
"""Training ends when so many checks in a row brought nothing."""
_WEIGHT_DECAY = 0.02
_CHANNELS_AT_ONCE = 6


@dataclass(frozen=True, eq=False)
class Lesson:
    """An episode on the device, with the queries that it may be scored on."""

    scene: Scene
    residual: Tensor

    @classmethod
    def of(cls, episode: Episode, spots: IntArray, device: torch.device) -> Lesson:
        """Make a lesson of the queries that are among the given spots."""
        rows = torch.from_numpy(np.flatnonzero(np.isin(episode.spots, spots)))
        residual = torch.from_numpy(episode.residual.astype(np.float32))[rows]
        return cls(episode.scene.of_queries(rows).to(device), residual.to(device))

    def loss(self, network: SpotTransformer, channels: Tensor, signs: Tensor) -> Tensor:
        """Squared error of some channels, as a share of what kriging leaves."""
        scene = self.scene.of_channels(channels).flipped(signs)
        missed = self.residual[:, channels] * signs
        error = ((network(scene) - missed) ** 2).mean(dim=0)
        loss: Tensor = error.sum() / ((missed**2).mean(dim=0).sum() + 1e-3)
        return loss


def one_cycle(
    optimiser: torch.optim.Optimizer, rate: float, n_steps: int, rising: float
) -> torch.optim.lr_scheduler.OneCycleLR:
    """Rate that rises for a share of the steps, to ``rate``, and falls after that.

    Where that share is a single step, torch would divide by zero.
    """
    if abs(rising * n_steps - 1) < 1e-6:
        rising *= 1.01
    return torch.optim.lr_scheduler.OneCycleLR(
        optimiser, rate, total_steps=n_steps, pct_start=rising
    )


def divide(
    n_spots: int, rng: np.random.Generator
) -> tuple[IntArray, IntArray, IntArray]:
    """Spots to learn from, to watch during training, and to judge by."""
    order = rng.permutation(n_spots)
    n_each = max(1, int(_KEPT_SHARE * n_spots / 2))
    return order[2 * n_each :], order[:n_each], order[n_each : 2 * n_each]


def training_steps(
    network: SpotTransformer,
    lessons: list[Lesson],
    watched: list[Lesson],
    importance: FloatArray,
    config: TransformerConfig,
    seed: int,
) -> Steps[tuple[list[float], bool]]:
    """Train in place; leave the network as it was when it did best.

    Parameters
    ----------
    network
        On the device of the lessons.
    lessons, watched
        To learn from, and to know when to end; without either there is no training.
    importance : ndarray, shape (channel,)
        How often each channel is drawn, relative to the others.
    config
        Steps and learning rate.
    seed
        Of the draws.

    Returns
    -------
    losses, stopped
        Loss of every step; whether a true value was sent in.
    """
    lessons, watched = (
        [lesson for lesson in some if len(lesson.residual)]
        for some in (lessons, watched)
    )
    if not lessons or not watched:  # what nobody watches could not be kept
        return [], False
    rate, n_steps = config.learning_rate, config.steps
    with importing():  # the first optimiser brings 800 modules
        optimiser = torch.optim.AdamW(
            network.parameters(), lr=rate, weight_decay=_WEIGHT_DECAY
        )
    schedule = one_cycle(optimiser, rate, n_steps, rising=0.1)
    rng = np.random.default_rng(seed)
    share = importance / importance.sum()
    at_once = min(_CHANNELS_AT_ONCE, len(share))
    best = _Best(network, _watched_loss(network, watched))
    losses: list[float] = []
    stop: bool | None = False
    for step in range(1, n_steps + 1):
        channels = rng.choice(len(share), at_once, replace=False, p=share)
        signs = (rng.integers(0, 2, at_once) * 2 - 1).astype(np.float32)
        lesson = lessons[int(rng.integers(len(lessons)))]
        device = lesson.residual.device
        with one_torch_thread():
            loss = lesson.loss(
                network,
                torch.from_numpy(channels).to(device),
                torch.from_numpy(signs).to(device),
            )
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimiser.step()
        schedule.step()
        losses.append(float(loss.detach()))
        is_check = step % _CHECK_EVERY == 0 or step == n_steps
        if is_check:
            best.update(network, _watched_loss(network, watched))
        scores = best.scores if is_check or step == 1 else {}
        stop = yield Progress("Training", step, n_steps, losses[-1], scores)
        if stop and not is_check:
            best.update(network, _watched_loss(network, watched))
        if stop or best.age == _PATIENCE:
            break
    best.restore(network)
    return losses, bool(stop)


class _Best:
    """The weights that did best so far, and how many checks ago."""

    def __init__(self, network: SpotTransformer, loss: float) -> None:
        self.loss = self.latest = loss
        self.age = 0
        self._weights = deepcopy(network.state_dict())

    @property
    def scores(self) -> dict[str, float]:
        """The latest check, for `Progress`."""
        return {"network": self.latest}

    def update(self, network: SpotTransformer, loss: float) -> None:
        """Take in a check."""
        self.latest = loss
        if loss < self.loss:
            self.loss, self.age = loss, 0
            self._weights = deepcopy(network.state_dict())
        else:
            self.age += 1

    def restore(self, network: SpotTransformer) -> None:
        """Put the best weights back."""
        network.load_state_dict(self._weights)


def _watched_loss(network: SpotTransformer, watched: list[Lesson]) -> float:
    """Mean loss at the watched spots, over all channels."""
    losses = []
    with torch.no_grad(), one_torch_thread():
        for lesson in watched:
            n_channels = lesson.residual.shape[1]
            device = lesson.residual.device
            everything = torch.arange(n_channels, device=device)
            signs = torch.ones(n_channels, device=device)
            losses.append(float(lesson.loss(network, everything, signs)))
    return float(np.mean(losses))
