"""Pictures that are moved: what lies where, and how they are redrawn."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_stentrans.section.alignment import Alignment
from napari_stentrans.section.image import TissueImage

MARK = np.array([200, 10, 30], dtype=np.uint8)
ROWS, COLS = 40, 60

alignments = st.builds(
    Alignment,
    st.booleans(),
    st.floats(-179, 180),
    st.floats(0.3, 3),
    st.tuples(st.floats(-50, 50), st.floats(-50, 50)),
)
points = st.tuples(st.floats(-100, 100), st.floats(-100, 100))


def picture(row, col, scale=1.0, alignment=None):
    """White, with a mark of 3 x 3 pixels around (row, col)."""
    data = np.full((ROWS, COLS, 3), 255, dtype=np.uint8)
    data[row - 1 : row + 2, col - 1 : col + 2] = MARK
    return TissueImage(data, scale, "x", alignment or Alignment())


def test_an_unmoved_picture_lies_where_its_scale_puts_it():
    image = picture(10, 20, scale=0.5)
    np.testing.assert_allclose(image.affine @ (10, 20, 1), (20, 40, 1))
    np.testing.assert_allclose(image.pixels_at(np.array([[40.0, 20.0]])), [[10, 20]])


@pytest.mark.parametrize(
    ("moved", "xy"),
    [
        (Alignment().flipped_left_right(), (COLS - 1 - 20, 10)),
        (Alignment().flipped_up_down(), (20, ROWS - 1 - 10)),
        (Alignment().turned(180), (COLS - 1 - 20, ROWS - 1 - 10)),
        # a quarter clockwise about (29.5, 19.5): what is above goes to the right
        (Alignment().turned(90), (29.5 + 9.5, 19.5 - 9.5)),
        (Alignment(shift_xy=(7, -3)), (27, 7)),
        (Alignment(scale=2), (29.5 - 2 * 9.5, 19.5 - 2 * 9.5)),
    ],
)
def test_where_a_mark_lands(moved, xy):
    at_yx = picture(10, 20, alignment=moved).affine @ (10, 20, 1)
    np.testing.assert_allclose(at_yx[1::-1], xy, atol=1e-9)


@given(alignments, points)
def test_flips_and_turns_act_on_what_is_seen(alignment, xy):
    middle = np.zeros(2)
    seen = alignment.matrix(middle)[:2, :2] @ xy

    def after(moved):
        return moved.matrix(middle)[:2, :2] @ xy

    np.testing.assert_allclose(
        after(alignment.flipped_left_right()), seen * (-1, 1), atol=1e-6
    )
    np.testing.assert_allclose(
        after(alignment.flipped_up_down()), seen * (1, -1), atol=1e-6
    )
    np.testing.assert_allclose(
        after(alignment.turned(90)), (-seen[1], seen[0]), atol=1e-6
    )
    for moved in (alignment.turned(123), alignment.flipped_up_down()):
        assert -180 < moved.turn <= 180


@given(alignments)
def test_flips_undo_themselves(alignment):
    for twice in (
        alignment.flipped_left_right().flipped_left_right(),
        alignment.flipped_up_down().flipped_up_down(),
    ):
        assert twice.mirrored == alignment.mirrored
        assert (twice.turn - alignment.turn) % 360 == pytest.approx(0, abs=1e-6) or (
            twice.turn - alignment.turn
        ) % 360 == pytest.approx(360, abs=1e-6)


@given(alignments, points)
def test_pixels_are_found_again(alignment, row_col):
    image = picture(10, 20, 0.4, alignment)
    at_yx = image.affine @ (*row_col, 1)
    found = image.pixels_at(at_yx[None, 1::-1])
    np.testing.assert_allclose(found, [row_col], atol=1e-6)


@pytest.mark.parametrize("scale", [1.0, 0.5])
@pytest.mark.parametrize(
    "moved",
    [
        Alignment().flipped_left_right(),
        Alignment().flipped_up_down().turned(90),
        Alignment(turn=33, scale=1.3, shift_xy=(30, 22)),
    ],
)
def test_redrawn_a_mark_lies_where_it_was_moved_to(moved, scale):
    image = picture(18, 22, scale, moved)
    at_xy = (image.affine @ (18, 22, 1))[1::-1]

    straight = image.straightened(np.array([[0.0, 0.0]]))

    assert straight.alignment.is_none
    assert straight.scale == scale
    col, row = np.rint(at_xy * scale).astype(int)
    assert abs(straight.data[row, col].astype(int) - MARK).max() < 25
    assert (straight.data == 255).all(axis=2).mean() > 0.9


def test_an_unmoved_picture_is_not_redrawn():
    image = picture(10, 20)
    assert image.straightened(np.array([[500.0, 500.0]])) is image


def test_a_redrawn_picture_reaches_to_the_last_spot():
    image = picture(10, 20, 0.5, Alignment(mirrored=True))
    straight = image.straightened(np.array([[70.0, 150.0]]))
    assert straight.data.shape[:2] == (76, 60)  # its own width, and down to the spot
    far_off = picture(10, 20, 1.0, Alignment(shift_xy=(1e6, 1e6)))
    assert max(far_off.straightened(np.zeros((1, 2))).data.shape) <= 2 * COLS
