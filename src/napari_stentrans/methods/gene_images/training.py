"""Training on one lesson, as published: batches of genes, squared error, Adam."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from napari_stentrans.config import GeneImageConfig
from napari_stentrans.methods.gene_images.lesson import Lesson
from napari_stentrans.methods.gene_images.network import (
    ImageNetwork,
    image_portions,
    interleave,
)
from napari_stentrans.methods.parallel import one_torch_thread
from napari_stentrans.progress import Progress, Steps

_HIDDEN_SHARE = 0.3
"""Share of the input sites that a network with a mask is not shown in training."""


@dataclass(frozen=True, eq=False)
class Trained:
    """A trained network and how its training went.

    Attributes
    ----------
    losses
        Training loss of every epoch.
    stopped_early
        Whether a person stopped the training.
    """

    network: ImageNetwork
    losses: list[float]
    stopped_early: bool


def training_steps(
    network: ImageNetwork,
    optimiser: torch.optim.Optimizer,
    lesson: Lesson,
    config: GeneImageConfig,
    seed: int,
) -> Steps[Trained]:
    """Train; a true value sent in ends the training and keeps what was learnt."""
    rng = np.random.default_rng(seed)
    n_batches = -(-len(lesson.genes) // config.batch)
    n_steps = config.epochs * n_batches
    losses: list[float] = []
    network.train()
    for epoch in range(config.epochs):
        shuffled = rng.permutation(lesson.genes)
        loss = 0.0
        for number in range(n_batches):
            genes = shuffled[number * config.batch : (number + 1) * config.batch]
            optimiser.zero_grad()
            with one_torch_thread():
                of_batch = _accumulate(network, lesson, genes, rng)
                optimiser.step()
            loss += of_batch * len(genes) / len(shuffled)
            step = epoch * n_batches + number + 1
            if (yield Progress("Training", step, n_steps, loss=of_batch)):
                return Trained(network.eval(), losses, stopped_early=True)
        losses.append(loss)
    return Trained(network.eval(), losses, stopped_early=False)


def _accumulate(
    network: ImageNetwork,
    lesson: Lesson,
    genes: np.ndarray[tuple[int], np.dtype[np.int64]],
    rng: np.random.Generator,
) -> float:
    """Add the gradients of a batch, some genes at a time, and return its loss.

    The error counts on the targets alone, its mean is over the whole picture.
    """
    device = next(network.parameters()).device
    fine = torch.from_numpy(lesson.fine(genes))
    wanted = torch.from_numpy(lesson.target).to(device)
    measured = torch.from_numpy(lesson.measured)
    total = 0.0
    for part in image_portions(len(genes), lesson.measured.shape):
        target = fine[part].to(device)
        seen = measured.expand(len(target), -1, -1)
        if network.mask:
            shown = rng.random(seen.shape) >= _HIDDEN_SHARE
            seen = seen & torch.from_numpy(shown)
        seen = seen.to(device)
        images = target[:, ::2, ::2] * seen
        loss = _loss(network, images, seen, target, wanted) / fine.numel()
        loss.backward()  # type: ignore[no-untyped-call]
        total += float(loss.detach())
    return total


def _loss(
    network: ImageNetwork,
    images: Tensor,
    seen: Tensor,
    target: Tensor,
    wanted: Tensor,
) -> Tensor:
    """Sum of the squared error on the wanted pixels."""
    error = (interleave(network(network.channels(images, seen))) - target) * wanted
    return (error**2).sum()
