"""Pre-train the network: ``python -m napari_stentrans.methods.stentrans.pretraining``.

The shipped weights were made by an earlier state of this, without options: from
simulated tissue alone. Made again, they are as good (docs/model.md).
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import torch

from napari_stentrans.errors import StEnTransError
from napari_stentrans.methods.stentrans.network import NetworkShape, SpotTransformer
from napari_stentrans.methods.stentrans.pretraining.lessons import (
    PretrainingLesson,
    make_lessons,
)
from napari_stentrans.methods.stentrans.pretraining.measured import measured_scene
from napari_stentrans.methods.stentrans.pretraining.scenes import (
    KrigedScene,
    random_scene,
)
from napari_stentrans.methods.stentrans.pretraining.training import (
    Recipe,
    explained,
    pretrain,
    untrained,
)
from napari_stentrans.methods.stentrans.weights import load_network, save_network

_WATCHED_FROM = 100_000
"""Seeds from here on are scenes that are watched, never trained on."""
_WATCHED_EVERY = 200
Lessons = list[PretrainingLesson]


def main() -> None:
    """Make scenes, train on them, store the weights."""
    chosen = _arguments()
    torch.set_num_threads(1)  # the network is small: more threads only wait
    clock = _Clock()
    network = (
        load_network(chosen.start)
        if chosen.start
        else untrained(NetworkShape(), chosen.seed)
    )
    kinds, watched = _lessons(chosen, network.shape.neighbours)
    clock.say(f"to learn from: {' and '.join(str(len(kind)) for kind in kinds)} scenes")

    def tell(step: int, network: SpotTransformer) -> None:
        if step % _WATCHED_EVERY == 0:
            gains = (f"{name} {explained(network, w):.2%}" for name, w in watched)
            clock.say(f"step {step}: of what kriging misses {', '.join(gains)}")

    tell(0, network)
    recipe = Recipe(chosen.steps, chosen.rate, chosen.seed)
    save_network(pretrain(kinds, recipe, network, tell), chosen.output)
    clock.say(f"wrote {chosen.output}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("output", type=Path, help="weights to write (npz)")
    add("--scenes", type=int, default=3000, help="simulated scenes to learn from")
    sections = "measured sections to learn from, as often as from simulated scenes"
    add("--sections", nargs="+", type=Path, default=[], help=sections)
    add("--parts", type=int, default=80, help="parts of each measured section")
    unseen = "measured sections to watch, of other tissue than those learnt from"
    add("--unseen", nargs="+", type=Path, default=[], help=unseen)
    add("--watched", type=int, default=80, help="scenes of each kind to watch")
    start = "weights to begin with, in place of random ones"
    add("--start", type=Path, help=start)
    add("--steps", type=int, default=Recipe.steps)
    add("--rate", type=float, default=Recipe.learning_rate)
    add("--seed", type=int, default=Recipe.seed)
    add("--processes", type=int, default=os.cpu_count() or 1)
    chosen = parser.parse_args()
    if not (chosen.scenes or (chosen.sections and chosen.parts)):
        parser.error("nothing to learn from: give --scenes or --sections")
    return chosen


def _lessons(
    chosen: argparse.Namespace, neighbours: int
) -> tuple[list[Lessons], list[tuple[str, Lessons]]]:
    """Lessons to learn from, by kind; and those to watch, named."""

    def made(scene: Callable[[int], KrigedScene], first: int, n: int) -> Lessons:
        seeds = range(first, first + n)
        return list(make_lessons(scene, seeds, neighbours, chosen.processes))

    def of(path: Path) -> Callable[[int], KrigedScene]:
        return partial(measured_scene, path=path)

    watched = [  # sections first, as they may not be readable
        (path.name, made(of(path), _WATCHED_FROM, chosen.watched))
        for path in chosen.unseen
    ]
    parts = [made(of(path), 0, chosen.parts) for path in chosen.sections]
    measured = [lesson for lessons in parts for lesson in lessons]
    simulated = made(random_scene, 0, chosen.scenes)
    watched.append(("simulated", made(random_scene, _WATCHED_FROM, chosen.watched)))
    return (
        [kind for kind in (simulated, measured) if kind],
        [(name, lessons) for name, lessons in watched if lessons],
    )


class _Clock:
    """Says things with the seconds since it was made."""

    def __init__(self) -> None:
        self._started = time.monotonic()

    def say(self, text: str) -> None:
        seconds = time.monotonic() - self._started
        print(f"{seconds:6.0f} s  {text}", flush=True)  # noqa: T201


if __name__ == "__main__":
    try:
        main()
    except (StEnTransError, OSError) as error:
        raise SystemExit(str(error)) from None
