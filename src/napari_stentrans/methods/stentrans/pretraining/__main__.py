"""``python -m napari_stentrans.methods.stentrans.pretraining OUTPUT.npz``."""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path

import torch

from napari_stentrans.methods.stentrans.network import NetworkShape, SpotTransformer
from napari_stentrans.methods.stentrans.pretraining.lessons import make_lessons
from napari_stentrans.methods.stentrans.pretraining.training import (
    Recipe,
    explained,
    pretrain,
)
from napari_stentrans.methods.stentrans.weights import save_network

_WATCHED_FROM = 100_000
"""Seeds from here on are scenes that are watched, never trained on."""


def main() -> None:
    """Simulate scenes, train on them, store the weights."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("output", type=Path, help="weights to write (npz)")
    parser.add_argument("--scenes", type=int, default=3000)
    parser.add_argument("--watched", type=int, default=80)
    parser.add_argument("--steps", type=int, default=Recipe.steps)
    parser.add_argument("--seed", type=int, default=Recipe.seed)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    chosen = parser.parse_args()

    torch.set_num_threads(1)  # the network is small: more threads only wait
    shape, started = NetworkShape(), time.monotonic()

    def made(seeds: range) -> list:  # type: ignore[type-arg]
        return list(make_lessons(seeds, shape.neighbours, chosen.processes))

    lessons = made(range(chosen.scenes))
    watched = made(range(_WATCHED_FROM, _WATCHED_FROM + chosen.watched))
    _say(f"{len(lessons)} scenes to learn from, {len(watched)} to watch", started)

    def tell(step: int, network: SpotTransformer) -> None:
        if step % 200 == 0:
            gain = explained(network, watched)
            _say(f"step {step}: {gain:.2%} of what kriging misses", started)

    recipe = Recipe(steps=chosen.steps, seed=chosen.seed)
    save_network(pretrain(lessons, recipe, shape, tell), chosen.output)
    _say(f"wrote {chosen.output}", started)


def _say(text: str, started: float) -> None:
    print(f"{time.monotonic() - started:6.0f} s  {text}", flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
