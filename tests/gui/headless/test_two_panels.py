"""Two panels in one viewer: what one takes from napari, it gives back to the other."""

from __future__ import annotations

import pytest
from napari.utils.key_bindings import coerce_keybinding

from napari_stentrans.gui.canvas.layers import Role
from napari_stentrans.gui.canvas.scale_bar import MicrometreBar
from napari_stentrans.gui.control.controller import Controller
from napari_stentrans.gui.control.region_board import UNDO
from napari_stentrans.gui.control.view import FLIP_KEY, NEXT_KEY
from napari_stentrans.gui.state.session import EnhanceSession
from napari_stentrans.gui.state.view import ViewMode

ORDERS = pytest.mark.parametrize("order", [(0, 1), (1, 0)], ids=["first", "second"])
"""Which of two panels is closed first, and which then."""


@pytest.fixture
def panels(viewer, section, jobs, run):
    """Two panels with a result each of the same section."""
    first = Controller(viewer, EnhanceSession(), start=jobs)
    first.stage.open(section)
    first.genes.add(section.genes[:1])
    run(first, method="nearest")
    second = Controller(viewer, EnhanceSession(), start=jobs)
    return first, second


def press(viewer, key):
    bound = {str(name): act for name, act in viewer.keymap.items()}
    bound[key](viewer)


@ORDERS
def test_the_keys_are_of_the_panel_that_is_left(panels, viewer, order):
    viewer.bind_key("W", act := lambda _viewer: None, overwrite=True)
    closed, left = (panels[number] for number in order)
    closed.close()
    mode = left.session.view.mode

    press(viewer, NEXT_KEY)

    assert left.session.view.mode is mode.following
    left.close()
    assert list(viewer.keymap.values()) == [act]


@ORDERS
def test_keys_of_the_user_are_there_again_after_both(viewer, jobs, order):
    viewer.bind_key(NEXT_KEY, act := lambda _viewer: None)
    panels = [Controller(viewer, EnhanceSession(), start=jobs) for _ in range(2)]

    for number in order:
        panels[number].close()

    assert list(viewer.keymap.values()) == [act]


def test_a_key_that_the_user_took_since_stays_the_users(opened, viewer):
    viewer.bind_key(FLIP_KEY, act := lambda _viewer: None, overwrite=True)

    opened.close()

    assert list(viewer.keymap.values()) == [act]


@ORDERS
def test_the_scale_bar_is_of_the_panel_that_is_left(viewer, section, jobs, order):
    overlays = viewer.canvas.overlays
    before = overlays.scale_bar
    panels = [Controller(viewer, EnhanceSession(), start=jobs) for _ in range(2)]
    panels[0].stage.open(section)
    closed, left = (panels[number] for number in order)

    closed.close()

    assert isinstance(overlays.scale_bar, MicrometreBar)
    assert overlays.scale_bar.visible
    assert left.session.view.scale_bar
    left.scale.show(shown=False)
    assert not overlays.scale_bar.visible
    left.scale.show(shown=True)
    assert overlays.scale_bar.visible
    left.close()
    assert overlays.scale_bar is before
    assert not before.visible


def test_both_panels_know_whether_the_bar_is_shown(viewer, section, jobs):
    panels = [Controller(viewer, EnhanceSession(), start=jobs) for _ in range(2)]
    panels[0].stage.open(section)

    panels[0].scale.show(shown=False)

    assert not panels[1].session.view.scale_bar


def test_modes_are_those_of_the_latest_panel(panels, viewer):
    press(viewer, NEXT_KEY)

    modes = [panel.session.view.mode for panel in panels]
    assert modes == [ViewMode.OVERLAY, ViewMode.OVERLAY.following]


@ORDERS
def test_what_is_painted_is_undone_by_the_panel_that_is_left(
    viewer, section, jobs, order
):
    panels = [Controller(viewer, EnhanceSession(), start=jobs) for _ in range(2)]
    panels[0].stage.open(section)
    closed, left = (panels[number] for number in order)
    left.regions.add()
    canvas = left.stage.canvas(section)

    closed.close()
    canvas.keymap[coerce_keybinding(UNDO)](canvas)

    assert left.session.regions.rows == ()
    left.close()
    assert not canvas.keymap


@ORDERS
def test_colour_bars_stay_for_the_panel_that_is_left(panels, order):
    closed, left = (panels[number] for number in order)
    shown = next(
        layer for layer, tag in left.stage.tagged() if tag.role is Role.ENHANCED
    )
    assert shown.colorbar.visible

    closed.close()
    assert shown.colorbar.visible

    left.close()
    assert not shown.colorbar.visible
