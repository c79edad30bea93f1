"""Pre-training: predict what kriging misses of the truth, scene by scene."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from napari_stentrans.methods.parallel import seeded_torch
from napari_stentrans.methods.stentrans.network import NetworkShape, SpotTransformer
from napari_stentrans.methods.stentrans.pretraining.lessons import PretrainingLesson
from napari_stentrans.methods.stentrans.training import Lesson, one_cycle

_SCENES_A_STEP = 4
_CHANNELS_A_SCENE = 6
_QUERIES_A_SCENE = 192
_WEIGHT_DECAY = 0.02


@dataclass(frozen=True)
class Recipe:
    """How long and how fast to train.

    Attributes
    ----------
    steps
        Optimiser steps, of four scenes each.
    learning_rate
        Highest rate of a one-cycle schedule.
    seed
        Of the weights and of all draws.
    """

    steps: int = 8000
    learning_rate: float = 2e-3
    seed: int = 0


def untrained(shape: NetworkShape, seed: int) -> SpotTransformer:
    """Return a network that has learnt nothing yet: it corrects nothing."""
    with seeded_torch(seed):
        return SpotTransformer(shape)


def pretrain(
    kinds: Sequence[list[PretrainingLesson]],
    recipe: Recipe,
    network: SpotTransformer,
    on_step: Callable[[int, SpotTransformer], None],
) -> SpotTransformer:
    """Train a network in place and return it.

    Parameters
    ----------
    kinds
        Lessons of one to four kinds, each of which is drawn as often as the others.
    recipe
        How long and how fast.
    network
        To begin with.
    on_step
        Told after every step.
    """
    network.train()
    rng = np.random.default_rng(recipe.seed)
    optimiser = torch.optim.AdamW(
        network.parameters(), lr=recipe.learning_rate, weight_decay=_WEIGHT_DECAY
    )
    schedule = one_cycle(optimiser, recipe.learning_rate, recipe.steps, rising=0.05)
    for step in range(1, recipe.steps + 1):
        optimiser.zero_grad()
        drawn = _drawn(kinds, rng)
        for lesson in drawn:
            loss = _loss(network, lesson, rng) / len(drawn)
            loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        on_step(step, network)
    return network.eval()


def _drawn(
    kinds: Sequence[list[PretrainingLesson]], rng: np.random.Generator
) -> list[PretrainingLesson]:
    """Lessons of one step, equally many of each kind."""
    of_each = _SCENES_A_STEP // len(kinds)
    return [kind[at] for kind in kinds for at in rng.integers(0, len(kind), of_each)]


def explained(network: SpotTransformer, lessons: list[PretrainingLesson]) -> float:
    """Share of what kriging misses of the programmes that the network explains."""
    shares = []
    with torch.no_grad():
        for lesson in lessons:
            missed = lesson.lesson.residual.numpy()[:, 1:]
            left = missed - network(lesson.lesson.scene).numpy()[:, 1:]
            weight = lesson.strength[1:]
            power = [float((part**2).mean(axis=0) @ weight) for part in (left, missed)]
            shares.append(1 - power[0] / max(power[1], 1e-9))
    return float(np.mean(shares))


def _loss(
    network: SpotTransformer, lesson: PretrainingLesson, rng: np.random.Generator
) -> torch.Tensor:
    """Loss on a few channels and queries of a scene, seen in a random mirror."""
    at_once = min(_CHANNELS_A_SCENE, len(lesson.share))
    channels = rng.choice(len(lesson.share), at_once, replace=False, p=lesson.share)
    signs = (rng.integers(0, 2, at_once) * 2 - 1).astype(np.float32)
    n_queries = len(lesson.lesson.residual)
    some = rng.permutation(n_queries)[:_QUERIES_A_SCENE]
    queries = torch.from_numpy(some)
    part = Lesson(
        lesson.lesson.scene.of_queries(queries), lesson.lesson.residual[queries]
    )
    return part.loss(network, torch.from_numpy(channels), torch.from_numpy(signs))
