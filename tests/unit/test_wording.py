"""Amounts as a person would write them."""

from __future__ import annotations

import pytest

from napari_stentrans.wording import counted, how_many, memory_in_words, time_in_words


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
    ("number", "words"), [(0, "0 spots"), (1, "1 spot"), (1200, "1,200 spots")]
)
def test_counted(number, words):
    assert counted(number, "spot") == words


@pytest.mark.parametrize(("number", "words"), [(0, ""), (1, "a run"), (3, "3 runs")])
def test_how_many(number, words):
    assert how_many(number, "a run", "runs") == words
