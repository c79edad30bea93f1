"""The gene browser in a real window: keys, the layers they change, real jobs."""

from __future__ import annotations

import time

import numpy as np
import pytest
from qtpy.QtCore import Qt

from napari_stentrans.gui.canvas.layers import Role
from napari_stentrans.gui.control import gene_library
from napari_stentrans.gui.state.gene_facts import Column
from napari_stentrans.gui.state.session import JobStatus
from napari_stentrans.gui.widgets.main_widget import StEnTransWidget
from napari_stentrans.progress import Progress

SOON = 40_000


@pytest.fixture
def widget(make_napari_viewer, section, fake_method):
    viewer = make_napari_viewer(show=True)
    made = StEnTransWidget(viewer)
    viewer.window.add_dock_widget(made, name="Enhance", area="right")
    made.controller.stage.open(section)
    made.turn_to(made.gene_panel)
    return made


def press(qtbot, at, *keys):
    for key in keys:
        qtbot.keyPress(at, key)


def made(qtbot, widget):
    """Wait until all layers that were asked for are made."""
    qtbot.waitUntil(lambda: widget.controller.turns.are_over, timeout=SOON)


def names(widget):
    tagged = widget.controller.stage.tagged()
    return [
        layer.name for layer, tag in tagged if tag.role in (Role.GENE, Role.ENHANCED)
    ]


@pytest.mark.usefixtures("collecting_as_usual")
def test_from_searching_to_the_slider(qtbot, widget, section):
    """Learn, flip, pin, run, flip again, and slide: with the keyboard."""
    panel, state = widget.gene_panel, widget.session.genes
    qtbot.waitUntil(
        lambda: state.facts.knows(Column.MORAN) and not state.learning, timeout=SOON
    )

    panel.search.setFocus()
    press(qtbot, panel.search, Qt.Key.Key_Down)
    press(qtbot, panel.table, Qt.Key.Key_Down, Qt.Key.Key_Down)
    order = [panel.table.genes.gene(row) for row in range(6)]
    made(qtbot, widget)
    assert names(widget) == [f"{order[2]} measured"]
    press(qtbot, panel.table, Qt.Key.Key_Space, Qt.Key.Key_Down)
    made(qtbot, widget)
    assert state.shown == (order[2], order[3])
    assert state.unpinned == order[3]

    widget.controller.runs.configure(method="fake")
    widget.controller.runs.enhance()
    qtbot.waitUntil(lambda: widget.session.status is JobStatus.IDLE, timeout=SOON)
    made(qtbot, widget)
    n_layers = len(widget.controller.stage.viewer.layers)
    press(qtbot, panel.table, Qt.Key.Key_Down)
    assert len(widget.controller.stage.viewer.layers) == n_layers
    enhanced = widget.controller.stage.find(section, Role.ENHANCED, order[4])
    assert np.nanmax(enhanced.data) == 50
    assert enhanced.visible

    panel.table.select(order[:4])
    panel.buttons.slider.click()
    qtbot.waitUntil(lambda: bool(state.sets), timeout=SOON)
    made(qtbot, widget)
    viewer = widget.controller.stage.viewer
    viewer.dims.set_current_step(0, 2)
    assert order[2] in viewer.canvas.overlays.text.text
    widget.controller.genes.remove(state.sets[0])
    made(qtbot, widget)
    assert viewer.dims.ndim == 2


def test_closing_while_genes_are_learnt_about_ends_it(
    qtbot, make_napari_viewer, section, monkeypatch
):
    def endless(_section):
        while True:
            time.sleep(0.005)
            yield Progress("Moran's I", 1, 2)

    monkeypatch.setattr(gene_library, "moran_steps", endless)
    viewer = make_napari_viewer(show=True)
    widget = StEnTransWidget(viewer)
    viewer.window.add_dock_widget(widget, name="Enhance", area="right")
    widget.controller.stage.open(section)
    widget.turn_to(widget.gene_panel)
    session = widget.session
    qtbot.waitUntil(lambda: "50%" in session.genes.learning, timeout=SOON)
    del widget

    viewer.close()
    # The fixture that watches for leaks fails if the job outlives the window.
