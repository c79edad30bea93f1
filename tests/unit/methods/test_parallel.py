"""Work on many cores: in order, at once, and out of the way."""

from __future__ import annotations

import os
import sys
import threading
from contextlib import ExitStack, closing

import numpy as np
import pytest
import torch
from threadpoolctl import threadpool_info, threadpool_limits

from napari_stentrans.methods import parallel
from napari_stentrans.methods.kriging.covariance import Kernel, Spectrum
from napari_stentrans.methods.parallel import (
    both,
    map_in_order,
    one_blas_thread,
    seeded_torch,
)


@pytest.fixture
def two_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parallel, "_n_workers", lambda: 2)


@pytest.mark.usefixtures("two_workers")
def test_results_come_in_order_whoever_is_first() -> None:
    second_done = threading.Event()

    def slow_first(piece: int) -> int:
        if piece == 0:
            assert second_done.wait(10)
        if piece == 1:
            second_done.set()
        return piece**2

    assert list(map_in_order(slow_first, range(6))) == [0, 1, 4, 9, 16, 25]


@pytest.mark.usefixtures("two_workers")
def test_both_are_called_at_once() -> None:
    meeting = threading.Barrier(2, timeout=10)  # neither gets past it alone

    def first() -> int:
        meeting.wait()
        return 1

    def second() -> str:
        meeting.wait()
        return "two"

    assert both(first, second) == (1, "two")


def blas_threads() -> set[int]:
    pools = threadpool_info()
    return {pool["num_threads"] for pool in pools if pool["user_api"] == "blas"}


def test_jobs_that_overlap_leave_blas_as_it_was() -> None:
    with threadpool_limits(2, user_api="blas"):
        first, second = one_blas_thread(), one_blas_thread()
        with ExitStack() as outer:
            outer.enter_context(first)
            second.__enter__()
            assert blas_threads() == {1}
        assert blas_threads() == {1}, "the second is not done"
        second.__exit__(None, None, None)

        assert blas_threads() == {2}


@pytest.mark.usefixtures("two_workers")
def test_closing_drops_what_has_not_begun() -> None:
    begun: list[int] = []
    both_at_work, end = threading.Barrier(3, timeout=20), threading.Event()

    def piece(number: int) -> None:
        begun.append(number)
        if number in {1, 2}:
            both_at_work.wait()
            end.wait(20)

    results = map_in_order(piece, range(10_000))
    next(results)
    both_at_work.wait()  # the third of those ahead has no worker yet
    threading.Timer(0.2, end.set).start()
    results.close()
    assert sorted(begun) == [0, 1, 2]


@pytest.mark.usefixtures("two_workers")
def test_what_nobody_takes_does_not_pile_up() -> None:
    begun: list[int] = []
    with closing(map_in_order(begun.append, range(10_000))) as results:
        for n_taken in range(1, 100):
            next(results)
            assert len(begun) < n_taken + 4


@pytest.mark.usefixtures("two_workers")
@pytest.mark.parametrize("most", [1, 3])
def test_of_large_pieces_fewer_are_in_memory(most: int) -> None:
    begun: list[int] = []
    with closing(map_in_order(begun.append, range(100), most)) as results:
        for n_taken in range(1, 50):
            next(results)
            assert len(begun) < n_taken + most


@pytest.mark.usefixtures("two_workers")
def test_once_pools_are_closed_the_rest_is_done_by_the_caller(monkeypatch) -> None:
    """As at the end of Python, where what is being saved is still written."""
    results = map_in_order(lambda piece: 10 // piece, [10, 5, 2, 1, 0])
    found = [next(results)]
    monkeypatch.setattr("concurrent.futures.thread._shutdown", True)
    with pytest.raises(ZeroDivisionError):
        found.extend(results)
    assert found == [1, 2, 5, 10]


@pytest.mark.usefixtures("two_workers")
def test_within_a_piece_there_is_no_second_pool() -> None:
    def threads(_: int) -> set[int]:
        within = map_in_order(lambda _: threading.get_ident(), range(4))
        return set(within) ^ {threading.get_ident()}

    assert list(map_in_order(threads, range(4))) == [set()] * 4
    assert threading.get_ident() in threads(0)  # outside of pieces there is one


@pytest.mark.usefixtures("two_workers")
def test_a_fault_in_a_piece_is_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        list(map_in_order(lambda piece: 1 // piece, [1, 0]))


@pytest.mark.usefixtures("two_workers")
def test_two_spectra_are_decomposed_at_the_same_time() -> None:
    """A lock around the decomposition (`cached_property` has one) would block this."""
    both_there = threading.Barrier(2, timeout=20)

    class Meeting(Kernel):
        def between(self, places: np.ndarray, others: np.ndarray) -> np.ndarray:
            both_there.wait()
            return super().between(places, others)

    spots = np.random.default_rng(0).uniform(0, 5, (12, 2))
    kernels = [Meeting(0.5, 1.0), Meeting(0.5, 4.0)]
    found = list(map_in_order(lambda kernel: Spectrum.of(spots, kernel), kernels))
    assert [spectrum.kernel for spectrum in found] == kernels


def test_workers_use_one_thread_each() -> None:
    assert set(map_in_order(lambda _: torch.get_num_threads(), range(4))) == {1}


@pytest.mark.skipif(sys.platform != "linux", reason="threads have no niceness there")
def test_workers_give_way_and_the_caller_does_not() -> None:
    def niceness(_: int) -> int:
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    own = niceness(0)
    assert set(map_in_order(niceness, range(4))) == {min(own + 5, 19)}
    assert niceness(0) == own


def test_weights_drawn_at_once_are_those_drawn_alone() -> None:
    """All threads have the same generator; whoever draws is waited for."""

    def drawn(seed: int) -> torch.Tensor:
        with seeded_torch(seed):
            return torch.rand(3)

    alone, others = [drawn(1), drawn(2)], []
    with seeded_torch(1):
        other = threading.Thread(target=lambda: others.append(drawn(2)))
        other.start()
        other.join(0.1)
        mine = torch.rand(3)
    other.join()
    assert torch.equal(mine, alone[0])
    assert torch.equal(others[0], alone[1])


def test_the_generator_is_as_it_was() -> None:
    before = torch.random.get_rng_state()
    with seeded_torch(5):
        torch.rand(3)
    assert torch.equal(torch.random.get_rng_state(), before)
