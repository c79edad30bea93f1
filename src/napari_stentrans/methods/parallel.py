"""Work on many cores without the linear-algebra library fighting itself.

BLAS is held to one thread, and independent pieces run on threads of our own instead.
With its own threads BLAS waits busily: beside any other work (a window being drawn,
another job) a decomposition of 700 spots took ten times as long on two cores. Each
piece alone also gives the same figures whatever the number of cores.
"""

from __future__ import annotations

import os
import sys
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import lru_cache
from typing import Any, TypeVar

from threadpoolctl import ThreadpoolController

T = TypeVar("T")
R = TypeVar("R")

_WITH_BLAS = frozenset({"numpy", "scipy.linalg", "torch", "sklearn", "numba"})
"""Modules that bring a linear-algebra library, or a pool of threads for it."""
_CAN_GIVE_WAY = sys.platform == "linux"
"""Elsewhere a thread has no niceness of its own."""
_GIVES_WAY = 5
"""Niceness of a worker: a window that draws gets its core at once."""
_FOR_EACH = 2
"""Pieces for each worker that are begun, or done, and not taken."""
_thread = threading.local()
_drawing = threading.Lock()


def map_in_order(
    function: Callable[[T], R], pieces: Iterable[T], most: int | None = None
) -> Generator[R, None, None]:
    """Apply a function to pieces on all cores; results come in order.

    Within a piece there is no second pool: every core has its work already. Closing
    the generator drops the pieces that have not begun, and waits for the others.

    Parameters
    ----------
    function, pieces
        What to do, and with what.
    most
        Of large pieces, how many may be in memory at a time: begun, or done and not
        taken. However many cores there are, no more than two for each.
    """
    if getattr(_thread, "is_worker", False):
        yield from map(function, pieces)
        return
    n_workers = _n_workers()
    at_a_time = min(most or _FOR_EACH * n_workers, _FOR_EACH * n_workers)
    ahead: deque[Future[R]] = deque()
    with (
        one_blas_thread(),
        ThreadPoolExecutor(n_workers, initializer=_begin_worker) as pool,
    ):
        try:
            for piece in pieces:
                ahead.append(_submitted(pool, function, piece))
                if len(ahead) == at_a_time:
                    yield ahead.popleft().result()
            while ahead:
                yield ahead.popleft().result()
        finally:
            for begun_or_not in ahead:
                begun_or_not.cancel()


def both(first: Callable[[], T], second: Callable[[], R]) -> tuple[T, R]:
    """Call two functions at the same time."""
    functions: tuple[Callable[[], Any], ...] = (first, second)
    of_first, of_second = map_in_order(lambda function: function(), functions)
    return of_first, of_second


def _submitted(
    pool: ThreadPoolExecutor, function: Callable[[T], R], piece: T
) -> Future[R]:
    """Give a piece to the pool, or do it here once Python ends and pools are closed.

    What is being saved then is still written to its end.
    """
    try:
        return pool.submit(function, piece)
    except RuntimeError:
        done: Future[R] = Future()
    try:
        done.set_result(function(piece))
    except Exception as error:  # noqa: BLE001 - whoever asks for the result gets it
        done.set_exception(error)
    return done


@contextmanager
def seeded_torch(seed: int) -> Iterator[None]:
    """Draw from torch's own generator, from a seed on; then it is as it was before.

    All threads have the same generator: whoever draws is waited for.
    """
    import torch

    with _drawing, torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Hold BLAS to one thread, in the whole process."""
    _blas.take()
    try:
        yield
    finally:
        _blas.give_back()


class _Blas:
    """Threads of BLAS: one from the first who asks for that until the last is done.

    The limit is the process's, and jobs overlap: were each to put back what it found,
    the last one would put back another's limit, for good.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()  # within it garbage may be another holder
        self._n_holders = 0
        self._limited: frozenset[str] = frozenset()
        self._limits = ExitStack()

    def take(self) -> None:
        """Limit BLAS, and what was imported since it was limited."""
        with self._lock:
            self._n_holders += 1
            imported = frozenset(_WITH_BLAS.intersection(sys.modules))
            if self._n_holders == 1 or imported != self._limited:
                limit = _libraries(imported).limit(limits=1, user_api="blas")
                self._limits.enter_context(limit)
                self._limited = imported

    def give_back(self) -> None:
        """Put back what the first one found, after the last."""
        with self._lock:
            self._n_holders -= 1
            if self._n_holders == 0:
                self._limits.close()


_blas = _Blas()


@lru_cache(maxsize=1)
def _libraries(_imported: frozenset[str]) -> ThreadpoolController:
    """Find the libraries with threads, again only if another one was imported since.

    The search takes as long as reading a gene, and far longer in a window, whose
    process has hundreds of libraries.
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


def _begin_worker() -> None:
    """Use one core, and give way to whatever shows the progress."""
    _thread.is_worker = True
    if "torch" in sys.modules:  # it takes seconds to import, and few pieces need it
        import torch

        torch.set_num_threads(1)
    if _CAN_GIVE_WAY:
        this_thread = (os.PRIO_PROCESS, threading.get_native_id())
        os.setpriority(*this_thread, os.getpriority(*this_thread) + _GIVES_WAY)


def _n_workers() -> int:
    """As many as cores; one fewer where workers cannot give way to a window."""
    if hasattr(os, "sched_getaffinity"):  # what this process may use, on Linux
        n_cores = len(os.sched_getaffinity(0))
    else:
        n_cores = os.cpu_count() or 1
    return n_cores if _CAN_GIVE_WAY else max(1, n_cores - 1)
