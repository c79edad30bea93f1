"""The demo does what a person would do, and its picture shows all of it."""

from __future__ import annotations

import numpy as np
from napari.components import ViewerModel

from napari_stentrans.config import RunConfig
from napari_stentrans.gui import demo as demonstration
from napari_stentrans.gui.control.controller import Controller
from napari_stentrans.gui.state.session import EnhanceSession
from napari_stentrans.gui.state.view import ViewMode
from napari_stentrans.section.targets import Origin

_QUICK = RunConfig(method="nearest")


def test_demo_paints_a_hole_and_its_picture_shows_all_of_it(tmp_path, monkeypatch):
    take_picture, bars = demonstration._take_picture, {}

    def look(viewer, path):
        for layer in viewer.layers:
            if layer.visible and hasattr(layer, "colorbar"):
                bars[layer.name] = layer.colorbar.visible
        take_picture(viewer, path)

    monkeypatch.setattr(demonstration, "_take_picture", look)
    result = demonstration.run_demo(out=tmp_path, headless=True, config=_QUICK)

    assert np.count_nonzero(result.targets.origin == Origin.PAINTED) > 50
    assert len(bars) == 4, "two genes, measured and enhanced"
    assert all(bars.values()), bars
    assert (tmp_path / "window.png").is_file()


def test_a_person_may_look_otherwise_once_the_demo_is_over(jobs):
    controller = Controller(ViewerModel(), EnhanceSession(), start=jobs)
    demo = demonstration._Demo(controller, controller.session)
    demo.begin(_QUICK)
    jobs.last.finish()
    assert demo.result is not None
    assert controller.session.view.mode is ViewMode.SIDE_BY_SIDE

    controller.view.set_mode(ViewMode.OVERLAY)
    controller.background.say("Saved x")

    assert controller.session.view.mode is ViewMode.OVERLAY
