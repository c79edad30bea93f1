"""The controller on napari's viewer model: no window, no Qt, jobs driven by hand."""

from __future__ import annotations

import pytest
from napari.components import ViewerModel

from napari_stentrans.gui.control.controller import Controller
from napari_stentrans.gui.state.session import EnhanceSession


@pytest.fixture
def viewer():
    return ViewerModel()


@pytest.fixture
def controller(viewer, jobs, fake_method, told):
    """A controller whose runs count to fifty."""
    made = Controller(viewer, EnhanceSession(), start=jobs)
    made.runs.configure(method="fake")
    return made


@pytest.fixture
def opened(controller, section):
    controller.stage.open(section)
    return controller


@pytest.fixture
def run(jobs):
    """Set up a run of a controller and see it to its end."""

    def to_end(controller, **choices):
        controller.runs.configure(**choices)
        controller.runs.enhance()
        jobs.last.finish()

    return to_end


@pytest.fixture
def with_result(viewer, section, jobs, run):
    """A controller with a section, two genes and a result that knows depth."""
    controller = Controller(viewer, EnhanceSession(), jobs)
    controller.stage.open(section)
    controller.genes.add(section.genes[:2])
    run(controller, method="kriging")
    return controller
