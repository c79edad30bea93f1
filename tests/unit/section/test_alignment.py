"""How a picture is moved, written down and read again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_stentrans.errors import InvalidRequestError
from napari_stentrans.io.options import ReadOptions
from napari_stentrans.section.alignment import (
    EXAMPLE,
    Alignment,
    alignment_of,
    alignment_text,
)

FINITE = st.floats(-1e6, 1e6)


@given(
    st.booleans(),
    st.floats(-180, 180, exclude_min=True),
    st.floats(1e-3, 1e3),
    st.tuples(FINITE, FINITE),
)
def test_every_alignment_is_read_as_it_was_written(mirrored, turn, scale, shift_xy):
    alignment = Alignment(mirrored, 0.0, scale, shift_xy).turned(turn)
    assert alignment_of(alignment_text(alignment)) == alignment


def test_a_picture_that_stays_is_no_text():
    assert alignment_text(Alignment()) == ""
    assert alignment_of("").is_none


def test_the_example_is_understood():
    found = alignment_of(EXAMPLE)
    assert found == Alignment(mirrored=True, turn=90, scale=1.1, shift_xy=(120, -40))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("tilted", "says nothing"),
        ("turn=left", "needs a number"),
        ("scale=nan", "needs a number"),
        ("scale=0", "above 0"),
    ],
)
def test_what_means_nothing_is_refused(text, told):
    with pytest.raises(InvalidRequestError, match=told):
        ReadOptions.of(image_alignment=text)
