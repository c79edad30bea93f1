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
