"""Layers that are changed together: what is collected, and how often all is drawn."""

from __future__ import annotations

import gc
import sys
import weakref

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image

from napari_stentrans.gui.canvas.changes import (
    drawn_once,
    insert,
    no_collecting,
    remove,
)


class Ring:
    """Something that only a collection finds to be gone."""

    def __init__(self):
        self.me = self


def dropped():
    return weakref.ref(Ring())


@pytest.fixture(autouse=True)
def collecting_by_the_test_alone():
    """Nothing is frozen, and Python collects nothing by itself."""
    had_frozen = gc.get_freeze_count() > 0
    gc.unfreeze()
    gc.disable()
    yield
    gc.enable()
    gc.unfreeze()
    if had_frozen:
        gc.freeze()


@pytest.mark.skipif(sys.platform == "win32", reason="napari has to collect there")
def test_explicit_collections_find_nothing_until_all_is_done():
    ring = dropped()
    with no_collecting():
        gc.collect()
        assert ring() is not None

    gc.collect()
    assert ring() is None


def test_what_others_froze_stays_frozen():
    ring = dropped()
    gc.freeze()

    with no_collecting():
        pass

    gc.collect()
    assert ring() is not None


def test_all_is_thawed_where_a_change_fails():
    with pytest.raises(ZeroDivisionError), no_collecting():
        1 / 0  # noqa: B018

    ring = dropped()
    gc.collect()
    assert ring() is None


def test_layers_that_are_gone_are_passed_over():
    viewer = ViewerModel()
    one, two = (Image(np.zeros((3, 3)), name=name) for name in "ab")
    viewer.layers.extend([one, two])
    viewer.layers.remove(one)

    remove(viewer.layers, [one, two])

    assert len(viewer.layers) == 0


def test_one_batch_may_stand_in_another():
    layers, told = ViewerModel().layers, []
    layers.events.begin_batch.connect(lambda _event: told.append("begin"))
    layers.events.end_batch.connect(lambda _event: told.append("end"))

    with drawn_once(layers):
        layers.append(Image(np.zeros((3, 3))))
        with drawn_once(layers):
            layers.append(Image(np.zeros((3, 3))))

    assert told == ["begin", "end"]
    assert len(layers) == 2


def test_a_layer_that_cannot_be_drawn_is_not_there():
    def refuse(_event):
        raise ValueError("too large for this graphics card")

    def miss(event):
        raise KeyError(event.value)  # as napari's window of what it has not drawn

    viewer = ViewerModel()
    viewer.layers.events.inserted.connect(refuse)
    viewer.layers.events.removed.connect(miss)

    with pytest.raises(ValueError, match="too large"):
        insert(viewer, 0, Image(np.zeros((3, 3))))

    assert len(viewer.layers) == 0


@pytest.mark.parametrize("ndisplay", [2, 3])
@pytest.mark.parametrize("visible", [False, True])
@pytest.mark.parametrize("shape", [(3, 3), (3, 3, 3)])
def test_a_layer_is_as_visible_as_it_came(ndisplay, visible, shape):
    viewer = ViewerModel()
    viewer.dims.ndisplay = ndisplay
    picture = Image(np.zeros(shape), rgb=len(shape) > 2, visible=visible)

    insert(viewer, 0, picture)

    assert picture.visible is visible
