"""Scenes as lessons for the network, made by several processes."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context

import numpy as np
import torch
from numpy.typing import NDArray

from napari_stentrans.methods.stentrans.pretraining.scenes import KrigedScene
from napari_stentrans.methods.stentrans.tokens import VisibleSpots
from napari_stentrans.methods.stentrans.training import Lesson
from napari_stentrans.section.lattice import FloatArray


@dataclass(frozen=True, eq=False)
class PretrainingLesson:
    """A lesson and how often to draw each of its channels.

    Attributes
    ----------
    lesson
        What the network sees, and what kriging misses of the truth.
    share : ndarray, shape (channel,)
        Probability of each channel: most go to those in which most is to be gained.
    strength : ndarray, shape (channel,)
        Squared change of all log expression with one unit of a channel, sums to one.
    """

    lesson: Lesson
    share: FloatArray
    strength: FloatArray


def make_lessons(
    scene: Callable[[int], KrigedScene],
    seeds: Iterable[int],
    n_neighbours: int,
    n_processes: int,
) -> Iterator[PretrainingLesson]:
    """Make lessons of the scenes of some seeds, without those too poor to teach."""
    make = partial(make_lesson, scene, n_neighbours=n_neighbours)
    if n_processes == 1:
        yield from filter(None, map(make, seeds))
        return
    with ProcessPoolExecutor(n_processes, get_context("spawn")) as pool:
        packed = pool.map(partial(_packed, make), seeds, chunksize=8)
        yield from filter(None, map(pickle.loads, packed))


def _packed(make: Callable[[int], PretrainingLesson | None], seed: int) -> bytes:
    """Pack a lesson: its tensors as they are would each keep a file open."""
    return pickle.dumps(make(seed))


def make_lesson(
    scene: Callable[[int], KrigedScene], seed: int, n_neighbours: int
) -> PretrainingLesson | None:
    """Make a lesson of the scene of a seed; None of one too poor to teach."""
    torch.set_num_threads(1)
    made = scene(seed)
    programmes = made.kriging.programmes
    if programmes.n_channels < 3:
        return None
    spots = VisibleSpots(
        made.kriging.section.pitch_rc,
        programmes.scores,
        made.kriging.decoder.left_out,
        programmes.strength,
        n_neighbours,
    )
    seen, _ = spots.scene(made.query_rc, made.kriged)
    missed: NDArray[np.float32] = (made.truth - made.kriged.mean).astype(np.float32)
    strength = programmes.strength**2
    strength[0] = strength[1:].max()
    strength /= strength.sum()
    power = strength * (missed**2).mean(axis=0)
    share = 0.8 * power / power.sum() + 0.2 / len(power)
    return PretrainingLesson(Lesson(seen, torch.from_numpy(missed)), share, strength)
