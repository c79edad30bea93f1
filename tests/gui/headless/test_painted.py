"""Painted colour bars and names, as far as they need no window."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from napari.layers import Image, Labels

from napari_stentrans.gui.canvas.painted import (
    PaintedColorBar,
    PaintedName,
    let_be_painted,
    ticks,
)


def test_an_image_gets_both_and_keeps_what_was_set():
    layer = Image(np.zeros((3, 3)))
    layer.colorbar.tick_length = 7
    layer.name_overlay.font_size = 21

    let_be_painted(layer)

    assert isinstance(layer.colorbar, PaintedColorBar)
    assert isinstance(layer.name_overlay, PaintedName)
    assert (layer.colorbar.tick_length, layer.name_overlay.font_size) == (7, 21)


def test_a_layer_without_a_bar_gets_a_name():
    layer = Labels(np.zeros((3, 3), int))

    let_be_painted(layer)

    assert isinstance(layer.name_overlay, PaintedName)
    assert not hasattr(layer, "colorbar")


def test_twice_is_once():
    layer = Image(np.zeros((3, 3)))
    let_be_painted(layer)
    bar = layer.colorbar

    let_be_painted(layer)

    assert layer.colorbar is bar


@pytest.mark.parametrize(
    ("low", "high", "told"),
    [
        (0, 100, [0, 50, 100]),
        (0, 1, [0, 0.5, 1]),
        (0, 7.9, [0, 2, 4, 6]),
        (-2, 2, [-2, -1, 0, 1, 2]),
        (3, 3, [3]),
        (float("nan"), 1, []),
    ],
)
def test_ticks_are_round(low, high, told):
    assert ticks(low, high) == pytest.approx(told)


numbers = st.floats(-1e9, 1e9, allow_nan=False)


@given(numbers, st.floats(1e-6, 1e9))
def test_ticks_lie_within_and_are_few_and_even(low, span):
    high = low + span
    if high - low < 1e-9 * max(abs(low), abs(high)):
        return  # nothing round lies between two such numbers
    told = ticks(low, high)

    slack = 1e-6 * (high - low)
    assert 2 <= len(told) <= 5
    assert all(low - slack <= each <= high + slack for each in told)
    assert np.allclose(np.diff(told, n=2), 0, atol=slack)
    assert told[1] - told[0] <= (high - low) / 2 + slack
