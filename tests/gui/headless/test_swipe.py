from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from napari.components import ViewerModel
from napari.layers import Image

from napari_stentrans.gui.canvas.layers import Role
from napari_stentrans.gui.canvas.swipe import (
    SwipeHandle,
    divider_fraction,
    divider_x,
    enlarged,
    swipe_layer,
)
from napari_stentrans.section.raster import raster_of
from napari_stentrans.section.sites import PaintSites


def picture_of(section, *, colour=False):
    raster = raster_of(section)
    data = raster.image(np.arange(section.n_spots) + 1.0)
    if colour:
        data = np.dstack([np.nan_to_num(data)] * 3 + [np.isfinite(data) * 255])
        data = data.astype(np.uint8)
    return Image(data, affine=raster.affine, rgb=colour)


@pytest.mark.parametrize("colour", [False, True])
@pytest.mark.parametrize("fraction", [0.0, 0.37, 1.0])
def test_every_point_is_on_exactly_one_side(any_section, fraction, colour):
    source = picture_of(any_section, colour=colour)
    x = divider_x(any_section, fraction)
    raster = raster_of(any_section)

    left, right = (
        swipe_layer(any_section, role, source, x)
        for role in (Role.SWIPE_LEFT, Role.SWIPE_RIGHT)
    )

    affine = left[1]["affine"]
    for row, col in np.argwhere(np.ones(left[0].shape[:2]))[::997]:
        y_at, x_at, _ = affine @ (row, col, 1.0)
        spot = raster.position_at((y_at, x_at))
        seen = [_is_seen(side[0][row, col], colour=colour) for side in (left, right)]
        beyond = bool(x_at >= x)
        assert seen == [spot is not None and not beyond, spot is not None and beyond]


def _is_seen(pixel, *, colour):
    return bool(pixel[3] > 0) if colour else bool(np.isfinite(pixel))


def test_the_source_stays_as_it_is(section):
    source = picture_of(section)
    before = source.data.copy()

    swipe_layer(section, Role.SWIPE_LEFT, source, divider_x(section, 0.5))

    np.testing.assert_array_equal(source.data, before)


@given(times=st.integers(1, 9), row=st.integers(0, 20), col=st.integers(0, 20))
def test_parts_of_an_enlarged_pixel_lie_within_it(times, row, col):
    affine = np.array([[2.0, 0.5, 7.0], [-0.3, 3.0, 1.0], [0.0, 0.0, 1.0]])
    inner = enlarged(affine, times)

    for part in range(times):
        at = inner @ (row * times + part, col * times + part, 1.0)
        back = np.linalg.inv(affine) @ at
        assert (np.rint(back[:2]) == (row, col)).all()


@pytest.mark.parametrize("fraction", [0.0, 0.3, 1.0])
def test_fraction_and_world_x_are_inverse(any_section, fraction):
    x = divider_x(any_section, fraction)

    assert divider_fraction(any_section, x) == pytest.approx(fraction)
    assert divider_fraction(any_section, x + 1e9) == 1


def test_the_divider_reaches_whatever_can_be_predicted(any_section):
    x = PaintSites.of(any_section).pixel_xy[:, 0]

    assert divider_x(any_section, 0.0) < x.min()
    assert divider_x(any_section, 1.0) > x.max()


def drag(viewer, *x):
    """Drag the mouse over world x; whether each event was taken."""
    event = SimpleNamespace(type="mouse_press", position=(0.0, x[0]), handled=False)
    steps = [callback(viewer, event) for callback in viewer.mouse_drag_callbacks[-1:]]
    taken = []
    for number, at in enumerate(x):
        event.type = "mouse_press" if number == 0 else "mouse_move"
        event.position, event.handled = (0.0, at), False
        next(steps[0], None)
        taken.append(event.handled)
    return taken


def test_the_mouse_drags_the_divider_only_from_where_it_is():
    viewer, asked = ViewerModel(), []
    handle = SwipeHandle(viewer, lambda: 100.0, asked.append)
    handle.enable(on=True)
    reach = 10 / viewer.scene.camera.zoom

    assert drag(viewer, 100 + 5 * reach, 130.0) == [False, False]
    assert asked == []
    assert drag(viewer, 100 + 0.5 * reach, 130.0, 140.0) == [True, True, True]
    assert asked == [130.0, 140.0]


def test_the_handle_lets_go_of_the_mouse():
    viewer = ViewerModel()
    before = list(viewer.mouse_drag_callbacks)
    handle = SwipeHandle(viewer, lambda: 0.0, lambda _: None)

    handle.enable(on=True)
    handle.enable(on=True)
    handle.close()

    assert viewer.mouse_drag_callbacks == before
