"""Amounts as a person would write them."""

from __future__ import annotations

import math

import pytest

from napari_stentrans.wording import (
    counted,
    how_many,
    memory_in_words,
    room_in_words,
    time_in_words,
)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.2, "1 s"), (8.4, "8 s"), (89, "89 s"), (120, "2 min"), (3900, "1 h 5 min")],
)
def test_time(seconds, words):
    assert time_in_words(seconds) == words


@pytest.mark.parametrize(
    ("n_bytes", "words"),
    [(0, "0.1 GB"), (6.2e8, "0.6 GB"), (2.4e10, "24 GB"), (1.2e12, "1,200 GB")],
)
def test_memory(n_bytes, words):
    assert memory_in_words(n_bytes) == words


@pytest.mark.parametrize(
    ("n_bytes", "words"),
    [
        (0, "0 kB"),
        (3e5, "300 kB"),
        (2.81e6, "2.8 MB"),
        (3.2e7, "32 MB"),
        (1.24e9, "1.2 GB"),
        (1.2e12, "1,200 GB"),
    ],
)
def test_room(n_bytes, words):
    assert room_in_words(n_bytes) == words


@pytest.mark.parametrize("free", [0, 99_999, 10**6, 2_800_000, 31_999_999, 10**10])
def test_too_little_room_shows_as_too_little(free):
    needed = room_in_words(free + 1, math.ceil)
    assert needed != room_in_words(free, math.floor)


@pytest.mark.parametrize(
    ("number", "words"), [(0, "0 spots"), (1, "1 spot"), (1200, "1,200 spots")]
)
def test_counted(number, words):
    assert counted(number, "spot") == words


@pytest.mark.parametrize(("number", "words"), [(0, ""), (1, "a run"), (3, "3 runs")])
def test_how_many(number, words):
    assert how_many(number, "a run", "runs") == words
