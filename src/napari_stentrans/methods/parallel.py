"""Work on many cores without the linear-algebra library fighting itself.

BLAS is held to one thread, and independent pieces run on threads of our own instead.
With its own threads BLAS waits busily: beside any other work (a window being drawn,
another job) a decomposition of 700 spots took ten times as long on two cores. Each
piece alone also gives the same figures whatever the number of cores.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import lru_cache
from typing import TypeVar

from threadpoolctl import ThreadpoolController

T = TypeVar("T")
R = TypeVar("R")


def map_in_order(function: Callable[[T], R], pieces: Iterable[T]) -> Iterator[R]:
    """Apply a function to pieces on all cores but one; results come in order.

    Closing the iterator drops the pieces that have not begun.
    """
    import torch

    with (
        one_blas_thread(),
        ThreadPoolExecutor(
            _n_workers(), initializer=torch.set_num_threads, initargs=(1,)
        ) as pool,
    ):
        yield from pool.map(function, pieces)


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Hold BLAS to one thread."""
    with _libraries(len(sys.modules)).limit(limits=1, user_api="blas"):
        yield


@lru_cache(maxsize=1)
def _libraries(_n_imported: int) -> ThreadpoolController:
    """Find the libraries with threads, again only if something was imported meanwhile.

    The search takes as long as reading a gene.
    """
    return ThreadpoolController()


@contextmanager
def one_torch_thread() -> Iterator[None]:
    """Hold torch to one CPU thread in this thread: same seed, same result."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _n_workers() -> int:
    """All cores but one, which is left to whatever shows the progress."""
    if hasattr(os, "sched_getaffinity"):  # what this process may use, on Linux
        n_cores = len(os.sched_getaffinity(0))
    else:
        n_cores = os.cpu_count() or 1
    return max(1, n_cores - 1)
