"""The widget opened and closed over and over leaves nothing behind in napari."""

from __future__ import annotations

import gc
import weakref

from napari.layers import Layer
from qtpy.QtWidgets import QApplication

from napari_stentrans.gui.canvas import layers as looks
from napari_stentrans.gui.widgets.main_widget import StEnTransWidget

_TIMES = 20


def listeners(viewer):
    """How many listen to the viewer, the layer list, each layer, mouse and keys."""
    layers = list(viewer.layers)
    sources = [viewer, viewer.layers, *layers]
    heard = {
        f"{number} {name}": len(emitter.callbacks)
        for number, source in enumerate(sources)
        for name, emitter in source.events.emitters.items()
    }
    heard["mouse"] = sum(
        len(getattr(each, f"mouse_{what}_callbacks"))
        for each in (viewer, *layers)
        for what in ("move", "drag", "double_click")
    )
    return heard | {"keys": len(viewer.keymap)}


def collect(times):
    for _ in range(times):
        QApplication.sendPostedEvents(None, 52)  # deferred deletes
        QApplication.processEvents()
        gc.collect()


def test_opened_and_closed_twenty_times(make_napari_viewer, section):
    viewer = make_napari_viewer(show=True)
    for data in looks.section_to_layers(section):
        viewer.add_layer(Layer.create(*data))
    before, gone = None, []

    for _ in range(_TIMES):
        widget = StEnTransWidget(viewer)
        dock = viewer.window.add_dock_widget(widget, name="Enhance", area="right")
        widget.controller.genes.add([str(section.genes[0])])
        widget.controller.regions.paint()
        widget.controller.turns.finish()  # a bar listens, once it is made
        QApplication.processEvents()
        gone += [weakref.ref(widget), weakref.ref(widget.controller)]
        viewer.window.remove_dock_widget(dock)
        del widget, dock
        collect(1 if before else 3)
        before = before or listeners(viewer)

    collect(3)
    assert listeners(viewer) == before
    assert not [ref for ref in gone if ref() is not None]
